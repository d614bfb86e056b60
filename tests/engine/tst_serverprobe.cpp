#include <QtTest>

#include <map>

#include <nlohmann/json.hpp>

#include "engine/remote/failurereading.h"
#include "engine/remote/serverprobe.h"

using namespace argali::remote;
using nlohmann::json;

class TestServerProbe final : public QObject {
    Q_OBJECT
private slots:
    void vllm();
    void lmDeploy();
    void llamaServer();
    void llamaServerWhileLoading();
    void llamaServerAsRouter();
    void ollama();
    void oldOllama();
    void lmStudio();
    void argali();
    void plain();
    void knownServersAreAskedLess();
    void anotherServerAtTheSameAddress();
    void wrongKey();
    void startingWithProgress();
    void notOpenAiStyle_data();
    void notOpenAiStyle();
    void brokenConnections();
    void modelNamesAreCleaned();
    void ovisComesFirst();
    void theModelToNameFirst();
    void hostileLists_data();
    void hostileLists();
    void listsHaveAnEnd();
    void failures_data();
    void failures();
};

namespace {

/// A server as what it answers to each path; 404 for all others.
struct FakeServer {
    std::map<std::string, HttpReply> replies;
    std::vector<std::string> asked{};

    HttpReply reply(const ProbeRequest& request)
    {
        asked.push_back(request.method + ' ' + request.path +
                        (request.body.empty() ? "" : ' ' + request.body));
        const auto found = replies.find(request.path + request.body);
        return found != replies.end() ? found->second
                                      : HttpReply{404, {}, R"({"detail":"Not Found"})"};
    }
};

HttpReply ok(std::string body, std::vector<std::pair<std::string, std::string>> headers = {})
{
    return {200, std::move(headers), std::move(body)};
}

ServerFacts probed(FakeServer& server, std::optional<Dialect> known = std::nullopt)
{
    ServerProbe probe(known);
    for (int i = 0; i < 100 && probe.next(); ++i)
        probe.take(server.reply(*probe.next()));
    return probe.facts();
}

QString joined(const std::vector<std::string>& texts)
{
    QStringList list;
    for (const std::string& text : texts)
        list += QString::fromStdString(text);
    return list.join(", ");
}

FakeServer vllmServer()
{
    return {
        {{"/v1/models",
          ok(R"({"object":"list","data":[{"id":"AIDC-AI/Ovis2.5-9B","object":"model","created":1,)"
             R"("owned_by":"vllm","root":"AIDC-AI/Ovis2.5-9B","parent":null,"max_model_len":40960,)"
             R"("permission":[]}]})")},
         {"/version", ok(R"({"version":"0.31.0"})")}}};
}

FakeServer ollamaServer()
{
    return {
        {{"/v1/models",
          ok(R"({"object":"list","data":[{"id":"qwen3:8b","object":"model","created":1,"owned_by":"library"},)"
             R"({"id":"me/ovis:9b","object":"model","created":1,"owned_by":"me"}]})")},
         {"/api/version", ok(R"({"version":"0.12.0"})")},
         {R"(/api/show{"model":"me/ovis:9b"})",
          ok(R"({"capabilities":["completion","vision","thinking"],"model_info":{"general.architecture":"qwen3",)"
             R"("qwen3.context_length":40960}})")},
         {R"(/api/show{"model":"qwen3:8b"})",
          ok(R"({"capabilities":["completion"],"model_info":{"qwen3.context_length":8192}})")}}};
}

const char* const loadingBody =
    R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})";

} // namespace

void TestServerProbe::vllm()
{
    FakeServer server = vllmServer();
    const ServerFacts facts = probed(server);
    QCOMPARE(joined(server.asked), QString("GET /v1/models, GET /version"));
    QCOMPARE(facts.dialect, Dialect::Vllm);
    QCOMPARE(facts.version, std::string("0.31.0"));
    QVERIFY(!facts.failure);
    QCOMPARE(facts.models.size(), size_t(1));
    const RemoteModel& model = facts.models[0];
    QCOMPARE(model.id, std::string("AIDC-AI/Ovis2.5-9B"));
    QCOMPARE(*model.context, 40960);
    QCOMPARE(model.state, RemoteModel::State::Loaded);
    QCOMPARE(model.seesPictures, Known::Unknown); // it does not say
    QCOMPARE(model.thinks, Known::Unknown);
}

