#include "gui/widgets/combobox.h"

#include <algorithm>

#include <QFocusEvent>
#include <QPainter>
#include <QStyle>
#include <QWheelEvent>

#include "gui/widgets/focusring.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {

constexpr int padding = 11;
constexpr int chevronGap = 7;
constexpr qreal radius = 7;

} // namespace

ComboBox::ComboBox(QWidget* parent) : QComboBox(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
}

QSize ComboBox::sizeHint() const
{
    int widest = 0;
    for (int i = 0; i < count(); ++i)
        widest = std::max(widest, fontMetrics().horizontalAdvance(itemText(i)));
    return {widest + 2 * padding + chevronGap + chevronSize, fontMetrics().height() + 14};
}

void ComboBox::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const auto group = isEnabled() ? QPalette::Active : QPalette::Disabled;
    const auto colour = [&](QPalette::ColorRole role) { return palette().color(group, role); };
    const bool hot = isEnabled() && underMouse();
    painter.setPen(QPen(colour(hot ? QPalette::PlaceholderText : QPalette::Mid), 1));
    painter.setBrush(colour(QPalette::Button));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);

    const auto place = [this](const QRect& logical) {
        return QStyle::visualRect(layoutDirection(), rect(), logical);
    };
    const int end = width() - padding - chevronSize;
    const QColor ink = colour(QPalette::ButtonText);
    painter.drawPixmap(
        place(QRect(end, (height() - chevronSize) / 2, chevronSize, chevronSize)).topLeft(),
        iconPixmap(QStringLiteral("chevron-down"), chevronSize, ink, devicePixelRatioF()));
    const QRect words(padding, 0, std::max(0, end - chevronGap - padding), height());
    painter.setPen(ink);
    painter.drawText(place(words), Qt::AlignVCenter | Qt::AlignLeading | Qt::TextSingleLine,
                     fontMetrics().elidedText(currentText(), Qt::ElideRight, words.width()));
    paintFocusRing(painter, *this, QRectF(rect()), radius);
}

void ComboBox::focusInEvent(QFocusEvent* event)
{
    noteFocusReason(*this, event->reason());
    QComboBox::focusInEvent(event);
}

void ComboBox::wheelEvent(QWheelEvent* event)
{
    event->ignore();
}

} // namespace argali::gui
