#pragma once

#include <QList>
#include <QPointF>
#include <QRectF>
#include <QWidget>

#include "gui/chat/attachment.h"

class QPainter;

namespace argali::gui {

/// Places in a picture that an answer names: boxes and points, in parts of its width and height
/// from the top left. Source: the grounding output of Ovis2.5, spec 8.9: (x1,y1),(x2,y2) and (x,y)
/// in [0, 1)
struct PictureRegions {
    QList<QRectF> boxes;
    QList<QPointF> points;

    /// kind: "box", four numbers each, or "point", two. What lies outside of the picture is held to
    /// it; what is no number, or not whole, is left out.
    static PictureRegions of(const QString& kind, const QList<double>& numbers);
    bool isEmpty() const { return boxes.isEmpty() && points.isEmpty(); }
};

/// Draws them over a picture that fills a rectangle.
void paintRegions(QPainter& painter, const QRectF& picture, const PictureRegions& regions,
                  const QColor& colour);

/// The picture of a question with the places in it that an answer names, in a corner over the chat
/// while they are pointed at.
class RegionCard final : public QWidget {
    Q_OBJECT
public:
    explicit RegionCard(QWidget* parent);
    void showRegions(const MediaFile& picture, const PictureRegions& regions);
    const PictureRegions& regions() const { return m_regions; }
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QImage m_picture;
    PictureRegions m_regions;
};

} // namespace argali::gui
