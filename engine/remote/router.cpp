#include "engine/remote/router.h"

#include <cmath>
#include <utility>

namespace argali::remote {
namespace {

std::vector<RouteMember> withSaneWeights(std::vector<RouteMember> members)
{
    for (RouteMember& member : members)
        if (!std::isfinite(member.weight) || member.weight < 0)
            member.weight = 0;
    return members;
}

/// Busy is not broken.
bool countsAsBroken(FailureKind kind)
{
    return anotherMayDo(kind) && kind != FailureKind::Overloaded && kind != FailureKind::Starting;
}

} // namespace

bool anotherMayDo(FailureKind kind)
{
    switch (kind) {
    case FailureKind::BadRequest: // the same request is as bad elsewhere
    case FailureKind::ContextExceeded:
    case FailureKind::TooLarge:
    case FailureKind::TooManyPictures:
        return false;
    default:
        return true;
    }
}

Router::Router(Policy policy, std::vector<RouteMember> members, Random random,
               const BreakerRules& rules)
    : m_policy(policy),
      m_members(withSaneWeights(std::move(members))),
      m_random(std::move(random)),
      m_healthy(m_members.size(), true),
      m_breakers(m_members.size(), CircuitBreaker(rules))
{
}

std::optional<size_t> Router::choose(Time now, const std::set<size_t>& tried) const
{
    std::vector<size_t> able;
    double sum = 0;
    for (size_t i = 0; i < m_members.size(); ++i) {
        if (tried.contains(i) || !m_healthy[i] || !m_breakers[i].allows(now))
            continue;
        if (m_policy == Policy::Weighted && m_members[i].weight == 0)
            continue;
        able.push_back(i);
        sum += m_members[i].weight;
    }
    if (able.empty())
        return std::nullopt;
    if (m_policy == Policy::Ordered)
        return able.front();
    double left = m_random() * sum;
    for (const size_t i : able) {
        left -= m_members[i].weight;
        if (left < 0)
            return i;
    }
    return able.back(); // what rounding left over
}

RoutedRequest::RoutedRequest(Router& router, Time now, std::set<size_t> unable)
    : m_router(router), m_tried(std::move(unable))
{
    begin(now);
}

RoutedRequest::~RoutedRequest()
{
    if (m_member)
        m_router.breaker(*m_member).cancelled(m_isTrial);
}

void RoutedRequest::begin(Time now)
{
    m_member = m_router.choose(now, m_tried);
    if (!m_member)
        return;
    m_tried.insert(*m_member);
    m_isTrial = m_router.breaker(*m_member).begin(now);
}

void RoutedRequest::succeeded()
{
    if (m_member)
        m_router.breaker(*m_member).succeeded();
    m_member.reset();
}

bool RoutedRequest::failed(const Failure& failure, Time now)
{
    if (!m_member)
        return false;
    CircuitBreaker& breaker = m_router.breaker(*m_member);
    if (countsAsBroken(failure.kind))
        breaker.failed(now, m_isTrial);
    else if (anotherMayDo(failure.kind))
        breaker.cancelled(m_isTrial); // busy: no verdict
    else
        breaker.succeeded(); // it works, it only did not like the request
    if (failure.kind == FailureKind::Overloaded && failure.retryAfter)
        breaker.restUntil(now + *failure.retryAfter);
    m_member.reset();
    if (m_arrived || !anotherMayDo(failure.kind))
        return false;
    begin(now);
    return m_member.has_value();
}

} // namespace argali::remote
