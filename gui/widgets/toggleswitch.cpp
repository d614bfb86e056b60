#include "gui/widgets/toggleswitch.h"

#include <QFocusEvent>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>
#include <QStyle>

#include "gui/widgets/focusring.h"
#include "gui/widgets/icon.h"

namespace argali::gui {

ToggleSwitch::ToggleSwitch(const QString& caption, QWidget* parent) : QAbstractButton(parent)
{
    setText(caption);
    setCheckable(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ToggleSwitch::setIconName(const QString& name)
{
    m_iconName = name;
    updateGeometry();
}

QSize ToggleSwitch::trackSize() const
{
    const int height = std::max(17, fontMetrics().height());
    return {qRound(height * 1.77), height};
}

QSize ToggleSwitch::sizeHint() const
{
    const QSize track = trackSize();
    const int icon = m_iconName.isEmpty() ? 0 : track.height() + 7;
    return {icon + fontMetrics().horizontalAdvance(text()) + 18 + track.width() + 4,
            track.height() + 6};
}

void ToggleSwitch::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const auto group = isEnabled() ? QPalette::Active : QPalette::Disabled;
    const auto colour = [&](QPalette::ColorRole role) { return palette().color(group, role); };
    const auto place = [this](const QRect& logical) {
        return QStyle::visualRect(layoutDirection(), rect(), logical);
    };
    int x = 0;
    if (!m_iconName.isEmpty()) {
        const int side = std::max(16, qRound(fontMetrics().height() * 0.95));
        painter.drawPixmap(
            place(QRect(x, (height() - side) / 2, side, side)).topLeft(),
            iconPixmap(m_iconName, side, colour(QPalette::WindowText), devicePixelRatioF()));
        x += side + 7;
    }
    const QSize size = trackSize();
    const QRect track = place(QRect(width() - size.width() - 2, (height() - size.height()) / 2,
                                    size.width(), size.height()));
    painter.setPen(colour(QPalette::WindowText));
    const int room = width() - size.width() - 10 - x;
    painter.drawText(place(QRect(x, 0, room, height())), Qt::AlignVCenter | Qt::AlignLeading,
                     fontMetrics().elidedText(text(), Qt::ElideRight, room));

    const qreal radius = track.height() / 2.0;
    // Off is a ring and on is filled, so that the state does not hang on colour alone.
    QColor ground = isChecked() ? colour(QPalette::Highlight) : colour(QPalette::Mid);
    painter.setPen(isChecked() ? QPen(Qt::NoPen) : QPen(colour(QPalette::PlaceholderText), 1));
    painter.setBrush(ground);
    painter.drawRoundedRect(QRectF(track).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    const qreal knob = track.height() - 4;
    const bool atEnd = isChecked() != isRightToLeft();
    const qreal left = atEnd ? track.right() + 1 - knob - 2 : track.left() + 2;
    painter.setPen(Qt::NoPen);
    painter.setBrush(isChecked() ? colour(QPalette::HighlightedText) : QColor(Qt::white));
    painter.drawEllipse(QRectF(left, track.top() + 2, knob, knob));
    paintFocusRing(painter, *this, QRectF(track).adjusted(-2, -2, 2, 2), radius + 2);
}

void ToggleSwitch::focusInEvent(QFocusEvent* event)
{
    noteFocusReason(*this, event->reason());
    QAbstractButton::focusInEvent(event);
}

void ToggleSwitch::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

} // namespace argali::gui