void TestServerProbe::lmDeploy()
{
    FakeServer server{
        {{"/v1/models",
          ok(R"({"object":"list","data":[{"id":"OpenGVLab/InternVL2-2B","object":"model",)"
             R"("owned_by":"lmdeploy","root":"x"}]})")}}};
    const ServerFacts facts = probed(server);
    QCOMPARE(joined(server.asked), QString("GET /v1/models"));
    QCOMPARE(facts.dialect, Dialect::LmDeploy);
    QVERIFY(!facts.models[0].context);
}

void TestServerProbe::llamaServer()
{
    FakeServer server{
        {{"/v1/models",
          ok(R"({"object":"list","models":[{"name":"x"}],"data":[{"id":"/models/ovis-Q4.gguf","object":"model",)"
             R"("owned_by":"llamacpp","meta":{"n_ctx_train":32768,"n_params":9000000000}}]})",
             {{"Server", "llama.cpp"}})},
         {"/props",
          ok(R"({"default_generation_settings":{"n_ctx":8192},"modalities":{"vision":true,"audio":false},)"
             R"("chat_template":"{% if enable_thinking %}","build_info":"b7000-abc"})")}}};
    const ServerFacts facts = probed(server);
    QCOMPARE(joined(server.asked), QString("GET /v1/models, GET /props"));
    QCOMPARE(facts.dialect, Dialect::LlamaServer);
    QCOMPARE(facts.version, std::string("b7000-abc"));
    const RemoteModel& model = facts.models[0];
    QCOMPARE(model.id, std::string("/models/ovis-Q4.gguf"));
    QCOMPARE(model.shown, std::string("ovis-Q4.gguf"));
    QCOMPARE(*model.context, 8192); // what it was started with, not what it was trained with
    QCOMPARE(model.seesPictures, Known::Yes);
    QCOMPARE(model.seesFilms, Known::Unknown);
    QCOMPARE(model.thinks, Known::Yes);
}

void TestServerProbe::llamaServerWhileLoading()
{
    // It lists its model, without meta, and says at /props that it loads.
    FakeServer server{
        {{"/v1/models", ok(R"({"data":[{"id":"m","owned_by":"llamacpp","meta":null}]})")},
         {"/props", {503, {}, loadingBody}},
         {"/health",
          {503,
           {},
           R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error","progress":0.25}})"}}}};
    const ServerFacts facts = probed(server);
    QCOMPARE(facts.dialect, Dialect::LlamaServer);
    QCOMPARE(facts.failure->kind, FailureKind::Starting);
    QCOMPARE(*facts.failure->progress, 0.25);
}

void TestServerProbe::llamaServerAsRouter()
{
    FakeServer server{
        {{"/v1/models",
          ok(R"({"data":[{"id":"a","owned_by":"llamacpp","status":{"value":"unloaded"},"architecture":{"input_modalities":["text"]}},)"
             R"({"id":"b","status":{"value":"loading","progress":0.5},"architecture":{"input_modalities":["text","image"]}},)"
             R"({"id":"c","status":{"value":"loaded"},"architecture":{"input_modalities":["text","image","video"]}},)"
             R"({"id":"d","status":{"value":"sleeping"}},{"id":"e","status":{"value":"unloaded","failed":true,"exit_code":1}},)"
             R"({"id":"f","status":{"value":"downloading"}}]})")},
         {"/props",
          ok(R"({"default_generation_settings":{"n_ctx":0},"modalities":{"vision":true}})")}}};
    const ServerFacts facts = probed(server);
    using State = RemoteModel::State;
    QCOMPARE(facts.models.size(), size_t(6));
    const State states[] = {State::Unloaded, State::Loading, State::Loaded,
                            State::Sleeping, State::Failed,  State::Loading};
    for (size_t i = 0; i < 6; ++i)
        QCOMPARE(facts.models[i].state, states[i]);
    QCOMPARE(*facts.models[1].progress, 0.5);
    QCOMPARE(facts.models[0].seesPictures, Known::No);
    QCOMPARE(facts.models[1].seesPictures, Known::Yes);
    QCOMPARE(facts.models[1].seesFilms, Known::Unknown);
    QCOMPARE(facts.models[2].seesFilms, Known::Yes);
    QCOMPARE(facts.models[3].seesPictures, Known::Unknown); // not those of the router
}

