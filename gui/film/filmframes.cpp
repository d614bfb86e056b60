#include "gui/film/filmframes.h"

#include <algorithm>

#include <QAccessible>
#include <QFocusEvent>
#include <QFontMetrics>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include "gui/chat/attachment.h"
#include "gui/film/keyframeset.h"
#include "gui/shortcuts.h"
#include "gui/theme.h"
#include "gui/widgets/focusring.h"
#include "gui/widgets/icon.h"
#include "gui/widgets/overlaytag.h"

namespace argali::gui {
namespace {
constexpr int frameGap = 4;
constexpr int radius = 6;
} // namespace

FilmFrames::FilmFrames(QWidget* parent) : QWidget(parent), m_remove(new RemoveButton(this))
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAccessibleName(tr("Frames of the film"));
    m_remove->setFocusPolicy(Qt::NoFocus); // by keyboard it is the Del key
    m_remove->setAccessibleName(tr("Remove this frame"));
    m_remove->setToolTip(Shortcuts::tip(tr("Remove this frame"), Shortcut::RemoveFrame));
    m_remove->hide();
    connect(m_remove, &RemoveButton::clicked, this, [this] {
        if (m_hovered >= 0)
            emit removeRequested(m_hovered);
    });
}

void FilmFrames::setFrames(const QList<Frame>& frames)
{
    m_frames = frames;
    m_current = std::clamp(m_current, 0, std::max(0, count() - 1));
    showRemove(m_hovered < count() ? m_hovered : -1);
    updateGeometry();
    update();
}

void FilmFrames::setFrame(int place, const Frame& frame)
{
    m_frames[place] = frame;
    update(placeRect(place));
}

void FilmFrames::setCurrent(int place)
{
    place = std::clamp(place, 0, std::max(0, count() - 1));
    if (place >= count())
        return;
    const QString words = tr("Frame %1 of %2, at %3")
                              .arg(place + 1)
                              .arg(count())
                              .arg(timeText(m_frames.at(place).seconds, true));
    if (words != accessibleDescription()) { // a screen reader says where it is now
        setAccessibleDescription(words);
        QAccessibleEvent said(this, QAccessible::DescriptionChanged);
        QAccessible::updateAccessibility(&said);
    }
    const bool moved = place != m_current;
    m_current = place;
    update();
    if (moved)
        emit currentChanged(place);
}

QRect FilmFrames::placeRect(int place) const
{
    const int n = count();
    if (n == 0)
        return {};
    // Few frames do not become wider than a picture is.
    const int room = std::min(width(), n * (frameHeight() * 2 + frameGap) - frameGap);
    // Edges are rounded one by one, so that all gaps are equal.
    const int left = int(qint64(place) * (room + frameGap) / n);
    const int right = int(qint64(place + 1) * (room + frameGap) / n) - frameGap;
    return QRect(isRightToLeft() ? width() - right : left, 0, right - left, height());
}

int FilmFrames::placeAt(const QPoint& point) const
{
    for (int place = 0; place < count(); ++place) {
        if (placeRect(place).contains(point))
            return place;
    }
    return -1;
}

int FilmFrames::frameHeight() const
{
    return std::max(58, fontMetrics().height() * 3 + 10);
}

QSize FilmFrames::pictureSize() const
{
    return QSize(4 * frameHeight() / 2, 3 * frameHeight() / 2) * devicePixelRatioF();
}

QSize FilmFrames::sizeHint() const
{
    const int tag =
        QFontMetrics(scaledFont(font(), 0.77)).horizontalAdvance(QStringLiteral("00:00.0")) + 20;
    return {std::max(1, count()) * (std::max(44, tag) + frameGap) - frameGap, frameHeight()};
}

void FilmFrames::paintFrame(QPainter& painter, int place)
{
    const Frame& frame = m_frames.at(place);
    const QRect rect = placeRect(place);
    const Theme theme = Theme::of(palette());
    QPainterPath path;
    path.addRoundedRect(rect, radius, radius);
    painter.fillPath(path, palette().color(QPalette::AlternateBase));
    painter.save();
    painter.setClipPath(path);
    if (!frame.exact)
        painter.setOpacity(0.7); // it may be another one
    if (!frame.broken)
        paintCovering(painter, rect, frame.image);
    painter.restore();
    const bool isCurrent = place == m_current;
    const QColor line = frame.broken ? theme.bad : isCurrent ? theme.accent : theme.line;
    const qreal strong = isCurrent || frame.broken ? 2 : 1;
    painter.setPen(QPen(line, strong));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(rect).adjusted(strong / 2, strong / 2, -strong / 2, -strong / 2),
                            radius, radius);
    if (frame.broken) {
        QRect mark(0, 0, 16, 16);
        mark.moveCenter(rect.center() - QPoint(0, 8));
        painter.drawPixmap(mark.topLeft(), iconPixmap(QStringLiteral("warning"), 16, theme.bad,
                                                      devicePixelRatioF()));
    }
    paintTag(painter, rect.adjusted(4, 4, -4, -4), timeText(frame.seconds, true),
             layoutDirection());
}

