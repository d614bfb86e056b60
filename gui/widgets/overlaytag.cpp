#include "gui/widgets/overlaytag.h"

#include <QFocusEvent>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>
#include <QStyle>

#include "gui/widgets/focusring.h"

namespace argali::gui {
namespace {
const QColor ground(0, 0, 0, 0xaa);
}

void paintCovering(QPainter& painter, const QRect& rect, const QImage& picture)
{
    if (picture.isNull() || rect.isEmpty())
        return;
    const QSizeF covering =
        QSizeF(picture.size()).scaled(rect.size(), Qt::KeepAspectRatioByExpanding);
    QRectF target(QPointF(0, 0), covering);
    target.moveCenter(QRectF(rect).center());
    painter.save();
    painter.setClipRect(rect, Qt::IntersectClip);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(target, picture);
    painter.restore();
}

void paintWhole(QPainter& painter, const QRect& rect, const QImage& picture)
{
    if (picture.isNull() || rect.isEmpty())
        return;
    painter.fillRect(rect, picture.pixelColor(0, 0));
    QRectF target(QPointF(0, 0), QSizeF(picture.size()).scaled(rect.size(), Qt::KeepAspectRatio));
    target.moveCenter(QRectF(rect).center());
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.drawImage(target, picture);
}

void paintTag(QPainter& painter, const QRect& rect, const QString& text,
              Qt::LayoutDirection direction)
{
    const QFontMetrics metrics(painter.font());
    const QString shown = metrics.elidedText(text, Qt::ElideRight, rect.width() - 8);
    const QSize size(metrics.horizontalAdvance(shown) + 8, metrics.height());
    const QRect tag = QStyle::visualRect(
        direction, rect, QRect(QPoint(rect.left(), rect.bottom() + 1 - size.height()), size));
    painter.setPen(Qt::NoPen);
    painter.setBrush(ground);
    painter.drawRoundedRect(tag, 4, 4);
    painter.setPen(Qt::white);
    painter.drawText(tag, Qt::AlignCenter, shown);
}

RemoveButton::RemoveButton(QWidget* parent) : QAbstractButton(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::ArrowCursor);
    const int side = std::max(16, fontMetrics().height());
    setFixedSize(side, side);
}

void RemoveButton::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(QColor(255, 255, 255, 0x66), 1)); // seen on dark pictures, too
    painter.setBrush(underMouse() || isDown() ? QColor(0, 0, 0, 0xdd) : ground);
    painter.drawEllipse(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    painter.setPen(QPen(Qt::white, 1.5, Qt::SolidLine, Qt::RoundCap));
    const qreal a = width() * 0.33;
    const qreal b = width() - a;
    painter.drawLine(QPointF(a, a), QPointF(b, b));
    painter.drawLine(QPointF(a, b), QPointF(b, a));
    paintFocusRing(painter, *this, QRectF(rect()), width() / 2.0);
}

void RemoveButton::focusInEvent(QFocusEvent* event)
{
    noteFocusReason(*this, event->reason());
    QAbstractButton::focusInEvent(event);
}

void RemoveButton::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Delete:
    case Qt::Key_Backspace:
    case Qt::Key_Return:
    case Qt::Key_Enter:
        click();
        break;
    default:
        QAbstractButton::keyPressEvent(event);
    }
}

} // namespace argali::gui
