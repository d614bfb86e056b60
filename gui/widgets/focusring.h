#pragma once

#include <QPainter>
#include <QPainterPath>
#include <QWidget>

namespace argali::gui {

/// Draws the ring that shows where the keyboard is; only when it came there by keyboard or by code,
/// as browsers do. Call it last in a paint event.
inline void paintFocusRing(QPainter& painter, const QWidget& widget, const QRectF& rect,
                           qreal radius)
{
    if (!widget.hasFocus() || !widget.property("focusByKeyboard").toBool())
        return;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    QColor colour = widget.palette().color(QPalette::Highlight);
    painter.setPen(QPen(colour, 2));
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius, radius);
}

/// Remembers how the focus came; call it from focusInEvent().
inline void noteFocusReason(QWidget& widget, Qt::FocusReason reason)
{
    const bool keyboard = reason != Qt::MouseFocusReason && reason != Qt::PopupFocusReason &&
                          reason != Qt::ActiveWindowFocusReason;
    if (reason != Qt::ActiveWindowFocusReason && reason != Qt::PopupFocusReason)
        widget.setProperty("focusByKeyboard", keyboard);
    widget.update();
}

} // namespace argali::gui
