#include "gui/film/filmtimeline.h"

#include <algorithm>
#include <cmath>

#include <QFocusEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include "gui/theme.h"
#include "gui/widgets/focusring.h"

namespace argali::gui {
namespace {
constexpr int handleWidth = 8;
} // namespace

/// One end of the range; moved with the mouse, or by frames with the keys.
class FilmTimeline::Handle final : public QWidget {
public:
    Handle(FilmTimeline& line, const QString& name, const QString& hint)
        : QWidget(&line), m_line(line)
    {
        setFocusPolicy(Qt::StrongFocus);
        setCursor(Qt::SizeHorCursor);
        setAccessibleName(name);
        setToolTip(QStringLiteral("<span>%1</span>").arg(hint));
    }
    qint64 index() const { return m_index; }
    void setIndex(qint64 index)
    {
        m_index = index;
        setAccessibleDescription(timeText(m_line.m_frames.timeOf(index), true));
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(palette().color(QPalette::Highlight));
        const QRectF bar(width() / 2.0 - 2.5, 2, 5, height() - 4);
        painter.drawRoundedRect(bar, 2.5, 2.5);
        paintFocusRing(painter, *this, QRectF(rect()), 3);
    }
    void mousePressEvent(QMouseEvent* event) override
    {
        m_grip = event->position().x() - width() / 2.0;
        emit m_line.dragBegan();
    }
    void mouseMoveEvent(QMouseEvent* event) override
    {
        if (event->buttons() & Qt::LeftButton)
            m_line.moveHandle(*this, m_line.indexOf(mapToParent(event->pos()).x() - m_grip));
    }
    void mouseReleaseEvent(QMouseEvent*) override { emit m_line.dragEnded(); }
    void keyPressEvent(QKeyEvent* event) override
    {
        const auto step = [&](qint64 frames) { m_line.moveHandle(*this, m_index + frames); };
        const qint64 frames = event->modifiers() & Qt::ShiftModifier ? framesPerJump : 1;
        const qint64 forward = isRightToLeft() ? -frames : frames;
        const qint64 second = std::max<qint64>(1, m_line.m_frames.indexAt(1));
        switch (event->key()) {
        case Qt::Key_Left:
            step(-forward);
            break;
        case Qt::Key_Right:
            step(forward);
            break;
        case Qt::Key_Down:
        case Qt::Key_PageDown:
            step(-second);
            break;
        case Qt::Key_Up:
        case Qt::Key_PageUp:
            step(second);
            break;
        case Qt::Key_Home:
            m_line.moveHandle(*this, 0);
            break;
        case Qt::Key_End:
            m_line.moveHandle(*this, m_line.m_frames.total() - 1);
            break;
        default:
            QWidget::keyPressEvent(event);
        }
    }
    void focusInEvent(QFocusEvent* event) override { noteFocusReason(*this, event->reason()); }

private:
    FilmTimeline& m_line;
    qint64 m_index = 0;
    qreal m_grip = 0;
};

FilmTimeline::FilmTimeline(QWidget* parent)
    : QWidget(parent),
      m_start(new Handle(*this, tr("Start of the range"),
                         tr("Frames are taken from here on. Left and Right move it by one frame, "
                            "with Shift by ten, Up and Down by a second."))),
      m_end(new Handle(*this, tr("End of the range"),
                       tr("Frames are taken up to here. Left and Right move it by one frame, with "
                          "Shift by ten, Up and Down by a second.")))
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

QWidget* FilmTimeline::startHandle() const
{
    return m_start;
}

QWidget* FilmTimeline::endHandle() const
{
    return m_end;
}

QSize FilmTimeline::sizeHint() const
{
    return {300, std::max(18, fontMetrics().height() + 2)};
}

QSize FilmTimeline::minimumSizeHint() const
{
    return {120, sizeHint().height()};
}

void FilmTimeline::setFrames(const KeyFrameSet& frames, int current)
{
    m_frames = frames;
    m_current = current;
    m_start->setIndex(frames.first());
    m_end->setIndex(frames.last());
    place();
    update();
}

QRectF FilmTimeline::groove() const
{
    return QRectF(handleWidth / 2.0, height() / 2.0 - 2, width() - handleWidth, 4);
}

qreal FilmTimeline::xOf(qint64 index) const
{
    const QRectF line = groove();
    const qreal part = m_frames.total() > 1 ? qreal(index) / qreal(m_frames.total() - 1) : 0;
    return isRightToLeft() ? line.right() - part * line.width() : line.left() + part * line.width();
}

qint64 FilmTimeline::indexOf(qreal x) const
{
    const QRectF line = groove();
    qreal part = line.width() > 0 ? (x - line.left()) / line.width() : 0;
    if (isRightToLeft())
        part = 1 - part;
    const qint64 last = m_frames.total() - 1;
    return std::clamp<qint64>(std::llround(std::clamp(part, 0.0, 1.0) * qreal(last)), 0, last);
}

void FilmTimeline::moveHandle(const Handle& handle, qint64 index)
{
    const bool isStart = &handle == m_start;
    const qint64 first = isStart ? std::clamp<qint64>(index, 0, m_end->index()) : m_start->index();
    const qint64 last = isStart ? m_end->index()
                                : std::clamp<qint64>(index, m_start->index(), m_frames.total() - 1);
    if (first != m_start->index() || last != m_end->index())
        emit rangeMoved(first, last);
}

void FilmTimeline::place()
{
    for (Handle* handle : {m_start, m_end})
        handle->setGeometry(int(std::lround(xOf(handle->index()) - handleWidth / 2.0)), 0,
                            handleWidth, height());
    // Where both lie on one spot, the one that can still move is on top.
    (m_frames.last() == m_frames.total() - 1 ? m_start : m_end)->raise();
}

void FilmTimeline::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(palette().color(QPalette::Mid));
    painter.drawRoundedRect(groove(), 2, 2);
    QRectF range = groove();
    range.setLeft(std::min(xOf(m_frames.first()), xOf(m_frames.last())));
    range.setRight(std::max(xOf(m_frames.first()), xOf(m_frames.last())));
    painter.setBrush(palette().color(QPalette::Highlight));
    painter.drawRoundedRect(range, 2, 2);
    const Theme theme = Theme::of(palette());
    for (int i = 0; i < m_frames.size(); ++i) {
        const bool isCurrent = i == m_current;
        painter.setPen(QPen(isCurrent ? theme.text : theme.accentText, isCurrent ? 2 : 1));
        const qreal x = xOf(m_frames.indices().at(i));
        const qreal reach = isCurrent ? 7 : 5;
        painter.drawLine(QPointF(x, height() / 2.0 - reach), QPointF(x, height() / 2.0 + reach));
    }
}

void FilmTimeline::resizeEvent(QResizeEvent*)
{
    place();
}

void FilmTimeline::mousePressEvent(QMouseEvent* event)
{
    emit pressedAt(m_frames.timeOf(indexOf(event->position().x())));
}

} // namespace argali::gui
