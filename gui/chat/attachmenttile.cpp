#include "gui/chat/attachmenttile.h"

#include <algorithm>

#include <QApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>

#include "gui/chat/costtext.h"
#include "gui/shortcuts.h"
#include "gui/theme.h"
#include "gui/widgets/focusring.h"
#include "gui/widgets/overlaytag.h"

namespace argali::gui {

AttachmentTile::AttachmentTile(const ComposerEntry& entry, QWidget* parent)
    : QWidget(parent), m_entry(entry), m_remove(new RemoveButton(this))
{
    m_remove->setAccessibleName(tr("Remove %1").arg(entry.name));
    m_remove->setToolTip(Shortcuts::tip(tr("Remove"), Shortcut::RemovePicture));
    connect(m_remove, &QAbstractButton::clicked, this, &AttachmentTile::removeRequested);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    setAccessibleName(entry.name);
    showToolTip();
}

void AttachmentTile::setCost(const std::optional<VisualCost>& cost)
{
    m_entry.cost = cost;
    showToolTip();
}

void AttachmentTile::showToolTip()
{
    QStringList lines{m_entry.name};
    if (m_entry.state == ComposerEntry::State::Ready)
        lines << (m_entry.cost ? visualText(*m_entry.cost)
                               : tr("Original %1").arg(m_entry.file.badge()));
    setAccessibleDescription(lines.last());
    if (m_entry.state == ComposerEntry::State::Ready)
        lines << tr("Click to see what the model sees. Drag, or Alt+Left and Alt+Right, to change "
                    "the order.");
    QString text;
    for (const QString& line : lines)
        text += QStringLiteral("<p style=\"margin:2px 0\">%1</p>").arg(line.toHtmlEscaped());
    setToolTip(text);
}

QSize AttachmentTile::sizeHint() const
{
    const int height = std::max(72, fontMetrics().height() * 4);
    const QSize picture = m_entry.file.thumbnail.size();
    if (picture.isEmpty())
        return {height * 4 / 3, height};
    const int width = height * picture.width() / std::max(1, picture.height());
    return {std::clamp(width, height * 3 / 4, height * 2), height};
}

void AttachmentTile::resizeEvent(QResizeEvent*)
{
    m_remove->move(isRightToLeft() ? 4 : width() - m_remove->width() - 4, 4);
}

void AttachmentTile::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    QPainterPath path;
    path.addRoundedRect(frame, 9, 9);
    painter.fillPath(path, palette().color(QPalette::AlternateBase));
    painter.save();
    painter.setClipPath(path);
    if (m_entry.state == ComposerEntry::State::Ready)
        paintCovering(painter, rect(), m_entry.file.thumbnail);
    painter.restore();
    painter.setPen(QPen(palette().color(m_dragging ? QPalette::Highlight : QPalette::Mid),
                        m_dragging ? 2 : 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(path);
    painter.setFont(scaledFont(font(), 0.82));
    if (m_entry.state == ComposerEntry::State::Reading) {
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(rect().adjusted(8, 8, -8, -8), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("Reading…"));
    } else {
        paintTag(painter, rect().adjusted(5, 5, -5, -5), m_entry.file.badge(), layoutDirection());
    }
    paintFocusRing(painter, *this, QRectF(rect()), 9);
}

void AttachmentTile::keyPressEvent(QKeyEvent* event)
{
    const int forward = isRightToLeft() ? -1 : 1;
    if (Shortcuts::matches(*event, Shortcut::PictureRight))
        emit moveRequested(forward);
    else if (Shortcuts::matches(*event, Shortcut::PictureLeft))
        emit moveRequested(-forward);
    else if (Shortcuts::matches(*event, Shortcut::RemovePicture))
        emit removeRequested();
    else if (Shortcuts::matches(*event, Shortcut::ViewPicture))
        emit viewRequested();
    else
        QWidget::keyPressEvent(event);
}

void AttachmentTile::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    m_grip = event->pos();
    m_pressed = true;
}

void AttachmentTile::mouseMoveEvent(QMouseEvent* event)
{
    if (!m_pressed)
        return;
    if (!m_dragging &&
        (event->pos() - m_grip).manhattanLength() < QApplication::startDragDistance())
        return;
    m_dragging = true;
    raise();
    move(mapToParent(event->pos()) - m_grip);
    emit dragged(geometry().center());
}

void AttachmentTile::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !m_pressed)
        return;
    m_pressed = false;
    if (!m_dragging) {
        if (rect().contains(event->pos()))
            emit viewRequested();
        return;
    }
    m_dragging = false;
    emit dropped(); // may be the end of this tile
}

void AttachmentTile::focusInEvent(QFocusEvent* event)
{
    noteFocusReason(*this, event->reason());
}

void AttachmentTile::focusOutEvent(QFocusEvent* event)
{
    QWidget::focusOutEvent(event);
    update();
}

} // namespace argali::gui
