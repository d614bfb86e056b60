#pragma once

// Servers of this process: one that plays an upstream, and one that passes requests on to some.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/server/api.h"
#include "engine/server/httpserver.h"
#include "engine/server/upstreamset.h"

namespace argali::test {

/// An OpenAI-style server with one model that answers chats as the test wants.
class FakeUpstream final {
public:
    using Reply = std::shared_ptr<server::HttpReply>;
    using Chat = std::function<void(const server::HttpRequest&, const Reply&)>;

    explicit FakeUpstream(Chat answer, std::string model = "m", uint16_t port = 0)
        : m_chat(std::move(answer)),
          m_model(std::move(model)),
          m_server({.port = port},
                   [this](server::HttpRequest request, Reply reply) { take(request, reply); })
    {
    }
    int asked() const { return m_asked; } ///< chats
    int port() const { return m_server.port(); }
    std::string url() const { return "http://" + m_server.address(); }
    server::HttpRequest last() const
    {
        const std::lock_guard lock(m_mutex);
        return m_last;
    }
    void setChat(Chat chat)
    {
        const std::lock_guard lock(m_mutex);
        m_chat = std::move(chat);
    }
    void setUp(bool isUp) { m_isUp = isUp; } ///< as its list of models says

    static void answerWith(const Reply& reply, int status, const std::string& body,
                           std::map<std::string, std::string> headers = {})
    {
        reply->send({status, "application/json", body, std::move(headers)});
    }
    static std::string whole(const std::string& text)
    {
        return R"({"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,)"
               R"("finish_reason":"stop","message":{"role":"assistant","content":")" +
               text + R"("}}]})";
    }
    static std::string event(const std::string& text, bool isLast = false)
    {
        return R"(data: {"choices":[{"index":0,"delta":{"content":")" + text +
               R"("},"finish_reason":)" + (isLast ? R"("stop")" : "null") + "}]}\n\n";
    }
    static void beginStream(const Reply& reply)
    {
        reply->begin({200, "text/event-stream", {}, {}});
    }
    /// One that says its text, whole or as a stream.
    static Chat saying(const std::string& text)
    {
        return [text](const server::HttpRequest& request, const Reply& reply) {
            if (request.body.find("\"stream\":true") == std::string::npos)
                return answerWith(reply, 200, whole(text));
            beginStream(reply);
            reply->write(event(text, true) + "data: [DONE]\n\n");
            reply->end();
        };
    }
    static Chat failing(int status, const std::string& body = R"({"error":{"message":"broken"}})",
                        std::map<std::string, std::string> headers = {})
    {
        return [=](const server::HttpRequest&, const Reply& reply) {
            answerWith(reply, status, body, headers);
        };
    }

private:
    void take(const server::HttpRequest& request, const Reply& reply)
    {
        if (request.path == "/v1/models") {
            if (!m_isUp)
                return answerWith(reply, 500, "{}");
            return answerWith(reply, 200,
                              R"({"object":"list","data":[{"id":")" + m_model +
                                  R"(","object":"model","owned_by":"vllm"}]})");
        }
        if (request.method == "GET")
            return answerWith(reply, 200, R"({"version":"1"})");
        Chat chat;
        {
            const std::lock_guard lock(m_mutex);
            m_last = request;
            chat = m_chat;
        }
        ++m_asked;
        chat(request, reply);
    }

    mutable std::mutex m_mutex;
    Chat m_chat;
    const std::string m_model;
    server::HttpRequest m_last;
    std::atomic<int> m_asked = 0;
    std::atomic<bool> m_isUp = true;
    server::HttpServer m_server; // last: its thread uses the others
};

/// serve with upstreams and without a model of its own.
class RouterServer final {
public:
    static server::Upstream upstream(const std::string& name, const std::string& url,
                                     double weight = 1)
    {
        return {name, remote::ServerUrl::parse(url), weight, {}};
    }
    explicit RouterServer(server::UpstreamSet::Settings settings)
        : m_models({}),
          m_upstreams(std::move(settings)),
          m_api({}, m_models, &m_upstreams),
          m_server({.errorAnswer = server::protocolAnswer},
                   [this](server::HttpRequest request, std::shared_ptr<server::HttpReply> reply) {
                       m_api.handle(std::move(request), std::move(reply));
                   })
    {
        m_upstreams.waitForFirstLook(std::chrono::seconds(20));
    }
    int port() const { return m_server.port(); }
    server::UpstreamSet& upstreams() { return m_upstreams; }

private:
    server::ModelSet m_models;
    server::UpstreamSet m_upstreams;
    server::Api m_api;
    server::HttpServer m_server;
};

} // namespace argali::test
