#include "engine/server/upstreamset.h"

#include <algorithm>
#include <random>
#include <thread>

#include "engine/error.h"
#include "engine/log.h"
#include "engine/remote/failurereading.h"
#include "engine/server/apifailure.h"

namespace argali::server {

namespace {

using remote::Clock;
using remote::Failure;
using remote::FailureKind;

constexpr size_t mostLookBytes = size_t(4) << 20;

std::string newMark()
{
    std::random_device random;
    char digits[40];
    std::snprintf(digits, sizeof digits, "argali-%08x%08x", random(), random());
    return digits;
}

remote::Router::Random byChance()
{
    const auto random = std::make_shared<std::mt19937_64>(std::random_device{}());
    return [random] { return std::uniform_real_distribution<double>(0, 1)(*random); };
}

UpstreamSet::Settings complete(UpstreamSet::Settings settings)
{
    if (!settings.random)
        settings.random = byChance();
    return settings;
}

} // namespace

/// The answer to one question of a look at a server.
class UpstreamSet::Look final : public WebSink {
public:
    Look(UpstreamSet& set, size_t index, int check) : m_set(set), m_index(index), m_check(check) {}
    void takeHead(const remote::HttpReply& head) override { m_reply = head; }
    void takeBody(std::string_view piece) override
    {
        if (m_reply.body.size() + piece.size() <= mostLookBytes)
            m_reply.body += piece;
        else
            m_isTooLarge = true;
    }
    void takeEnd() override
    {
        if (m_isTooLarge)
            return m_set.took(m_index, m_check, nullptr,
                              {FailureKind::Malformed, "an answer that is too large"});
        m_set.took(m_index, m_check, &m_reply, {});
    }
    void takeFailure(remote::TransportError error, const std::string& words) override
    {
        m_set.took(m_index, m_check, nullptr, remote::failureFromTransport(error, words));
    }

private:
    UpstreamSet& m_set;
    const size_t m_index;
    const int m_check;
    remote::HttpReply m_reply;
    bool m_isTooLarge = false;
};

UpstreamSet::UpstreamSet(Settings settings)
    : m_settings(complete(std::move(settings))), m_mark(newMark())
{
    for (size_t i = 0; i < m_settings.upstreams.size(); ++i)
        m_watched.emplace_back(m_settings.health);
    for (size_t i = 0; i < m_settings.upstreams.size(); ++i)
        m_client.post([this, i] { tick(i); });
}

UpstreamSet::~UpstreamSet() = default;

// --- looking at them
// ------------------------------------------------------------------------------

/// What the monitor wants now, and a timer for when it wants something again.
void UpstreamSet::tick(size_t index)
{
    int check = 0;
    std::optional<remote::Time> wake;
    uint64_t alarm = 0;
    auto action = remote::HealthMonitor::Action::None;
    const auto now = Clock::now();
    {
        const std::lock_guard lock(m_mutex);
        Watched& watched = m_watched[index];
        action = watched.monitor.tick(now);
        if (action == remote::HealthMonitor::Action::Abort) {
            if (watched.call)
                watched.call->cancel();
            watched.call.reset();
            watched.probe.reset();
            watched.wasLookedAt = true;
            setHealth(index);
        } else if (action == remote::HealthMonitor::Action::Start) {
            watched.probe.emplace(watched.dialect);
            check = watched.monitor.check();
        }
        wake = watched.monitor.wake();
        alarm = ++watched.alarm;
    }
    if (action == remote::HealthMonitor::Action::Start)
        askNext(index, check);
    if (!wake)
        return;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*wake - now);
    m_client.after(std::max(wait, std::chrono::milliseconds(1)), [this, index, alarm] {
        {
            const std::lock_guard lock(m_mutex);
            if (m_watched[index].alarm != alarm)
                return; // another one has taken its place
        }
        tick(index);
    });
}

