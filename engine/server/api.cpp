#include "engine/server/api.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "engine/log.h"
#include "engine/server/chatfields.h"
#include "engine/server/modellist.h"
#include "engine/server/pagereply.h"
#include "engine/server/relay.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali::server {

namespace {

using nlohmann::json;

constexpr int readers = 2;
constexpr size_t mostRead = 256; ///< requests that wait to be read
constexpr int fetchers = 8;
constexpr size_t mostFetching = 64;
constexpr auto longestFetching = std::chrono::seconds(60); ///< for all of a request
constexpr std::string_view oneRequest = "/v1/requests/";   ///< its id follows

/// In a time that does not depend on where they differ.
bool isSame(std::string_view first, std::string_view second)
{
    unsigned different = first.size() == second.size() ? 0 : 1;
    for (size_t i = 0; i < first.size(); ++i)
        different |= unsigned(first[i] ^ second[second.empty() ? 0 : i % second.size()]);
    return different == 0 && !second.empty();
}

/// The host of "name:port", without its brackets.
std::string hostPart(const std::string& host)
{
    if (host.starts_with('['))
        return host.substr(1, std::max<size_t>(host.find(']'), 1) - 1);
    return host.substr(0, host.find(':'));
}

bool isOpenPath(const std::string& path)
{
    return path == "/health" || path == "/ping" || path == "/version";
}

/// Throws: ApiFailure for pictures or films that the model does not see
void refuseUnseen(const ChatRequest& request, const ModelInfo& info)
{
    using Type = ContentItem::Type;
    for (const Message& message : request.messages)
        for (const ContentItem& item : message.content)
            if ((item.type == Type::Picture && !info.seesPictures) ||
                (item.type == Type::Film && !info.seesFilms))
                throw ApiFailure(400, "not_for_this_model",
                                 item.type == Type::Film ? "this model does not see films"
                                                         : "this model does not see pictures",
                                 "messages");
}

} // namespace

const std::vector<Api::Route>& Api::routes()
{
    static const std::vector<Route> routes = {
        {"GET", "/health", "200 when a model is ready, 503 with progress while one loads"},
        {"GET", "/ping", "200 while the server is there"},
        {"GET", "/version", "the version of this program"},
        {"GET", "/metrics", "counts and times, for Prometheus"},
        {"GET", "/v1/models", "the models"},
        {"POST", "/v1/models/load", "{\"model\"}: begins to load one"},
        {"POST", "/v1/models/unload", "{\"model\"}: frees its memory"},
        {"POST", "/v1/chat/completions", "answers, whole or as a stream; text, pictures, films"},
        {"POST", "/v1/completions", "the same for one text"},
        {"GET", "/v1/requests", "who is answered and who waits, and how far it is; no texts"},
        {"DELETE", "/v1/requests/{id}", "stops one"},
        {"POST", "/tokenize", "{\"content\" or \"prompt\"}: its token ids"},
        {"POST", "/detokenize", "{\"tokens\"}: their text"},
        {"POST", "/", "{\"prompt\", \"history\"}: as ChatGLM2-6B's api.py"},
    };
    return routes;
}

Api::Api(Settings settings, ModelSet& models, UpstreamSet* upstreams)
    : m_settings(std::move(settings)),
      m_models(models),
      m_upstreams(upstreams),
      m_started(std::chrono::duration_cast<std::chrono::seconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count()),
      m_readers(readers, mostRead)
{
    if (!m_settings.fetch)
        return;
    m_fetcher = std::make_unique<MediaFetcher>(*m_settings.fetch);
    m_fetchers = std::make_unique<WorkQueue>(fetchers, mostFetching);
}

Api::~Api()
{
    m_models.stop();
}

void Api::handle(HttpRequest request, std::shared_ptr<HttpReply> reply)
{
    try {
        checkCaller(request);
        if (auto headers = pageHeaders(request); !headers.empty())
            reply = std::make_shared<PageReply>(std::move(reply), std::move(headers));
        dispatch(request, reply);
    } catch (const ApiFailure& failure) {
        m_metrics.countRequest({}, failure.status());
        reply->send(failureAnswer(failure));
    }
}

