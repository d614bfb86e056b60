#include "engine/remote/healthmonitor.h"

#include <algorithm>

namespace argali::remote {

HealthMonitor::HealthMonitor(Time now, const HealthIntervals& intervals)
    : m_intervals(intervals), m_last(now)
{
}

HealthMonitor::Action HealthMonitor::tick(Time now)
{
    if (m_started) {
        const bool isLate = now - *m_started >= m_intervals.limit;
        if (!isLate && !m_answering)
            return Action::None;
        m_started.reset();
        if (isLate) {
            m_last = now;
            m_isFirst = false;
            ++m_failures;
            m_status = {ServerStatus::Kind::TimedOut};
        }
        return Action::Abort;
    }
    if (m_answering || now < due())
        return Action::None;
    m_started = now;
    m_asked.reset();
    ++m_check;
    return Action::Start;
}

std::optional<Time> HealthMonitor::wake() const
{
    if (m_started)
        return m_answering ? *m_started : *m_started + m_intervals.limit;
    if (m_answering)
        return std::nullopt;
    return due();
}

void HealthMonitor::finished(Time now, int number, const ServerStatus& status)
{
    if (!m_started || number != m_check)
        return;
    m_started.reset();
    m_last = now;
    m_isFirst = false;
    m_status = status;
    // A server that starts is looked at as often as one that runs: people wait for it.
    const bool fails = !status.isUsable() && status.kind != ServerStatus::Kind::Starting;
    m_failures = fails ? m_failures + 1 : 0;
}

void HealthMonitor::checkNow(Time now)
{
    m_failures = 0;
    if (!m_started)
        m_asked = now;
}

std::chrono::milliseconds HealthMonitor::interval() const
{
    auto interval = m_hidden ? m_intervals.hidden : m_intervals.shown;
    for (int i = 1; i < m_failures && interval < m_intervals.longest; ++i)
        interval *= 2;
    return std::min(interval, std::max(m_intervals.longest, m_intervals.hidden));
}

Time HealthMonitor::due() const
{
    if (m_asked)
        return *m_asked;
    return m_isFirst ? m_last : m_last + interval();
}

} // namespace argali::remote
