#include "engine/remote/circuitbreaker.h"

#include <algorithm>

namespace argali::remote {

CircuitBreaker::State CircuitBreaker::state(Time now) const
{
    if (!m_isOpen)
        return State::Closed;
    return now < m_until ? State::Open : State::HalfOpen;
}

bool CircuitBreaker::allows(Time now) const
{
    if (now < m_rest)
        return false;
    const State where = state(now);
    return where == State::Closed || (where == State::HalfOpen && !m_isTrying);
}

bool CircuitBreaker::begin(Time now)
{
    if (state(now) != State::HalfOpen || m_isTrying)
        return false;
    m_isTrying = true;
    return true;
}

void CircuitBreaker::succeeded()
{
    m_failures = 0;
    m_isOpen = m_isTrying = false;
    m_pause = m_rules.pause;
}

void CircuitBreaker::failed(Time now, bool isTrial)
{
    ++m_failures;
    if (m_isOpen) {
        // Requests that were on their way before it opened say nothing new.
        if (!isTrial)
            return;
        m_pause = std::min(m_pause * 2, m_rules.longest);
    } else if (m_failures < m_rules.failures) {
        return;
    }
    m_isOpen = true;
    m_isTrying = false;
    m_until = now + m_pause;
}

void CircuitBreaker::cancelled(bool isTrial)
{
    if (isTrial)
        m_isTrying = false;
}

} // namespace argali::remote
