#include "engine/server/prometheus.h"
#include "engine/server/upstreamset.h"

namespace argali::server {

std::string UpstreamSet::metrics() const
{
    const std::lock_guard lock(m_mutex);
    const auto label = [this](size_t index) {
        return labelOf("upstream", m_settings.upstreams[index].name);
    };
    std::string text;
    addHead(text, "argali_upstream_up", "gauge", "1 while the upstream can be asked.");
    for (size_t i = 0; i < m_watched.size(); ++i)
        addLine(text, "argali_upstream_up", label(i),
                m_watched[i].monitor.status().isUsable() ? 1 : 0);
    addHead(text, "argali_upstream_requests_total", "counter",
            "Requests that were passed on, by how they ended.");
    for (size_t i = 0; i < m_watched.size(); ++i)
        for (const auto& [how, count] : m_watched[i].counts.ends)
            addLine(text, "argali_upstream_requests_total", label(i) + ',' + labelOf("end", how),
                    double(count));
    addHead(text, "argali_upstream_running", "gauge", "Requests that are on their way.");
    for (size_t i = 0; i < m_watched.size(); ++i)
        addLine(text, "argali_upstream_running", label(i), m_watched[i].counts.running);
    addHead(text, "argali_upstream_breaker_open", "gauge",
            "1 while requests are kept away from an upstream that failed.");
    const auto now = remote::Clock::now();
    for (const std::string& id : m_listed) {
        UpstreamGroup& group = *m_groups.at(id);
        for (size_t i = 0; i < group.members.size(); ++i)
            addLine(text, "argali_upstream_breaker_open",
                    label(group.members[i]) + ',' + labelOf("model", id),
                    group.router.breaker(i).state(now) == remote::CircuitBreaker::State::Closed
                        ? 0
                        : 1);
    }
    return text;
}

} // namespace argali::server
