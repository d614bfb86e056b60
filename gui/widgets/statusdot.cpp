#include "gui/widgets/statusdot.h"

#include <QPainter>

#include "gui/theme.h"

namespace argali::gui {

StatusDot::StatusDot(QWidget* parent) : QWidget(parent)
{
    setFixedSize(8, 8);
}

void StatusDot::setState(State state)
{
    m_state = state;
    update();
}

void StatusDot::paintEvent(QPaintEvent*)
{
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(m_state == State::Ready     ? theme.ok
                     : m_state == State::Waiting ? theme.warn
                     : m_state == State::Bad     ? theme.bad
                                                 : theme.faint);
    painter.drawEllipse(rect());
}

} // namespace argali::gui
