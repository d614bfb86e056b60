#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/remote/failure.h"
#include "engine/remote/healthmonitor.h"
#include "engine/remote/remotemodel.h"
#include "engine/remote/router.h"
#include "engine/remote/serverprobe.h"
#include "engine/remote/serverurl.h"
#include "engine/server/webclient.h"

namespace argali::server {

/// A server that requests are passed on to.
struct Upstream {
    std::string name; ///< for people, metrics and NAME/model; never its address
    remote::ServerUrl url;
    double weight = 1; ///< share of the requests for a model that others serve too
    remote::Secret key;
};

/// Those that serve one model: a request goes to one by chance, as often as the weights say, and to
/// another where that one fails.
struct UpstreamGroup {
    std::string id;              ///< as clients call it
    std::string model;           ///< as the upstreams call it
    std::vector<size_t> members; ///< of the set, in the order of the router's
    remote::Router router;       ///< under the lock of the set
    remote::RemoteModel about;   ///< what the first of them says of it
};

/// The upstreams of a server: looks at them again and again, knows their models, and which of them
/// can be asked. A model that several have is one model with one name; one whose name a model of
/// this server has too is called NAME/model, as which each can be asked always.
/// Thread: any.
class UpstreamSet final {
public:
    struct Settings {
        std::vector<Upstream> upstreams; ///< names differ
        std::set<std::string> ownModels; ///< names of models that this server has itself
        std::string version;
        remote::HealthIntervals health;
        remote::BreakerRules breaker;
        std::chrono::milliseconds silence{300'000}; ///< an upstream that says nothing is given up
        remote::Router::Random random;              ///< empty: by chance
    };
    struct Listed {
        std::string id;
        std::vector<std::string> upstreams; ///< names
        remote::RemoteModel about;
        bool isUp = false; ///< one of them at least
    };
    struct State {
        std::string name;
        remote::ServerStatus status;
    };
    struct Counts {
        std::map<std::string, uint64_t> ends; ///< "ok", "client-gone", or the kind of failure
        int running = 0;
    };

    /// Begins to look at them.
    explicit UpstreamSet(Settings settings);
    /// Drops what is under way.
    ~UpstreamSet();
    UpstreamSet(const UpstreamSet&) = delete;
    UpstreamSet& operator=(const UpstreamSet&) = delete;

    /// Waits until each was looked at once, at most so long; returns whether that is so.
    bool waitForFirstLook(std::chrono::milliseconds longest);
    /// The models to be listed, in the order of the upstreams.
    std::vector<Listed> models() const;
    std::vector<State> states() const;
    bool isAnyUp() const;
    /// By the name that a client gives: a listed one, or NAME/model. An empty name means the first.
    std::shared_ptr<UpstreamGroup> find(const std::string& id) const;
    const Upstream& upstream(size_t index) const { return m_settings.upstreams.at(index); }
    const Settings& settings() const { return m_settings; }
    /// What is passed on with a request: headers of an allow-list, and the mark by which a request
    /// that comes back is known.
    /// Throws: ApiFailure 400 for headers that HTTP does not allow, 508 for one that comes back
    remote::HeaderList passedHeaders(const std::map<std::string, std::string>& headers) const;
    /// For Prometheus.
    std::string metrics() const;
    bool isIdle() const { return m_relays == 0; } ///< No request is on its way.

    // For what is on its way. The lock is around whatever touches a group's router.
    WebClient& client() { return m_client; }
    std::mutex& lock() const { return m_mutex; }
    std::atomic<int>& relays() { return m_relays; }
    void begun(size_t index);
    void ended(size_t index, const std::string& how);
    /// A request failed there: it is looked at now.
    void doubt(size_t index);

private:
    class Look;
    struct Watched {
        explicit Watched(const remote::HealthIntervals& intervals)
            : monitor(remote::Clock::now(), intervals)
        {
        }
        remote::HealthMonitor monitor;
        std::optional<remote::ServerProbe> probe;
        std::shared_ptr<WebCall> call;
        std::optional<remote::Dialect> dialect;
        std::vector<remote::RemoteModel> models;
        bool wasLookedAt = false;
        uint64_t alarm = 0; ///< of the last timer
        Counts counts;
    };
    void tick(size_t index);
    void askNext(size_t index, int check);
    void took(size_t index, int check, const remote::HttpReply* reply,
              const remote::Failure& failure);
    void finishLook(size_t index, int check);
    void setHealth(size_t index);
    void regroup();
    void addGroup(const std::string& id, const std::string& model, std::vector<size_t> members);

    const Settings m_settings;
    const std::string m_mark; ///< of this server, in Via
    mutable std::mutex m_mutex;
    std::vector<Watched> m_watched;
    std::map<std::string, std::shared_ptr<UpstreamGroup>> m_groups;
    std::vector<std::string> m_listed; ///< keys of m_groups
    std::atomic<int> m_relays = 0;
    WebClient m_client; ///< last: its thread uses the others
};

} // namespace argali::server
