#include "gui/widgets/button.h"

#include <QEvent>
#include <QFocusEvent>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>
#include <QStyle>

#include "gui/theme.h"
#include "gui/widgets/focusring.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {
constexpr int gap = 7;

/// Room for a text; advances are fractions, and a text that is short of one is elided.
int widthOf(const QFont& font, const QString& text)
{
    return text.isEmpty() ? 0 : qCeil(QFontMetricsF(font).horizontalAdvance(text)) + 1;
}

} // namespace

Button::Button(Kind kind, const QString& iconName, const QString& text, QWidget* parent)
    : QAbstractButton(parent), m_kind(kind), m_iconName(iconName)
{
    setText(text);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
}

void Button::setIconName(const QString& name)
{
    m_iconName = name;
    updateGeometry();
    update();
}

void Button::setDetail(const QString& detail)
{
    m_detail = detail;
    updateGeometry();
    update();
}

void Button::setKeyHint(const QString& keys)
{
    m_keyHint = keys;
    updateGeometry();
    update();
}

void Button::setShowsMenu(bool shows)
{
    m_showsMenu = shows;
    updateGeometry();
}

void Button::setFillsRow(bool fills)
{
    m_fillsRow = fills;
    setSizePolicy(fills ? QSizePolicy::Expanding : QSizePolicy::Maximum, QSizePolicy::Fixed);
}

int Button::iconSize() const
{
    // 16 px beside the 13 px of ordinary text, and in proportion beside larger text.
    return std::max(16, qRound(fontMetrics().height() * 0.95));
}

int Button::padding() const
{
    return text().isEmpty() && m_detail.isEmpty() ? 8 : 11;
}

QFont Button::detailFont() const
{
    return scaledFont(font(), 0.92);
}

QSize Button::sizeHint() const
{
    const QFontMetrics metrics(font());
    int width = 2 * padding();
    if (!m_iconName.isEmpty())
        width += iconSize() + (text().isEmpty() ? 0 : gap);
    if (!text().isEmpty())
        width += widthOf(font(), text());
    if (!m_detail.isEmpty())
        width += gap + widthOf(detailFont(), m_detail);
    if (!m_keyHint.isEmpty())
        width += gap + widthOf(scaledFont(font(), 0.85), m_keyHint) + 10;
    if (m_showsMenu)
        width += gap + chevronSize;
    const int height = metrics.height() + (m_kind == Kind::Chip ? 10 : 14);
    return {std::max(width, height), height};
}

QSize Button::minimumSizeHint() const
{
    const QSize hint = sizeHint();
    return {std::min(hint.width(), 3 * hint.height()), hint.height()};
}

void Button::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QPalette colours = palette();
    const auto group = isEnabled() ? QPalette::Active : QPalette::Disabled;
    const auto colour = [&](QPalette::ColorRole role) { return colours.color(group, role); };
    const bool hot = isEnabled() && underMouse();
    const bool on = isCheckable() && isChecked();
    const qreal radius = m_kind == Kind::Chip ? height() / 2.0 : m_kind == Kind::Primary ? 9 : 7;
    const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);

    QColor ink =
        colour(m_kind == Kind::Outlined ? QPalette::ButtonText : QPalette::PlaceholderText);
    painter.setPen(Qt::NoPen);
    if (m_kind == Kind::Primary) {
        ink = colour(QPalette::HighlightedText);
        QColor ground = colour(QPalette::Highlight);
        if (isDown() || hot)
            ground = isDown() ? ground.darker(115) : ground.darker(107);
        painter.setBrush(ground);
    } else if (on) {
        ink = colour(QPalette::Link);
        painter.setBrush(colour(QPalette::Midlight));
    } else if (m_kind == Kind::Ghost) {
        painter.setBrush(hot || isDown() ? colour(QPalette::Midlight) : Qt::transparent);
        if (hot)
            ink = colour(QPalette::Link);
    } else {
        painter.setPen(QPen(hot ? colour(QPalette::PlaceholderText) : colour(QPalette::Mid), 1));
        painter.setBrush(isDown() ? colour(QPalette::AlternateBase) : colour(QPalette::Button));
    }
    painter.drawRoundedRect(frame, radius, radius);

    // Laid out from the start, mirrored as a whole for right-to-left languages.
    const auto place = [this](const QRect& logical) {
        return QStyle::visualRect(layoutDirection(), rect(), logical);
    };
    int x = padding();
    int end = width() - padding();
    if (m_showsMenu) {
        const QRect r =
            place(QRect(end - chevronSize, (height() - chevronSize) / 2, chevronSize, chevronSize));
        painter.drawPixmap(r.topLeft(), iconPixmap(QStringLiteral("chevron-down"), chevronSize, ink,
                                                   devicePixelRatioF()));
        end -= chevronSize + gap;
    }
    if (!m_keyHint.isEmpty()) {
        const QFont small = scaledFont(font(), 0.85);
        const QFontMetrics metrics(small);
        const int w = widthOf(small, m_keyHint) + 10;
        const QRect r =
            place(QRect(end - w, (height() - metrics.height() - 2) / 2, w, metrics.height() + 2));
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(colour(QPalette::Mid), 1));
        painter.drawRoundedRect(QRectF(r).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
        painter.setPen(colour(QPalette::PlaceholderText));
        painter.setFont(small);
        painter.drawText(r, Qt::AlignCenter, m_keyHint);
        end -= w + gap;
    }
    const QFontMetrics metrics(font());
    const bool hasIcon = !m_iconName.isEmpty();
    const int detailWidth = m_detail.isEmpty() ? 0 : gap + widthOf(detailFont(), m_detail);
    const int textWidth =
        std::min(widthOf(font(), text()), std::max(0, end - x - (hasIcon ? iconSize() + gap : 0)));
    if (!m_fillsRow) {
        int content =
            textWidth + (hasIcon ? iconSize() + (text().isEmpty() ? 0 : gap) : 0) + detailWidth;
        x = std::max(x, x + (end - x - content) / 2);
    }
    if (hasIcon) {
        const QRect r = place(QRect(x, (height() - iconSize()) / 2, iconSize(), iconSize()));
        painter.drawPixmap(r.topLeft(),
                           iconPixmap(m_iconName, iconSize(), ink, devicePixelRatioF()));
        x += iconSize() + gap;
    }
    painter.setFont(font());
    painter.setPen(ink);
    const QRect captionRect = place(QRect(x, 0, textWidth, height()));
    painter.drawText(captionRect, Qt::AlignVCenter | Qt::AlignLeading | Qt::TextSingleLine,
                     metrics.elidedText(text(), Qt::ElideRight, textWidth));
    if (!m_detail.isEmpty()) {
        x += textWidth + gap;
        const int room = std::max(0, end - x);
        painter.setFont(detailFont());
        painter.setPen(colour(QPalette::PlaceholderText));
        painter.drawText(place(QRect(x, 0, room, height())), Qt::AlignVCenter | Qt::AlignLeading,
                         QFontMetrics(detailFont()).elidedText(m_detail, Qt::ElideRight, room));
    }
    paintFocusRing(painter, *this, QRectF(rect()), radius);
}

void Button::focusInEvent(QFocusEvent* event)
{
    noteFocusReason(*this, event->reason());
    QAbstractButton::focusInEvent(event);
}

void Button::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

bool Button::event(QEvent* event)
{
    if (event->type() == QEvent::FontChange || event->type() == QEvent::LayoutDirectionChange)
        updateGeometry();
    return QAbstractButton::event(event);
}

} // namespace argali::gui
