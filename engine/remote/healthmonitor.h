#pragma once

#include <chrono>
#include <optional>

#include "engine/remote/serverstatus.h"

namespace argali::remote {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

/// How often a server is looked at.
struct HealthIntervals {
    std::chrono::milliseconds shown{5'000}; ///< while somebody can see the status
    std::chrono::milliseconds hidden{30'000};
    std::chrono::milliseconds longest{60'000}; ///< between checks that fail
    std::chrono::milliseconds limit{10'000};   ///< for one check
};

/// Says when to check a server and keeps what came out: never two checks at once, none while an
/// answer comes from it, ever longer pauses while it fails. The first check is due at once.
class HealthMonitor final {
public:
    enum class Action {
        None,
        Start, ///< begin a check; its number is check()
        Abort, ///< drop the check that runs
    };

    explicit HealthMonitor(Time now, const HealthIntervals& intervals = {});

    /// What to do now. To be called at wake() and after every other call.
    Action tick(Time now);
    /// When tick() has something to do again unless another call comes; nothing while an answer
    /// runs.
    std::optional<Time> wake() const;
    int check() const { return m_check; }

    /// How check number ended; ignored when that one has been dropped.
    void finished(Time now, int number, const ServerStatus& status);
    void setHidden(bool hidden) { m_hidden = hidden; }
    /// While an answer comes from the server nothing else is asked of it.
    void setAnswering(bool answering) { m_answering = answering; }
    /// "Check now": as soon as may be, and without the pauses of earlier failures.
    void checkNow(Time now);

    const ServerStatus& status() const { return m_status; }

private:
    std::chrono::milliseconds interval() const;
    Time due() const;

    const HealthIntervals m_intervals;
    ServerStatus m_status;
    std::optional<Time> m_started; ///< of the check that runs
    std::optional<Time> m_asked;   ///< by checkNow(), and not done yet
    Time m_last;                   ///< end of the last check, or the beginning
    bool m_isFirst = true;
    bool m_hidden = false;
    bool m_answering = false;
    int m_failures = 0; ///< in a row
    int m_check = 0;
};

} // namespace argali::remote