void TestServerProbe::ollama()
{
    FakeServer server = ollamaServer();
    const ServerFacts facts = probed(server);
    QCOMPARE(joined(server.asked),
             QString(R"(GET /v1/models, GET /api/version, POST /api/show {"model":"me/ovis:9b"}, )"
                     R"(POST /api/show {"model":"qwen3:8b"})"));
    QCOMPARE(facts.dialect, Dialect::Ollama);
    QCOMPARE(facts.version, std::string("0.12.0"));
    QCOMPARE(facts.models[0].id, std::string("me/ovis:9b"));
    QCOMPARE(facts.models[0].seesPictures, Known::Yes);
    QCOMPARE(facts.models[0].thinks, Known::Yes);
    QCOMPARE(*facts.models[0].context, 40960);
    QCOMPARE(facts.models[1].seesPictures, Known::No);
    QCOMPARE(facts.models[1].thinks, Known::No);
}

void TestServerProbe::oldOllama()
{
    FakeServer server{
        {{"/api/version", ok(R"({"version":"0.1.0"})")},
         {"/api/tags", ok(R"({"models":[{"name":"llava:7b","model":"llava:7b","details":{}}]})")}}};
    const ServerFacts facts = probed(server);
    QCOMPARE(facts.dialect, Dialect::Ollama);
    QCOMPARE(facts.models.size(), size_t(1));
    QCOMPARE(facts.models[0].id, std::string("llava:7b"));
    QVERIFY(!facts.failure);
    // None installed is a list too.
    FakeServer none{{{"/v1/models", ok(R"({"object":"list","data":null})")},
                     {"/api/version", ok(R"({"version":"0.12.0"})")}}};
    const ServerFacts empty = probed(none);
    QCOMPARE(empty.dialect, Dialect::Ollama);
    QVERIFY(empty.models.empty() && !empty.failure);
}

void TestServerProbe::lmStudio()
{
    FakeServer server{
        {{"/v1/models",
          ok(R"({"data":[{"id":"qwen3-vl-8b","object":"model","owned_by":"organization_owner"},)"
             R"({"id":"text-embedding-nomic","object":"model","owned_by":"organization_owner"},)"
             R"({"id":"llama-3","object":"model","owned_by":"organization_owner"}]})")},
         {"/api/v0/models",
          ok(R"({"data":[{"id":"qwen3-vl-8b","type":"vlm","state":"loaded","max_context_length":262144,"loaded_context_length":4096},)"
             R"({"id":"text-embedding-nomic","type":"embeddings","state":"not-loaded"},)"
             R"({"id":"llama-3","type":"llm","state":"not-loaded","max_context_length":131072}]})")}}};
    const ServerFacts facts = probed(server);
    QCOMPARE(joined(server.asked), QString("GET /v1/models, GET /api/v0/models"));
    QCOMPARE(facts.dialect, Dialect::LmStudio);
    QCOMPARE(facts.models.size(), size_t(2)); // embeddings cannot chat
    QCOMPARE(facts.models[0].seesPictures, Known::Yes);
    QCOMPARE(facts.models[0].state, RemoteModel::State::Loaded);
    QCOMPARE(*facts.models[0].context, 4096);
    QCOMPARE(facts.models[1].seesPictures, Known::No);
    QCOMPARE(facts.models[1].state, RemoteModel::State::Unloaded);
    // The newer list has capabilities.
    const auto newer = modelsIn(
        json::parse(
            R"({"models":[{"type":"llm","key":"a","loaded_instances":[{}],"max_context_length":9,)"
            R"("capabilities":{"vision":true,"reasoning":{"allowed_options":["off","on"]}}}]})"),
        Dialect::LmStudio);
    QCOMPARE(newer->at(0).seesPictures, Known::Yes);
    QCOMPARE(newer->at(0).thinks, Known::Yes);
    QCOMPARE(newer->at(0).state, RemoteModel::State::Loaded);
}

void TestServerProbe::argali()
{
    FakeServer server{
        {{"/v1/models",
          ok(R"({"data":[{"id":"pocket","owned_by":"argali","max_model_len":4096,"state":"loaded",)"
             R"("capabilities":{"vision":true,"video":true,"thinking":false}}]})")},
         {"/version", ok(R"({"version":"0.2.0","server":"argali"})")}}};
    const ServerFacts facts = probed(server);
    QCOMPARE(facts.dialect, Dialect::Argali);
    QCOMPARE(facts.models[0].seesPictures, Known::Yes);
    QCOMPARE(facts.models[0].seesFilms, Known::Yes);
    QCOMPARE(facts.models[0].thinks, Known::No);
    QCOMPARE(facts.models[0].state, RemoteModel::State::Loaded);
}