void UpstreamSet::askNext(size_t index, int check)
{
    const std::lock_guard lock(m_mutex);
    Watched& watched = m_watched[index];
    if (!watched.probe || !watched.probe->next() || watched.monitor.check() != check)
        return;
    const Upstream& upstream = m_settings.upstreams[index];
    const remote::ProbeRequest& question = *watched.probe->next();
    WebRequest request;
    request.isSecure = upstream.url.isSecure();
    request.host = upstream.url.host();
    request.port = upstream.url.port();
    request.method = question.method;
    request.target = upstream.url.path() + question.path;
    request.headers.addKey(upstream.key);
    request.headers.add("User-Agent", "argali-serve/" + m_settings.version);
    if (!question.body.empty())
        request.body = std::make_shared<const std::string>(question.body);
    request.connectTime = request.silence = m_settings.health.limit;
    watched.call = m_client.ask(std::move(request), std::make_shared<Look>(*this, index, check));
}

void UpstreamSet::took(size_t index, int check, const remote::HttpReply* reply,
                       const Failure& failure)
{
    bool isOver = false;
    {
        const std::lock_guard lock(m_mutex);
        Watched& watched = m_watched[index];
        if (!watched.probe || watched.monitor.check() != check)
            return; // of a look that was given up
        if (reply)
            watched.probe->take(*reply);
        else
            watched.probe->fail(failure);
        isOver = !watched.probe->next();
    }
    if (!isOver)
        return askNext(index, check);
    finishLook(index, check);
    tick(index);
}

void UpstreamSet::finishLook(size_t index, int check)
{
    const std::lock_guard lock(m_mutex);
    Watched& watched = m_watched[index];
    const remote::ServerFacts& facts = watched.probe->facts();
    const bool wasUp = watched.monitor.status().isUsable();
    watched.monitor.finished(Clock::now(), check, remote::statusOf(facts));
    const remote::ServerStatus& status = watched.monitor.status();
    const std::string& name = m_settings.upstreams[index].name;
    if (status.isUsable() != wasUp || !watched.wasLookedAt)
        log(status.isUsable() ? LogLevel::Info : LogLevel::Warning,
            "upstream " + name +
                (status.isUsable() ? " is there" : " cannot be used: " + status.detail));
    watched.wasLookedAt = true;
    if (!facts.failure) {
        watched.dialect = facts.dialect;
        const bool isNew = watched.models != facts.models;
        watched.models = facts.models;
        if (isNew)
            regroup();
    }
    watched.probe.reset();
    watched.call.reset();
    setHealth(index);
}

/// Tells the groups how it stands with a server. Under the lock.
void UpstreamSet::setHealth(size_t index)
{
    const bool isUp = m_watched[index].monitor.status().isUsable();
    for (const auto& [id, group] : m_groups)
        for (size_t i = 0; i < group->members.size(); ++i)
            if (group->members[i] == index)
                group->router.setHealthy(i, isUp);
}

/// Puts together what serves what. A group that stays as it is keeps what it knows of its members.
void UpstreamSet::regroup()
{
    const auto old = std::move(m_groups);
    m_groups.clear();
    m_listed.clear();
    std::map<std::string, std::vector<size_t>> members;
    std::vector<std::pair<std::string, size_t>> order; ///< every model of every server
    for (size_t i = 0; i < m_watched.size(); ++i)
        for (const remote::RemoteModel& model : m_watched[i].models) {
            members[model.id].push_back(i);
            order.emplace_back(model.id, i);
        }
    for (const auto& [model, index] : order)
        if (!m_settings.ownModels.contains(model))
            addGroup(model, model, members[model]);
    for (const auto& [model, index] : order) {
        const std::string id = m_settings.upstreams[index].name + '/' + model;
        const bool isListed = m_settings.ownModels.contains(model);
        if (m_settings.ownModels.contains(id))
            continue;
        if (isListed)
            addGroup(id, model, {index});
        else if (!m_groups.contains(id)) {
            addGroup(id, model, {index});
            m_listed.pop_back();
        }
    }
    for (auto& [id, group] : m_groups)
        if (const auto same = old.find(id);
            same != old.end() && same->second->members == group->members) {
            same->second->about = group->about;
            group = same->second;
        }
    for (size_t i = 0; i < m_watched.size(); ++i)
        setHealth(i);
}