/// Throws: ApiFailure 401, 403
void Api::checkCaller(const HttpRequest& request) const
{
    const std::string origin = request.header("origin");
    if (!origin.empty() &&
        std::ranges::find(m_settings.origins, origin) == m_settings.origins.end())
        throw ApiFailure(403, "origin_not_allowed", "pages of this origin may not use this server");
    if (m_settings.key.empty()) {
        // A page could give its own name the address of this machine, and then ask as if it came
        // from here.
        const std::string host = hostPart(request.header("host"));
        if (host != "localhost" && host != "127.0.0.1" && host != "::1")
            throw ApiFailure(403, "host_not_allowed",
                             "this server is asked by the name localhost or 127.0.0.1");
        return;
    }
    if (isOpenPath(request.path) || request.method == "OPTIONS")
        return;
    constexpr std::string_view bearer = "Bearer ";
    const std::string given = request.header("authorization");
    if (!given.starts_with(bearer) ||
        !isSame(std::string_view(given).substr(bearer.size()), m_settings.key))
        throw ApiFailure(401, "invalid_api_key", "the API key is missing or wrong");
}

std::map<std::string, std::string> Api::pageHeaders(const HttpRequest& request) const
{
    const std::string origin = request.header("origin");
    if (origin.empty())
        return {};
    return {{"Access-Control-Allow-Origin", origin}, {"Vary", "Origin"}};
}

