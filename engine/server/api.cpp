#include "engine/server/api.h"

#include <algorithm>
#include <chrono>

#include "engine/log.h"
#include "engine/server/chatfields.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali::server {

namespace {

using nlohmann::json;

constexpr int readers = 2;
constexpr size_t mostRead = 256; ///< requests that wait to be read
constexpr size_t mostText = size_t(8) << 20;

HttpAnswer jsonAnswer(const json& value, int status = 200)
{
    HttpAnswer answer;
    answer.status = status;
    answer.body = toLine(value);
    return answer;
}

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
        {"POST", "/tokenize", "{\"content\" or \"prompt\"}: its token ids"},
        {"POST", "/detokenize", "{\"tokens\"}: their text"},
        {"POST", "/", "{\"prompt\", \"history\"}: as ChatGLM2-6B's api.py"},
    };
    return routes;
}

Api::Api(Settings settings, ModelSet& models)
    : m_settings(std::move(settings)),
      m_models(models),
      m_started(std::chrono::duration_cast<std::chrono::seconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count()),
      m_readers(readers, mostRead)
{
}

Api::~Api()
{
    m_models.stop();
}

void Api::handle(HttpRequest request, std::shared_ptr<HttpReply> reply)
{
    try {
        checkCaller(request);
        const auto headers = pageHeaders(request);
        if (!headers.empty()) {
            // A page in a browser reads the answer only with these.
            class PageReply final : public HttpReply {
            public:
                PageReply(Reply reply, std::map<std::string, std::string> headers)
                    : m_reply(std::move(reply)), m_headers(std::move(headers))
                {
                }
                void send(HttpAnswer answer) override { m_reply->send(with(std::move(answer))); }
                void begin(HttpAnswer head) override { m_reply->begin(with(std::move(head))); }
                void write(std::string piece) override { m_reply->write(std::move(piece)); }
                void end() override { m_reply->end(); }
                std::stop_token gone() const override { return m_reply->gone(); }

            private:
                HttpAnswer with(HttpAnswer answer) const
                {
                    answer.headers.insert(m_headers.begin(), m_headers.end());
                    return answer;
                }
                const Reply m_reply;
                const std::map<std::string, std::string> m_headers;
            };
            reply = std::make_shared<PageReply>(std::move(reply), headers);
        }
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
        answer.headers = {{"Access-Control-Allow-Methods", "GET, POST"},
                          {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
                          {"Access-Control-Max-Age", "600"}};
        return reply->send(std::move(answer));
    }
    if (is("GET", "/health"))
        return reply->send(health());
    if (is("GET", "/ping"))
        return reply->send(jsonAnswer({{"status", "ok"}}));
    if (is("GET", "/version"))
        return reply->send(jsonAnswer({{"version", m_settings.version}}));
    if (is("GET", "/v1/models"))
        return reply->send(list());
    if (is("GET", "/metrics")) {
        HttpAnswer answer;
        answer.type = "text/plain; version=0.0.4";
        answer.body = m_metrics.text(m_models, m_connections());
        return reply->send(std::move(answer));
    }
    const auto chat = [&](ChatAnswer::Shape shape) {
        inBackground(reply, [this, shape, reply, body = std::move(request.body)] {
            return answerChat(body, shape, reply);
        });
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
void Api::inBackground(const Reply& reply, std::function<std::optional<HttpAnswer>()> work)
{
    const bool isTaken = m_readers.add([this, reply, work = std::move(work)] {
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
        }
    });
    if (!isTaken)
        throw ApiFailure(503, "too_busy", "too many requests come at once; try again later");
}

/// Throws: ApiFailure 404
ModelHost& Api::hostOf(const std::string& name) const
{
    if (ModelHost* host = m_models.find(name))
        return *host;
    std::string names;
    for (const auto& host : m_models.hosts())
        names += (names.empty() ? "" : ", ") + host->name();
    throw ApiFailure(404, "model_not_found", "there is no such model; there are: " + names,
                     "model");
}

/// Hands a request for an answer to its model. Returns what is to be said at once, if anything.
std::optional<HttpAnswer> Api::answerChat(const std::string& body, ChatAnswer::Shape shape,
                                          const Reply& reply)
{
    const json value = parseBody(body, m_settings.bodyBytes);
    ChatCall call = shape == ChatAnswer::Shape::Chat         ? readChatCall(value, m_vault)
                    : shape == ChatAnswer::Shape::Completion ? readCompletionCall(value)
                                                             : readGlmCall(value);
    ModelHost& host = hostOf(call.model);
    if (!host.info().thinks)
        call.request.thinking = false; // as others do with models that cannot
    const auto answer =
        std::make_shared<ChatAnswer>(std::move(call), shape, host.name(), reply, m_metrics);
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

HttpAnswer Api::health() const
{
    bool isLoading = false;
    bool isReady = false;
    json models = json::array();
    for (const auto& host : m_models.hosts()) {
        const ModelHost::Status status = host->status();
        isLoading = isLoading || status.state == ModelHost::State::Loading;
        isReady = isReady || status.state == ModelHost::State::Ready;
        json model = {
            {"id", host->name()}, {"state", nameOf(status.state)}, {"waiting", status.waiting}};
        if (status.state == ModelHost::State::Loading && status.progress.total > 0)
            model["progress"] = double(status.progress.done) / double(status.progress.total);
        models.push_back(model);
    }
    if (isLoading && !isReady) {
        json answer = {
            {"error", {{"code", 503}, {"message", "Loading model"}, {"type", "unavailable_error"}}},
            {"status", "loading"},
            {"models", models}};
        return jsonAnswer(answer, 503);
    }
    return jsonAnswer({{"status", "ok"}, {"models", models}});
}

HttpAnswer Api::list() const
{
    json data = json::array();
    for (const auto& host : m_models.hosts()) {
        const ModelHost::Status status = host->status();
        const ModelInfo& info = host->info();
        json inputs = json::array({"text"});
        if (info.seesPictures)
            inputs.push_back("image");
        if (info.seesFilms)
            inputs.push_back("video");
        data.push_back({{"id", host->name()},
                        {"object", "model"},
                        {"created", m_started},
                        {"owned_by", "argali"},
                        {"max_model_len", status.context ? status.context : info.context},
                        {"state", nameOf(status.state)},
                        {"architecture", {{"input_modalities", inputs}, {"family", info.family}}},
                        {"capabilities",
                         {{"vision", info.seesPictures},
                          {"video", info.seesFilms},
                          {"thinking", info.thinks}}},
                        {"meta", {{"n_params", info.parameters}, {"n_ctx_train", info.context}}}});
    }
    return jsonAnswer({{"object", "list"}, {"data", data}});
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
