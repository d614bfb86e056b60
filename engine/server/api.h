#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/server/apifailure.h"
#include "engine/server/chatanswer.h"
#include "engine/server/httpserver.h"
#include "engine/server/mediafetcher.h"
#include "engine/server/metrics.h"
#include "engine/server/modelset.h"
#include "engine/server/requestbook.h"
#include "engine/server/upstreamset.h"
#include "engine/server/workqueue.h"

namespace argali {
class Tokenizer;
}

namespace argali::server {

/// What a server answers at which path. Everything a client may send is checked here.
/// Thread: handle() on the server's; the rest any.
class Api final {
public:
    struct Settings {
        std::string key;                  ///< empty: none is asked for
        std::vector<std::string> origins; ///< of pages in browsers that may ask
        std::string version;
        int64_t bodyBytes = int64_t(64) << 20;
        /// Where it is set, pictures and films are fetched from addresses that requests name.
        std::optional<MediaFetcher::Settings> fetch;
    };
    struct Route {
        const char* method;
        const char* path;
        const char* does; ///< for the list at the start
    };

    /// models and upstreams, which may be null, must outlive it.
    Api(Settings settings, ModelSet& models, UpstreamSet* upstreams = nullptr);
    /// Stops the models: what they do is for requests that are known here.
    ~Api();
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    void handle(HttpRequest request, std::shared_ptr<HttpReply> reply);
    void setConnectionCount(std::function<int()> count) { m_connections = std::move(count); }
    static const std::vector<Route>& routes();

private:
    using Reply = std::shared_ptr<HttpReply>;
    /// A request for an answer.
    struct Asked {
        ChatAnswer::Shape shape;
        std::string path;
        std::string body;
        remote::HeaderList passed; ///< to upstreams
        std::shared_ptr<RequestBook::Entry> entry;
        bool mayWait = false; ///< for what it names by address
    };

    void checkCaller(const HttpRequest& request) const;
    std::map<std::string, std::string> pageHeaders(const HttpRequest& request) const;
    void dispatch(HttpRequest& request, const Reply& reply);
    using Work = std::function<std::optional<HttpAnswer>()>;
    void inBackground(const Reply& reply, Work work);
    void inBackground(WorkQueue& queue, const Reply& reply, Work work, std::stop_token stop,
                      std::function<void()> dropped = {});
    void inBackground(WorkQueue& queue, const Reply& reply, Asked asked);
    MediaFetch fetchFor(const Asked& asked);
    ChatCall readCall(const Asked& asked, const nlohmann::json& value);
    HttpAnswer stopRequest(const HttpRequest& request);
    std::optional<HttpAnswer> answerChat(Asked asked, const Reply& reply);
    bool passOn(Asked& asked, nlohmann::json& value, const Reply& reply);
    ModelHost& hostOf(const std::string& name) const;
    HttpAnswer tokenize(const std::string& body);
    HttpAnswer detokenize(const std::string& body);
    HttpAnswer loadOrUnload(const std::string& body, bool load);
    std::shared_ptr<const Tokenizer> tokenizerOf(const ModelHost& host);

    const Settings m_settings;
    ModelSet& m_models;
    UpstreamSet* const m_upstreams;
    const int64_t m_started; ///< seconds since 1970
    MediaVault m_vault;
    Metrics m_metrics;
    RequestBook m_requests;
    std::function<int()> m_connections = [] { return 0; };
    std::mutex m_tokenizerMutex;
    std::map<const ModelHost*, std::shared_ptr<const Tokenizer>> m_tokenizers;
    std::unique_ptr<MediaFetcher> m_fetcher;
    // Last, since their threads use the others.
    std::unique_ptr<WorkQueue> m_fetchers; ///< of requests that wait for what they name
    WorkQueue m_readers;                   ///< of requests
};

} // namespace argali::server
