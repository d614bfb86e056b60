#include "gui/chat/dropzone.h"

#include <algorithm>

#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFocusEvent>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QMimeData>
#include <QPainter>
#include <QStyle>

#include "gui/chat/attachable.h"
#include "gui/theme.h"
#include "gui/widgets/focusring.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {
constexpr int padding = 18;
constexpr int iconSide = 22;
} // namespace

DropZone::DropZone(const QString& iconName, const QString& caption, const QString& hint,
                   QWidget* parent)
    : QAbstractButton(parent), m_iconName(iconName), m_hint(hint)
{
    setText(caption);
    setAccessibleDescription(hint);
    setAcceptDrops(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void DropZone::setHot(bool hot)
{
    m_hot = hot;
    update();
}

QSize DropZone::sizeHint() const
{
    const int lines =
        fontMetrics().lineSpacing() + 2 * QFontMetrics(scaledFont(font(), 0.96)).lineSpacing();
    return {300, lines + 2 * padding};
}

void DropZone::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool hot = m_hot || underMouse();
    QPen pen(m_hot ? palette().color(QPalette::Highlight)
             : hot ? palette().color(QPalette::PlaceholderText)
                   : palette().color(QPalette::Mid),
             1.5);
    pen.setDashPattern({3, 2.5});
    painter.setPen(pen);
    painter.setBrush(m_hot ? palette().color(QPalette::Midlight) : QColor(Qt::transparent));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 12, 12);

    const auto place = [this](const QRect& r) {
        return QStyle::visualRect(layoutDirection(), rect(), r);
    };
    painter.drawPixmap(
        place(QRect(padding, (height() - iconSide) / 2, iconSide, iconSide)).topLeft(),
        iconPixmap(m_iconName, iconSide, palette().color(QPalette::Highlight),
                   devicePixelRatioF()));
    const int x = padding + iconSide + 12;
    const int room = std::max(10, width() - x - padding);
    const QFont strong = scaledFont(font(), 1, QFont::Medium);
    const QFont quiet = scaledFont(font(), 0.96);
    const QFontMetrics strongMetrics(strong);
    const QFontMetrics quietMetrics(quiet);
    const int flags = Qt::AlignLeading | Qt::TextWordWrap;
    const QRect hintBox =
        quietMetrics.boundingRect(QRect(0, 0, room, 2 * quietMetrics.lineSpacing()), flags, m_hint);
    const int hintHeight = std::min(hintBox.height(), 2 * quietMetrics.lineSpacing());
    const int total = strongMetrics.lineSpacing() + hintHeight;
    int y = (height() - total) / 2;
    painter.setFont(strong);
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(place(QRect(x, y, room, strongMetrics.lineSpacing())),
                     Qt::AlignLeading | Qt::AlignVCenter,
                     strongMetrics.elidedText(text(), Qt::ElideRight, room));
    y += strongMetrics.lineSpacing();
    painter.setFont(quiet);
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(place(QRect(x, y, room, hintHeight)), flags, m_hint);
    paintFocusRing(painter, *this, QRectF(rect()), 12);
}

void DropZone::focusInEvent(QFocusEvent* event)
{
    noteFocusReason(*this, event->reason());
    QAbstractButton::focusInEvent(event);
}

void DropZone::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

void DropZone::dragEnterEvent(QDragEnterEvent* event)
{
    if (!mayBeAttachable(*event->mimeData()))
        return;
    setHot(true);
    event->acceptProposedAction();
}

void DropZone::dragLeaveEvent(QDragLeaveEvent*)
{
    setHot(false);
}

void DropZone::dropEvent(QDropEvent* event)
{
    setHot(false);
    emit dropped(*event->mimeData());
    event->acceptProposedAction();
}

DropOverlay::DropOverlay(QWidget* parent) : QWidget(parent)
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
    hide();
}

void DropOverlay::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QColor veil = palette().color(QPalette::Window);
    veil.setAlphaF(0.88F);
    painter.fillRect(rect(), veil);
    QPen pen(palette().color(QPalette::Highlight), 2);
    pen.setDashPattern({4, 3});
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(rect()).adjusted(16, 16, -16, -16), 14, 14);
    const int side = 36;
    const QPoint middle = rect().center();
    const QColor accent = palette().color(QPalette::Highlight);
    painter.drawPixmap(QPoint(middle.x() - side - 6, middle.y() - side - 14),
                       iconPixmap(QStringLiteral("picture"), side, accent, devicePixelRatioF()));
    painter.drawPixmap(QPoint(middle.x() + 6, middle.y() - side - 14),
                       iconPixmap(QStringLiteral("film"), side, accent, devicePixelRatioF()));
    painter.setFont(scaledFont(font(), 1.35, QFont::DemiBold));
    painter.setPen(palette().color(QPalette::WindowText));
    const int line = QFontMetrics(painter.font()).lineSpacing();
    painter.drawText(QRect(0, middle.y(), width(), line), Qt::AlignCenter, tr("Drop to attach"));
    painter.setFont(font());
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(QRect(0, middle.y() + line, width(), QFontMetrics(font()).lineSpacing()),
                     Qt::AlignCenter, tr("Pictures, or one film"));
}

} // namespace argali::gui
