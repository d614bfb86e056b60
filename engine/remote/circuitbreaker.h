#pragma once

#include <chrono>

#include "engine/remote/healthmonitor.h"

namespace argali::remote {

/// How soon a server is given up and tried again.
struct BreakerRules {
    int failures = 3;                       ///< in a row, until no request goes there
    std::chrono::milliseconds pause{5'000}; ///< before one request may try again
    std::chrono::milliseconds longest{
        300'000}; ///< each trial that fails doubles the pause up to that
};

/// Keeps requests away from a server that fails: closed while all is well, open after some
/// failures, half open when the pause is over: then one request tries, and decides.
class CircuitBreaker final {
public:
    enum class State { Closed, Open, HalfOpen };

    explicit CircuitBreaker(const BreakerRules& rules = {}) : m_rules(rules), m_pause(rules.pause)
    {
    }

    State state(Time now) const;
    /// Whether a request may go there now.
    bool allows(Time now) const;
    /// A request goes there; it ends in one of the next three, which are told what this returned:
    /// whether it is the one that tries for a half open breaker.
    bool begin(Time now);
    void succeeded();
    void failed(Time now, bool isTrial);
    void cancelled(bool isTrial);
    /// Nothing may go there until then, whatever the state: the server has asked for that.
    void restUntil(Time time) { m_rest = time; }

private:
    const BreakerRules m_rules;
    std::chrono::milliseconds m_pause;
    int m_failures = 0;
    bool m_isOpen = false;
    bool m_isTrying = false; ///< the one request of a half open breaker is on its way
    Time m_until{};          ///< end of the pause
    Time m_rest{};
};

} // namespace argali::remote
