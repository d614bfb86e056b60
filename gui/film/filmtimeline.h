#pragma once

#include <QWidget>

#include "gui/film/keyframeset.h"

namespace argali::gui {

/// The length of a film with its chosen frames as marks, and two handles for the range they are
/// taken from.
class FilmTimeline final : public QWidget {
    Q_OBJECT
public:
    class Handle;

    explicit FilmTimeline(QWidget* parent = nullptr);
    void setFrames(const KeyFrameSet& frames, int current);
    QWidget* startHandle() const;
    QWidget* endHandle() const;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void dragBegan(); ///< rangeMoved() are steps of one change, until dragEnded()
    void rangeMoved(qint64 first, qint64 last);
    void dragEnded();
    void pressedAt(double seconds);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    QRectF groove() const;
    qreal xOf(qint64 index) const;
    qint64 indexOf(qreal x) const;
    void moveHandle(const Handle& handle, qint64 index);
    void place();

    KeyFrameSet m_frames;
    int m_current = 0;
    Handle* const m_start;
    Handle* const m_end;
};

} // namespace argali::gui
