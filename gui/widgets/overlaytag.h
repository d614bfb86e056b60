#pragma once

#include <QAbstractButton>

class QPainter;

namespace argali::gui {

/// Draws a picture so that it covers a rectangle, cut evenly at two sides.
void paintCovering(QPainter& painter, const QRect& rect, const QImage& picture);

/// Draws a whole picture into a rectangle, with the colour of its corner around it.
void paintWhole(QPainter& painter, const QRect& rect, const QImage& picture);

/// Draws a short text on a dark ground in the lower corner at the start of a rectangle, readable on
/// any picture.
void paintTag(QPainter& painter, const QRect& rect, const QString& text,
              Qt::LayoutDirection direction);

/// A small round button with a cross, readable on any picture. Also answers to Delete.
class RemoveButton final : public QAbstractButton {
    Q_OBJECT
public:
    explicit RemoveButton(QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
};

} // namespace argali::gui