void Api::dispatch(HttpRequest& request, const Reply& reply)
{
    const auto is = [&request](const char* method, const char* path) {
        const bool sameMethod = request.method == method ||
                                (request.method == "HEAD" && std::string_view(method) == "GET");
        return sameMethod && request.path == path;
    };
    if (request.method == "OPTIONS" && !request.header("origin").empty()) {
        HttpAnswer answer;
        answer.headers = {{"Access-Control-Allow-Methods", "GET, POST, DELETE"},
                          {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
                          {"Access-Control-Max-Age", "600"}};
        return reply->send(std::move(answer));
    }
    if (is("GET", "/health"))
        return reply->send(healthAnswer(m_models, m_upstreams));
    if (is("GET", "/ping"))
        return reply->send(jsonAnswer({{"status", "ok"}}));
    if (is("GET", "/version"))
        return reply->send(jsonAnswer({{"version", m_settings.version}}));
    if (is("GET", "/v1/models"))
        return reply->send(modelsAnswer(m_models, m_upstreams, m_started));
    if (is("GET", "/v1/requests"))
        return reply->send(jsonAnswer(m_requests.list()));
    if (request.path.starts_with(oneRequest))
        return reply->send(stopRequest(request));
    if (is("GET", "/metrics")) {
        HttpAnswer answer;
        answer.type = "text/plain; version=0.0.4";
        answer.body = m_metrics.text(m_models, m_connections());
        if (m_upstreams)
            answer.body += m_upstreams->metrics();
        return reply->send(std::move(answer));
    }
    const auto chat = [&](ChatAnswer::Shape shape) {
        Asked asked{shape,
                    request.path,
                    std::move(request.body),
                    {},
                    m_requests.add(request, reply->gone())};
        if (m_upstreams)
            asked.passed = m_upstreams->passedHeaders(request.headers);
        inBackground(m_readers, reply, std::move(asked));
    };
    if (is("POST", "/v1/chat/completions"))
        return chat(ChatAnswer::Shape::Chat);
    if (is("POST", "/v1/completions"))
        return chat(ChatAnswer::Shape::Completion);
    if (is("POST", "/"))
        return chat(ChatAnswer::Shape::Glm);
    if (is("POST", "/tokenize"))
        return inBackground(reply,
                            [this, body = std::move(request.body)] { return tokenize(body); });
    if (is("POST", "/detokenize"))
        return inBackground(reply,
                            [this, body = std::move(request.body)] { return detokenize(body); });
    for (const bool load : {true, false})
        if (is("POST", load ? "/v1/models/load" : "/v1/models/unload"))
            return inBackground(reply, [this, load, body = std::move(request.body)] {
                return loadOrUnload(body, load);
            });
    const bool isKnown = std::ranges::any_of(
        routes(), [&request](const Route& route) { return request.path == route.path; });
    if (isKnown)
        throw ApiFailure(405, "method_not_allowed", "this path is asked by another method");
    throw ApiFailure(404, "unknown_path", "there is nothing at this path");
}

/// Does what takes time away from the thread of all connections. work gives the answer, or nothing
/// where it comes later.
void Api::inBackground(const Reply& reply, Work work)
{
    inBackground(m_readers, reply, std::move(work), reply->gone());
}

/// The same for a request for an answer, which its owner may stop.
void Api::inBackground(WorkQueue& queue, const Reply& reply, Asked asked)
{
    const std::shared_ptr<RequestBook::Entry> entry = asked.entry;
    Work work = [this, asked = std::move(asked), reply]() mutable {
        return answerChat(std::move(asked), reply);
    };
    inBackground(queue, reply, std::move(work), entry->stopToken(), [this, entry, reply] {
        entry->end();
        if (!entry->isStoppedByOwner())
            return; // the client has gone
        const ApiFailure failure = stoppedByOwner();
        m_metrics.countRequest({}, failure.status());
        reply->send(failureAnswer(failure));
    });
}

/// stop: nobody wants it any more. dropped: called where that was so before it began
void Api::inBackground(WorkQueue& queue, const Reply& reply, Work work, std::stop_token stop,
                       std::function<void()> dropped)
{
    auto run = [this, reply, work = std::move(work)] {
        const auto refuse = [this, &reply](const ApiFailure& failure) {
            m_metrics.countRequest({}, failure.status());
            reply->send(failureAnswer(failure));
        };
        try {
            if (std::optional<HttpAnswer> answer = work())
                reply->send(std::move(*answer));
        } catch (const ApiFailure& failure) {
            refuse(failure);
        } catch (const Error& error) {
            log(LogLevel::Warning, error.what());
            refuse(toFailure(error));
        } catch (const std::bad_alloc&) {
            refuse(toFailure(Error(Error::Code::OutOfMemory, {})));
        } catch (const std::exception& error) { // nothing that a client sends ends the program
            log(LogLevel::Warning, error.what());
            refuse(toFailure(Error(Error::Code::Internal, {})));
        }
    };
    if (!queue.add(std::move(run), std::move(stop), std::move(dropped)))
        throw ApiFailure(503, "too_busy", "too many requests come at once; try again later");
}

/// Throws: ApiFailure 404, and 400 for what only a model of this server can do
ModelHost& Api::hostOf(const std::string& name) const
{
    if (ModelHost* host = m_models.find(name))
        return *host;
    if (m_upstreams && m_upstreams->find(name))
        throw ApiFailure(400, "upstream_model", "the model is on another server, which does that",
                         "model");
    std::string names;
    const auto add = [&names](const std::string& id) { names += (names.empty() ? "" : ", ") + id; };
    for (const auto& host : m_models.hosts()) {
        add(host->name());
        for (const std::string& adapter : host->adapters())
            add(host->name() + '+' + adapter);
    }
    if (m_upstreams)
        for (const auto& listed : m_upstreams->models())
            add(listed.id);
    throw ApiFailure(404, "model_not_found",
                     names.empty() ? "there are no models now"
                                   : "there is no such model; there are: " + names,
                     "model");
}

/// Sends a request on to the server that has its model. Returns whether one has.
bool Api::passOn(Asked& asked, json& value, const Reply& reply)
{
    if (!m_upstreams || asked.shape == ChatAnswer::Shape::Glm)
        return false;
    const std::string model = Fields(value).text("model", 4096).value_or("");
    const auto group = m_models.find(model) ? nullptr : m_upstreams->find(model);
    if (!group)
        return false;
    if (model != group->model) {
        value["model"] = group->model;
        asked.body = toLine(value);
    }
    value = {}; // of pictures there may be much
    Relay::Call call{asked.path, std::make_shared<const std::string>(std::move(asked.body)),
                     std::move(asked.passed)};
    std::make_shared<Relay>(*m_upstreams, group, std::move(call), reply, m_metrics, asked.entry)
        ->start();
    return true;
}

/// Fetches for one request: all together no more than a request itself may be.
MediaFetch Api::fetchFor(const Asked& asked)
{
    const auto end = std::chrono::steady_clock::now() + longestFetching;
    return [this, end, gone = asked.entry->stopToken(),
            left = m_settings.bodyBytes](const std::string& url) mutable {
        if (std::chrono::steady_clock::now() >= end)
            throw ApiFailure(400, "fetch_timeout", "the pictures and films took too long to fetch",
                             "messages");
        auto bytes = m_fetcher->fetch(url, left, gone);
        left -= int64_t(bytes.size());
        return bytes;
    };
}

/// Throws: ApiFailure, as the readers; 403 when it was stopped while it fetched something
ChatCall Api::readCall(const Asked& asked, const json& value)
{
    if (asked.shape == ChatAnswer::Shape::Completion)
        return readCompletionCall(value);
    if (asked.shape == ChatAnswer::Shape::Glm)
        return readGlmCall(value);
    try {
        return readChatCall(value, m_vault, m_fetcher ? fetchFor(asked) : MediaFetch());
    } catch (const ApiFailure&) {
        if (asked.entry->isStoppedByOwner())
            throw stoppedByOwner();
        throw;
    }
}

/// Throws: ApiFailure 404, 405
HttpAnswer Api::stopRequest(const HttpRequest& request)
{
    if (request.method != "DELETE")
        throw ApiFailure(405, "method_not_allowed", "this path is asked by another method");
    const std::string id = request.path.substr(oneRequest.size());
    if (!m_requests.stop(id))
        throw ApiFailure(404, "request_not_found", "there is no such request now; it may be over");
    return jsonAnswer({{"id", id}, {"object", "request"}, {"state", "stopped"}});
}

/// Hands a request for an answer to its model. Returns what is to be said at once, if anything.
std::optional<HttpAnswer> Api::answerChat(Asked asked, const Reply& reply)
{
    json value = parseBody(asked.body, m_settings.bodyBytes);
    if (passOn(asked, value, reply))
        return std::nullopt;
    const ChatAnswer::Shape shape = asked.shape;
    if (m_fetcher && shape == ChatAnswer::Shape::Chat && !asked.mayWait && namesAddresses(value)) {
        asked.mayWait = true;
        inBackground(*m_fetchers, reply, std::move(asked));
        return std::nullopt;
    }
    ChatCall call = readCall(asked, value);
    ModelHost& host = hostOf(call.model);
    call.request.adapter = m_models.adapterIn(call.model);
    if (!host.info().thinks)
        call.request.thinking = false; // as others do with models that cannot
    refuseUnseen(call.request, host.info());
    const std::string& adapter = call.request.adapter;
    const std::string name = adapter.empty() ? host.name() : host.name() + '+' + adapter;
    const auto answer =
        std::make_shared<ChatAnswer>(std::move(call), shape, name, reply, m_metrics, asked.entry);
    switch (host.submit(answer->job())) {
    case ModelHost::Admission::Accepted:
        break;
    case ModelHost::Admission::Full: {
        HttpAnswer full =
            failureAnswer({429, "queue_full", "too many requests wait for this model"});
        full.headers.emplace("Retry-After", "2");
        m_metrics.countRequest(host.name(), full.status);
        return full;
    }
    case ModelHost::Admission::Closed:
        throw ApiFailure(503, "closing", "the server is being closed");
    }
    return std::nullopt;
}

std::shared_ptr<const Tokenizer> Api::tokenizerOf(const ModelHost& host)
{
    const std::lock_guard lock(m_tokenizerMutex);
    std::shared_ptr<const Tokenizer>& tokenizer = m_tokenizers[&host];
    if (!tokenizer)
        tokenizer = openTokenizer(host.folder());
    return tokenizer;
}

HttpAnswer Api::tokenize(const std::string& body)
{
    const json value = parseBody(body, m_settings.bodyBytes);
    const Fields fields(value);
    const ModelHost& host = hostOf(fields.text("model", 4096).value_or(""));
    const auto content = fields.text("content", mostText);
    const auto prompt = fields.text("prompt", mostText);
    if (!content && !prompt)
        fields.refuse("content", "a text");
    const std::vector<int32_t> ids = tokenizerOf(host)->encode(content ? *content : *prompt);
    m_metrics.countRequest(host.name(), 200);
    return jsonAnswer(
        {{"tokens", ids}, {"count", ids.size()}, {"max_model_len", host.info().context}});
}

HttpAnswer Api::detokenize(const std::string& body)
{
    const json value = parseBody(body, m_settings.bodyBytes);
    const Fields fields(value);
    const ModelHost& host = hostOf(fields.text("model", 4096).value_or(""));
    const json* tokens = fields.list("tokens", 200'000);
    if (!tokens)
        fields.refuse("tokens", "a list of token ids");
    const auto tokenizer = tokenizerOf(host);
    std::vector<int32_t> ids;
    for (const json& token : *tokens) {
        if (!token.is_number_unsigned() || token.get<uint64_t>() >= uint64_t(tokenizer->size()))
            fields.refuse("tokens", "a list of token ids of this model");
        ids.push_back(token.get<int32_t>());
    }
    const std::string text = tokenizer->decode(ids, false);
    m_metrics.countRequest(host.name(), 200);
    return jsonAnswer({{"content", text}, {"prompt", text}});
}

HttpAnswer Api::loadOrUnload(const std::string& body, bool load)
{
    const json value = parseBody(body, m_settings.bodyBytes);
    const Fields fields(value);
    const auto name = fields.text("model", 4096);
    if (!name)
        fields.refuse("model", "the name of a model");
    ModelHost& host = hostOf(*name);
    if (load)
        host.load();
    else if (!host.unload())
        throw ApiFailure(409, "model_in_use", "the model is answering or loading; try again later",
                         "model");
    m_metrics.countRequest(host.name(), 200);
    return jsonAnswer({{"model", host.name()}, {"state", load ? "loading" : "unloaded"}});
}

} // namespace argali::server