void TestServerProbe::plain()
{
    FakeServer server{{{"/v1/models", ok(R"({"data":[{"id":"gpt","owned_by":"system"}]})")}}};
    const ServerFacts facts = probed(server);
    QCOMPARE(facts.dialect, Dialect::Plain);
    QCOMPARE(
        joined(server.asked),
        QString("GET /v1/models, GET /api/version, GET /props, GET /api/v0/models, GET /version"));
    QVERIFY(!facts.failure);
    QCOMPARE(facts.models.size(), size_t(1));
    // Servers that answer every path with a page are none of the others.
    FakeServer pages = server;
    for (const char* const path : {"/api/version", "/props", "/api/v0/models", "/version"})
        pages.replies[path] = ok("<html>");
    QCOMPARE(probed(pages).dialect, Dialect::Plain);
    for (const char* const path : {"/api/version", "/props", "/api/v0/models", "/version"})
        pages.replies[path] = ok(R"({"error":"Unexpected endpoint"})");
    QCOMPARE(probed(pages).dialect, Dialect::Plain);
}

void TestServerProbe::knownServersAreAskedLess()
{
    FakeServer server = ollamaServer();
    server.replies["/v1/models"].body =
        R"({"data":[{"id":"me/ovis:9b","owned_by":"me"}]})"; // whose owner says nothing
    probed(server, Dialect::Ollama);
    QCOMPARE(joined(server.asked),
             QString(R"(GET /v1/models, GET /api/version, POST /api/show {"model":"me/ovis:9b"})"));
}

void TestServerProbe::anotherServerAtTheSameAddress()
{
    FakeServer server = vllmServer();
    for (const Dialect known :
         {Dialect::Ollama, Dialect::LmStudio, Dialect::LmDeploy, Dialect::Plain})
        QCOMPARE(probed(server, known).dialect, Dialect::Vllm);
    FakeServer other{{{"/v1/models", ok(R"({"data":[{"id":"gpt"}]})")}}};
    for (const Dialect known : {Dialect::Ollama, Dialect::Vllm, Dialect::LmDeploy})
        QCOMPARE(probed(other, known).dialect, Dialect::Plain);
}

void TestServerProbe::wrongKey()
{
    FakeServer server{{{"/v1/models", {401, {}, R"({"error":"Unauthorized"})"}}}};
    const ServerFacts facts = probed(server);
    QCOMPARE(facts.failure->kind, FailureKind::WrongKey);
    QCOMPARE(joined(server.asked), QString("GET /v1/models")); // nothing more with a key it refuses
}

void TestServerProbe::startingWithProgress()
{
    FakeServer server{{{"/v1/models", {503, {{"server", "llama.cpp"}}, loadingBody}},
                       {"/health", {503, {}, R"({"status":"loading model","progress":0.5})"}}}};
    ServerFacts facts = probed(server);
    QCOMPARE(facts.dialect, Dialect::LlamaServer);
    QCOMPARE(facts.failure->kind, FailureKind::Starting);
    QCOMPARE(*facts.failure->progress, 0.5);
    // LMDeploy, and whatever stands before a server that is not up.
    server.replies = {{"/v1/models", {503, {}, "<html><title>503 Service Unavailable</title>"}},
                      {"/health", {503, {}, R"({"status":"unhealthy"})"}}};
    facts = probed(server);
    QCOMPARE(facts.failure->kind, FailureKind::Starting);
    QVERIFY(!facts.failure->progress);
    // Up, and broken.
    server.replies["/health"] = ok(R"({"status":"ok"})");
    QCOMPARE(probed(server).failure->kind, FailureKind::ServerError);
}

