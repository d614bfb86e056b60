#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/remote/circuitbreaker.h"
#include "engine/remote/failure.h"

namespace argali::remote {

/// One server of a group.
struct RouteMember {
    std::string name;
    double weight = 1; ///< share of the requests of a weighted group; 0: none
};

/// Chooses among the servers of a group: those that health checks found broken, and those whose
/// circuit breaker is open, are passed over.
class Router final {
public:
    enum class Policy {
        Ordered,  ///< the first one that can
        Weighted, ///< by chance, as often as the weights say
    };
    using Random = std::function<double()>; ///< from 0 to below 1

    Router(Policy policy, std::vector<RouteMember> members, Random random,
           const BreakerRules& rules = {});

    /// The member for a request that has tried some already; nothing when none is left.
    std::optional<size_t> choose(Time now, const std::set<size_t>& tried) const;
    /// What the last check said; members that were never checked count as healthy.
    void setHealthy(size_t member, bool healthy) { m_healthy.at(member) = healthy; }
    CircuitBreaker& breaker(size_t member) { return m_breakers.at(member); }
    const std::vector<RouteMember>& members() const { return m_members; }

private:
    const Policy m_policy;
    const std::vector<RouteMember> m_members;
    const Random m_random;
    std::vector<bool> m_healthy;
    std::vector<CircuitBreaker> m_breakers;
};

/// Whether another server may do better after that failure.
bool anotherMayDo(FailureKind kind);

/// One request on its way through a group. A failure sends it to the next member only as long as
/// nothing of the answer has arrived; no member is tried twice.
class RoutedRequest final {
public:
    /// unable: members that this request is not for
    RoutedRequest(Router& router, Time now, std::set<size_t> unable = {});
    ~RoutedRequest();
    RoutedRequest(const RoutedRequest&) = delete;
    RoutedRequest& operator=(const RoutedRequest&) = delete;

    /// Where the request is to go, or is; nothing when it is over or nobody can take it.
    std::optional<size_t> member() const { return m_member; }
    /// Something of the answer has come.
    void arrived() { m_arrived = true; }
    void succeeded();
    /// Returns whether member() is another one now, to be asked instead.
    bool failed(const Failure& failure, Time now);

private:
    void begin(Time now);

    Router& m_router;
    std::set<size_t> m_tried;
    std::optional<size_t> m_member;
    bool m_isTrial = false; ///< for a half open breaker
    bool m_arrived = false;
};

} // namespace argali::remote
