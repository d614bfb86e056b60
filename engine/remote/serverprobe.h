#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/remote/failure.h"
#include "engine/remote/httpreply.h"
#include "engine/remote/remotemodel.h"

namespace argali::remote {

/// One request that a probe wants to be made.
struct ProbeRequest {
    std::string method; ///< "GET" or "POST"
    std::string path;   ///< from the root of the server, "/v1/models"
    std::string body;   ///< JSON, for POST
    bool operator==(const ProbeRequest&) const = default;
};

/// What a probe found out about a server.
struct ServerFacts {
    Dialect dialect = Dialect::Plain;
    std::string version; ///< one clean line; empty when the server does not say
    std::vector<RemoteModel> models;
    std::optional<Failure>
        failure; ///< the server cannot be used now; dialect is what is known of it
};

/// Finds out what kind of server it is and what models it has. It says which request comes next and
/// takes the reply; two runs over the same replies ask the same.
class ServerProbe final {
public:
    /// known: a server that was found to be of a kind before is asked less.
    explicit ServerProbe(std::optional<Dialect> known = std::nullopt);

    /// The request to make now; nothing when the probe is over.
    const std::optional<ProbeRequest>& next() const { return m_next; }
    /// The reply to that request.
    void take(const HttpReply& reply);
    /// There was no reply.
    void fail(const Failure& failure);
    const ServerFacts& facts() const { return m_facts; }

private:
    enum class Step {
        Models,
        Health,
        OllamaVersion,
        OllamaTags,
        OllamaShow,
        Props,
        LmStudio,
        Version,
        Done
    };
    void go(Step step);
    void goOn();
    void planFor(Dialect dialect);
    void planForAll();
    void takeModels(const HttpReply& reply);
    void takeHealth(const HttpReply& reply);
    void takeOllamaVersion(const HttpReply& reply);
    void showOllama();
    void takeOllamaTags(const HttpReply& reply);
    void takeOllamaShow(const HttpReply& reply);
    void takeProps(const HttpReply& reply);
    void takeLmStudio(const HttpReply& reply);
    void takeVersion(const HttpReply& reply);
    void found(Dialect dialect);
    void end(const Failure& failure);

    ServerFacts m_facts;
    std::optional<ProbeRequest> m_next;
    Step m_step = Step::Models;
    std::deque<Step> m_plan;  ///< after this one
    size_t m_shown = 0;       ///< models of Ollama that have been asked about
    bool m_isKnown = false;   ///< the dialect is certain
    bool m_isAssumed = false; ///< it was found before, and nothing has confirmed it yet
    bool m_hasModels = false;
};

/// The dialect that a reply betrays by its headers or by the owner of its models.
std::optional<Dialect> betrayedDialect(const HttpReply& reply);

} // namespace argali::remote