void UpstreamSet::addGroup(const std::string& id, const std::string& model,
                           std::vector<size_t> members)
{
    if (m_groups.contains(id))
        return;
    std::vector<remote::RouteMember> routes;
    for (const size_t index : members)
        routes.push_back({m_settings.upstreams[index].name, m_settings.upstreams[index].weight});
    const auto& models = m_watched[members.front()].models;
    const auto about = std::ranges::find(models, model, &remote::RemoteModel::id);
    m_groups.emplace(id, std::make_shared<UpstreamGroup>(UpstreamGroup{
                             id, model, std::move(members),
                             remote::Router(remote::Router::Policy::Weighted, std::move(routes),
                                            m_settings.random, m_settings.breaker),
                             *about}));
    m_listed.push_back(id);
}

bool UpstreamSet::waitForFirstLook(std::chrono::milliseconds longest)
{
    for (const auto end = Clock::now() + longest; Clock::now() < end;) {
        {
            const std::lock_guard lock(m_mutex);
            if (std::ranges::all_of(m_watched, &Watched::wasLookedAt))
                return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

void UpstreamSet::doubt(size_t index)
{
    {
        const std::lock_guard lock(m_mutex);
        m_watched[index].monitor.checkNow(Clock::now());
    }
    tick(index);
}

// --- what others ask
// ------------------------------------------------------------------------------

std::vector<UpstreamSet::Listed> UpstreamSet::models() const
{
    const std::lock_guard lock(m_mutex);
    std::vector<Listed> list;
    for (const std::string& id : m_listed) {
        const UpstreamGroup& group = *m_groups.at(id);
        Listed listed{id, {}, group.about, false};
        for (const size_t index : group.members) {
            listed.upstreams.push_back(m_settings.upstreams[index].name);
            listed.isUp = listed.isUp || m_watched[index].monitor.status().isUsable();
        }
        list.push_back(std::move(listed));
    }
    return list;
}

std::vector<UpstreamSet::State> UpstreamSet::states() const
{
    const std::lock_guard lock(m_mutex);
    std::vector<State> list;
    for (size_t i = 0; i < m_watched.size(); ++i)
        list.push_back({m_settings.upstreams[i].name, m_watched[i].monitor.status()});
    return list;
}

bool UpstreamSet::isAnyUp() const
{
    const std::lock_guard lock(m_mutex);
    return std::ranges::any_of(
        m_watched, [](const Watched& watched) { return watched.monitor.status().isUsable(); });
}

std::shared_ptr<UpstreamGroup> UpstreamSet::find(const std::string& id) const
{
    const std::lock_guard lock(m_mutex);
    if (id.empty())
        return m_listed.empty() ? nullptr : m_groups.at(m_listed.front());
    const auto found = m_groups.find(id);
    return found == m_groups.end() ? nullptr : found->second;
}

remote::HeaderList UpstreamSet::passedHeaders(
    const std::map<std::string, std::string>& headers) const
{
    remote::HeaderList passed;
    try {
        for (const char* name : {"x-request-id", "traceparent", "tracestate"})
            if (const auto found = headers.find(name); found != headers.end())
                passed.add(name, found->second);
        const auto via = headers.find("via");
        if (via != headers.end() && via->second.find(m_mark) != std::string::npos)
            throw ApiFailure(508, "loop", "this server is among the ones it passes requests on to");
        passed.add("Via", (via == headers.end() ? "" : via->second + ", ") + "1.1 " + m_mark);
    } catch (const Error&) {
        throw ApiFailure(400, "bad_http", "a header of the request breaks the rules of HTTP");
    }
    return passed;
}

void UpstreamSet::begun(size_t index)
{
    const std::lock_guard lock(m_mutex);
    ++m_watched[index].counts.running;
}

void UpstreamSet::ended(size_t index, const std::string& how)
{
    const std::lock_guard lock(m_mutex);
    --m_watched[index].counts.running;
    ++m_watched[index].counts.ends[how];
}

} // namespace argali::server