void TestServerProbe::notOpenAiStyle_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("status");
    QTest::newRow("a page") << QByteArray("<html><title>Router</title></html>") << 200;
    QTest::newRow("no page") << QByteArray("<html><title>404</title></html>") << 404;
    QTest::newRow("other JSON") << QByteArray(R"({"status":"ok"})") << 200;
    QTest::newRow("a number") << QByteArray("7") << 200;
    QTest::newRow("nothing") << QByteArray() << 200;
    QTest::newRow("deep") << QByteArray(100'000, '[') << 200;
    QTest::newRow("redirected") << QByteArray() << 302;
}

void TestServerProbe::notOpenAiStyle()
{
    QFETCH(QByteArray, body);
    QFETCH(int, status);
    FakeServer server{{{"/v1/models", {status, {}, body.toStdString()}}}};
    const ServerFacts facts = probed(server);
    QVERIFY(facts.failure);
    QCOMPARE(facts.failure->kind, FailureKind::NotOpenAiStyle);
}

void TestServerProbe::brokenConnections()
{
    ServerProbe first;
    first.fail(failureFromTransport(TransportError::Refused, "Connection refused"));
    QVERIFY(!first.next());
    QCOMPARE(first.facts().failure->kind, FailureKind::Refused);
    first.fail(failureFromTransport(TransportError::TimedOut, "late")); // changes nothing any more
    QCOMPARE(first.facts().failure->kind, FailureKind::Refused);
    // After the list the rest is only more than that.
    FakeServer server = vllmServer();
    ServerProbe second;
    second.take(server.reply(*second.next()));
    second.fail(failureFromTransport(TransportError::TimedOut, "no answer"));
    QVERIFY(!second.next());
    QVERIFY(!second.facts().failure);
    QCOMPARE(second.facts().dialect, Dialect::Vllm);
}

void TestServerProbe::modelNamesAreCleaned()
{
    const json list = json::parse(
        R"({"data":[{"id":"a\u0007\n\u202Eb  c"},{"id":"/data/models/Ovis2.5-9B/"},{"id":""},)"
        R"({"id":"\u0001\u200b"},{"id":7},{"id":"dup"},{"id":"dup"},{"id":"org/name"}]})");
    const auto models = *modelsIn(list, Dialect::Plain);
    QCOMPARE(models.size(), size_t(4));
    QCOMPARE(models[0].shown, std::string("Ovis2.5-9B"));
    QCOMPARE(models[0].id, std::string("/data/models/Ovis2.5-9B/"));
    QCOMPARE(models[1].shown, std::string("a b c"));
    QCOMPARE(models[1].id, std::string("a\a\n\xE2\x80\xAE"
                                       "b  c")); // requests name it so
    QCOMPARE(models[3].shown, std::string("org/name"));
    const auto longNames = *modelsIn(
        json{{"data", {{{"id", std::string(500, 'x')}}, {{"id", std::string(513, 'y')}}}}},
        Dialect::Plain);
    QCOMPARE(longNames.size(), size_t(1));
    QVERIFY(longNames[0].shown.size() <= 163);
}

void TestServerProbe::ovisComesFirst()
{
    const auto models = *modelsIn(
        json::parse(R"({"data":[{"id":"b"},{"id":"x/OVIS2.5"},{"id":"a"},{"id":"ovis2"}]})"),
        Dialect::Plain);
    QStringList ids;
    for (const RemoteModel& model : models)
        ids += QString::fromStdString(model.id);
    QCOMPARE(ids.join(' '), QString("x/OVIS2.5 ovis2 b a"));
}

void TestServerProbe::theModelToNameFirst()
{
    std::vector<RemoteModel> models(3);
    QVERIFY(!preferredModel({}));
    QCOMPARE(preferredModel(models), &models[0]);
    models[1].state = RemoteModel::State::Loaded;
    QCOMPARE(preferredModel(models), &models[1]);
    models[2].id = "ovis";
    QCOMPARE(preferredModel(models), &models[2]);
    models[2].seesPictures = Known::No; // an Ovis for texts
    QCOMPARE(preferredModel(models), &models[1]);
    models[0].seesPictures = Known::Yes;
    QCOMPARE(preferredModel(models), &models[0]);
}

void TestServerProbe::hostileLists_data()
{
    QTest::addColumn<QByteArray>("body");
    const auto row = [](const char* text) { QTest::newRow(text) << QByteArray(text); };
    row(R"({"data":{}})");
    row(R"({"data":[null,1,"x",[],{"id":null},{"id":{}},{"id":["a"]}]})");
    row(R"({"data":[{"id":"a","max_model_len":-1,"status":5,"state":[],"capabilities":7,"architecture":"x","type":{}}]})");
    row(R"({"data":[{"id":"a","max_model_len":1e300,"capabilities":{"vision":"yes","reasoning":null},"loaded_instances":{}}]})");
    row(R"({"data":[{"id":"a","status":{"value":"loading","progress":-3}}]})");
    row(R"({"data":[{"id":"a","status":{"value":"loading","progress":"half"}}]})");
    row(R"([[[[]]]])");
}

void TestServerProbe::hostileLists()
{
    QFETCH(QByteArray, body);
    for (const char* const owner : {"vllm", "library", "organization_owner", "llamacpp", ""}) {
        FakeServer server;
        for (const char* const path :
             {"/v1/models", "/api/version", "/props", "/api/v0/models", "/version", "/health"})
            server.replies[path] = ok(body.toStdString());
        json value = json::parse(body.toStdString());
        if (value.is_object() && value["data"].is_array() && value["data"][0].is_object())
            value["data"][0]["owned_by"] = owner;
        server.replies["/v1/models"].body = value.dump();
        const ServerFacts facts = probed(server);
        for (const RemoteModel& model : facts.models) {
            QVERIFY(!model.context);
            QVERIFY(!model.progress);
            QCOMPARE(model.seesPictures, Known::Unknown);
        }
    }
}

void TestServerProbe::listsHaveAnEnd()
{
    json list = json::array();
    for (int i = 0; i < 5000; ++i)
        list.push_back({{"id", "model-" + std::to_string(i)}, {"owned_by", "library"}});
    QCOMPARE(modelsIn(json{{"data", list}}, Dialect::Ollama)->size(), size_t(1000));
    FakeServer server{{{"/v1/models", ok(json{{"data", list}}.dump())},
                       {"/api/version", ok(R"({"version":"1"})")}}};
    probed(server);
    QCOMPARE(server.asked.size(), size_t(34)); // 32 of them are asked about
}

void TestServerProbe::failures_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("detail");
    const auto row = [](const char* name, int status, const char* body, const char* kind,
                        const char* detail) {
        QTest::newRow(name) << status << QByteArray(body) << QString(kind) << QString(detail);
    };
    row("wrong key", 401, R"({"error":{"message":"Incorrect API key","code":"invalid_api_key"}})",
        "wrong-key", "Incorrect API key");
    row("forbidden", 403, "", "wrong-key", "");
    row("model", 404,
        R"({"error":{"message":"The model `x` does not exist.","type":"NotFoundError","code":404}})",
        "model-not-found", "The model `x` does not exist.");
    row("Ollama's model", 404, R"({"error":"model \"x\" not found, try pulling it first"})",
        "model-not-found", "model \"x\" not found, try pulling it first");
    row("path", 404, R"({"detail":"Not Found"})", "not-openai", "Not Found");
    row("too many", 429, R"({"error":{"message":"Slow down"}})", "overloaded", "Slow down");
    row("large", 413, "<html><head><title>413 Request Entity Too Large</title></head>", "too-large",
        "413 Request Entity Too Large");
    row("context", 400,
        R"({"error":{"message":"This model's maximum context length is 8192 tokens. However, ...","type":"BadRequestError"}})",
        "context-exceeded", "This model's maximum context length is 8192 tokens. However, ...");
    row("llama-server's context", 400,
        R"({"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}})",
        "context-exceeded", "the request exceeds the available context size");
    row("pictures", 400,
        R"({"error":{"message":"At most 4 image(s) may be provided in one prompt."}})",
        "too-many-pictures", "At most 4 image(s) may be provided in one prompt.");
    row("loading", 503, loadingBody, "starting", "Loading model");
    row("fields", 422, R"({"detail":[{"loc":["body","messages",0],"msg":"field required"}]})",
        "bad-request", "messages: field required");
    row("message", 400, R"({"message":"no"})", "bad-request", "no");
    row("server error", 500, "oops\n\x1b[31mred", "server-error", "oops [31mred");
    row("gateway", 502, "<TITLE>502 Bad Gateway</TITLE>", "server-error", "502 Bad Gateway");
    row("gateway waited", 504, "", "timed-out", "");
    row("proxy", 407, "", "proxy", "");
    row("teapot", 418, "", "bad-request", "");
}

void TestServerProbe::failures()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(QString, kind);
    QFETCH(QString, detail);
    const Failure failure = failureFromReply({status, {{"Retry-After", "17"}}, body.toStdString()});
    QCOMPARE(QString(nameOf(failure.kind)), kind);
    QCOMPARE(QString::fromStdString(failure.detail), detail);
    QCOMPARE(failure.status, status);
    QCOMPARE(failure.retryAfter->count(), 17);
    QCOMPARE(failure.pictureLimit.has_value(), kind == "too-many-pictures");
    if (failure.pictureLimit)
        QCOMPARE(*failure.pictureLimit, 4);
    QVERIFY(!failureFromReply({status, {{"retry-after", "Fri, 31 Dec 1999"}}, {}}).retryAfter);
    QVERIFY(failureFromReply({status, {}, std::string(1'000'000, 'x')}).detail.size() < 700);
}

QTEST_APPLESS_MAIN(TestServerProbe)
#include "tst_serverprobe.moc"