void FilmFrames::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(scaledFont(font(), 0.77));
    for (int place = 0; place < count(); ++place)
        paintFrame(painter, place);
    if (count() > 0)
        paintFocusRing(painter, *this, QRectF(placeRect(m_current)), radius);
}

void FilmFrames::keyPressEvent(QKeyEvent* event)
{
    const auto is = [event](Shortcut id) { return Shortcuts::matches(*event, id); };
    const int forward = isRightToLeft() ? -1 : 1;
    if (is(Shortcut::FrameLeft))
        emit nudged(m_current, -forward);
    else if (is(Shortcut::FrameRight))
        emit nudged(m_current, forward);
    else if (is(Shortcut::FrameTenLeft))
        emit nudged(m_current, -forward * framesPerJump);
    else if (is(Shortcut::FrameTenRight))
        emit nudged(m_current, forward * framesPerJump);
    else if (is(Shortcut::EarlierFrame))
        setCurrent(m_current - 1);
    else if (is(Shortcut::LaterFrame))
        setCurrent(m_current + 1);
    else if (is(Shortcut::FirstFrame))
        setCurrent(0);
    else if (is(Shortcut::LastFrame))
        setCurrent(count() - 1);
    else if (is(Shortcut::RemoveFrame))
        emit removeRequested(m_current);
    else if (is(Shortcut::ViewFrame))
        emit openRequested(m_current);
    else
        QWidget::keyPressEvent(event);
}

void FilmFrames::mousePressEvent(QMouseEvent* event)
{
    if (const int place = placeAt(event->pos()); place >= 0)
        setCurrent(place);
}

void FilmFrames::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (const int place = placeAt(event->pos()); place >= 0)
        emit openRequested(place);
}

void FilmFrames::mouseMoveEvent(QMouseEvent* event)
{
    showRemove(placeAt(event->pos()));
}

void FilmFrames::leaveEvent(QEvent*)
{
    showRemove(-1);
}

void FilmFrames::showRemove(int place)
{
    m_hovered = place;
    m_remove->setVisible(place >= 0 && count() > 1);
    if (place < 0)
        return;
    const QRect rect = placeRect(place);
    const int x = isRightToLeft() ? rect.left() + 3 : rect.right() - m_remove->width() - 2;
    m_remove->move(x, rect.top() + 3);
}

QString FilmFrames::tip(int place) const
{
    const QString time = timeText(m_frames.at(place).seconds, true);
    const auto key = [](Shortcut id) { return Shortcuts::text(id); };
    if (m_frames.at(place).broken)
        return tr("The frame at %1 cannot be decoded. Move it with %2 or %3, or remove it (%4).")
            .arg(time, key(Shortcut::FrameLeft), key(Shortcut::FrameRight),
                 key(Shortcut::RemoveFrame));
    return tr("The frame at %1. %2 and %3 move it by one frame, %4 and %5 by ten; %6 and %7 go to "
              "the others; %8 removes it; %9 shows it in the film.")
        .arg(time, key(Shortcut::FrameLeft), key(Shortcut::FrameRight), key(Shortcut::FrameTenLeft),
             key(Shortcut::FrameTenRight), key(Shortcut::EarlierFrame), key(Shortcut::LaterFrame),
             key(Shortcut::RemoveFrame), key(Shortcut::ViewFrame));
}

bool FilmFrames::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    auto* help = static_cast<QHelpEvent*>(event);
    const int place = placeAt(help->pos());
    if (place < 0) {
        QToolTip::hideText();
        return true;
    }
    QToolTip::showText(help->globalPos(), QStringLiteral("<span>%1</span>").arg(tip(place)), this,
                       placeRect(place));
    return true;
}

void FilmFrames::focusInEvent(QFocusEvent* event)
{
    noteFocusReason(*this, event->reason());
    setCurrent(m_current);
}

void FilmFrames::focusOutEvent(QFocusEvent* event)
{
    QWidget::focusOutEvent(event);
    update();
}

} // namespace argali::gui
