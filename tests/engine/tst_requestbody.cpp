#include <QtTest>

#include <limits>

#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/remote/base64.h"
#include "engine/remote/failurereading.h"
#include "engine/remote/requestbody.h"

using namespace argali;
using namespace argali::remote;
using nlohmann::json;

class TestRequestBody final : public QObject {
    Q_OBJECT
private slots:
    void base64();
    void plainTextFieldByField();
    void picturesInOrder();
    void theSamePictureHasTheSameBytes();
    void framesWithTheirTimes();
    void filmsAsFiles_data();
    void filmsAsFiles();
    void tokenLimit_data();
    void tokenLimit();
    void thinkingSwitch_data();
    void thinkingSwitch();
    void thinkingBudget();
    void sampling_data();
    void sampling();
    void mediaOptions();
    void continuation();
    void everyPairOfFeatures();
    void learnsFromRefusals_data();
    void learnsFromRefusals();
    void otherErrorsAreNoRefusals();
    void repeatsWithoutWhatWasRefused();
    void ollamaInItsOwnWords();
    void endsThinkingByControl();
    void hostileTexts();
    void refusesWhatCannotBeSent();
};

namespace {

using Message = RemoteMessage;
using Role = RemoteMessage::Role;

constexpr Dialect allDialects[] = {Dialect::Plain,       Dialect::Vllm,   Dialect::LmDeploy,
                                   Dialect::LlamaServer, Dialect::Ollama, Dialect::LmStudio,
                                   Dialect::Argali};

SharedBytes bytes(std::string text)
{
    return std::make_shared<const std::string>(std::move(text));
}

RemoteItem text(std::string words)
{
    RemoteItem item;
    item.text = std::move(words);
    return item;
}

RemoteItem picture(std::string content, std::string mime = "image/jpeg")
{
    RemoteItem item;
    item.type = RemoteItem::Type::Picture;
    item.picture = {bytes(std::move(content)), std::move(mime)};
    return item;
}

RemoteItem film(bool withFrames = true)
{
    RemoteItem item;
    item.type = RemoteItem::Type::Film;
    if (withFrames)
        item.film.frames = {{0, {bytes("frame-0"), "image/jpeg"}},
                            {42.56, {bytes("frame-1"), "image/jpeg"}},
                            {3661.25, {bytes("frame-2"), "image/png"}}};
    item.film.file = bytes("the film");
    item.film.mime = "video/webm";
    return item;
}

std::vector<Message> question(std::vector<RemoteItem> items)
{
    return {{Role::User, std::move(items)}};
}

json body(const std::vector<Message>& messages, const RemoteOptions& options,
          Dialect dialect = Dialect::Vllm, const RequestParts& refused = {})
{
    return json::parse(chatBody(messages, options, dialect, refused).json);
}

/// The mime type and the SHA-256 of what a data URL holds.
QString digest(const json& url)
{
    const QString whole = QString::fromStdString(url.get<std::string>());
    const int comma = whole.indexOf(',');
    const auto decoded = QByteArray::fromBase64Encoding(whole.mid(comma + 1).toLatin1(),
                                                        QByteArray::AbortOnBase64DecodingErrors);
    return whole.left(comma) + ' ' +
           QCryptographicHash::hash(*decoded, QCryptographicHash::Sha256).toHex().left(12);
}

QString digest(const char* mime, const char* content)
{
    return QString("data:%1;base64 ").arg(mime) +
           QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex().left(12);
}

RemoteOptions model(std::string name = "m")
{
    RemoteOptions options;
    options.model = std::move(name);
    return options;
}

} // namespace

void TestRequestBody::base64()
{
    std::string all;
    for (int i = 0; i < 700; ++i) {
        std::string out = "x";
        appendBase64(out, all);
        QCOMPARE(QByteArray::fromStdString(out), "x" + QByteArray::fromStdString(all).toBase64());
        QCOMPARE(out.size(), 1 + base64Size(all.size()));
        all += static_cast<char>(i * 37 + i / 256);
    }
}

void TestRequestBody::plainTextFieldByField()
{
    RemoteOptions options = model("AIDC-AI/Ovis2.5-9B");
    options.maxTokens = 3072;
    options.temperature = 0.7;
    options.topP = 0.95;
    options.seed = 42;
    options.stop = {"END", "\n\n"};
    const std::vector<Message> messages{{Role::System, {text("Be short.")}},
                                        {Role::User, {text("Hi"), text("there")}},
                                        {Role::Assistant, {text("Hello \"you\"")}},
                                        {Role::User, {text("\xE4\xBD\xA0?")}}};
    const json expected = json::parse(R"({"model": "AIDC-AI/Ovis2.5-9B", "messages": [
        {"role": "system", "content": "Be short."}, {"role": "user", "content": "Hi\nthere"},
        {"role": "assistant", "content": "Hello \"you\""}, {"role": "user", "content": "你?"}],
        "stream": true, "stream_options": {"include_usage": true}, "max_completion_tokens": 3072,
        "temperature": 0.7, "top_p": 0.95, "seed": 42, "stop": ["END", "\n\n"]})");
    QCOMPARE(body(messages, options).dump(), expected.dump());
    options.stream = false;
    QVERIFY(!body(messages, options).contains("stream_options"));
    QCOMPARE(body(messages, options)["stream"], json(false));
    // What was not asked for is not there.
    QCOMPARE(body(question({text("Hi")}), model()).size(), size_t(4));
}

void TestRequestBody::picturesInOrder()
{
    const auto messages = question({text("First"), picture("one"), text("then"),
                                    picture("two", "image/png"), picture("three"), text("")});
    for (const Dialect dialect : allDialects) {
        const json content = body(messages, model(), dialect)["messages"][0]["content"];
        QCOMPARE(content.size(), size_t(5));
        QCOMPARE(content[0], json({{"type", "text"}, {"text", "First"}}));
        QCOMPARE(content[1]["type"], json("image_url"));
        QCOMPARE(digest(content[1]["image_url"]["url"]), digest("image/jpeg", "one"));
        QCOMPARE(content[2]["text"], json("then"));
        QCOMPARE(digest(content[3]["image_url"]["url"]), digest("image/png", "two"));
        QCOMPARE(digest(content[4]["image_url"]["url"]), digest("image/jpeg", "three"));
        QCOMPARE(content[1]["image_url"].size(), size_t(1));
    }
}

void TestRequestBody::theSamePictureHasTheSameBytes()
{
    std::string large(300'001, '\0');
    for (size_t i = 0; i < large.size(); ++i)
        large[i] = static_cast<char>(i * i / 7);
    std::vector<Message> messages = question({picture(large), text("What?")});
    const std::string first = chatBody(messages, model(), Dialect::Vllm).json;
    messages.push_back({Role::Assistant, {text("A cat")}});
    messages.push_back({Role::User, {picture(large), text("And now?")}});
    const std::string second = chatBody(messages, model(), Dialect::Vllm).json;
    // The whole first turn is a beginning of the second one, byte by byte.
    const size_t end = first.find("]", first.find("What?"));
    QCOMPARE(first.substr(0, end), second.substr(0, end));
    const json content = json::parse(second)["messages"];
    QCOMPARE(content[0]["content"][0], content[2]["content"][0]);
}

void TestRequestBody::framesWithTheirTimes()
{
    RemoteOptions options = model();
    options.tilesPerFrame = 1;
    for (const Dialect dialect : allDialects) {
        const json content = body(question({picture("still"), film(), text("What happens?")}),
                                  options, dialect)["messages"][0]["content"];
        QCOMPARE(content.size(), size_t(8));
        QCOMPARE(content[1], json({{"type", "text"}, {"text", "[00:00.0]"}}));
        QCOMPARE(digest(content[2]["image_url"]["url"]), digest("image/jpeg", "frame-0"));
        QCOMPARE(content[3]["text"], json("[00:42.5]"));
        QCOMPARE(digest(content[4]["image_url"]["url"]), digest("image/jpeg", "frame-1"));
        QCOMPARE(content[5]["text"], json("[1:01:01.2]"));
        QCOMPARE(digest(content[6]["image_url"]["url"]), digest("image/png", "frame-2"));
        QCOMPARE(content[7]["text"], json("What happens?"));
        const bool isTiled = dialect == Dialect::LmDeploy;
        QCOMPARE(content[2]["image_url"].contains("max_dynamic_patch"), isTiled);
        QVERIFY(
            !content[0]["image_url"].contains("max_dynamic_patch")); // a picture keeps its tiles
    }
    QCOMPARE(frameTime(-1), std::string("00:00.0"));
    QCOMPARE(frameTime(std::numeric_limits<double>::quiet_NaN()), std::string("00:00.0"));
    QCOMPARE(frameTime(1e300), std::string("100000:00:00.0"));
}

void TestRequestBody::filmsAsFiles_data()
{
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QString>("type");
    QTest::newRow("vLLM") << int(Dialect::Vllm) << "video_url";
    QTest::newRow("LMDeploy") << int(Dialect::LmDeploy) << "video_url";
    QTest::newRow("Argali") << int(Dialect::Argali) << "video_url";
    QTest::newRow("llama-server") << int(Dialect::LlamaServer) << "input_video";
    QTest::newRow("Ollama") << int(Dialect::Ollama) << "";
    QTest::newRow("LM Studio") << int(Dialect::LmStudio) << "";
    QTest::newRow("plain") << int(Dialect::Plain) << "";
}

void TestRequestBody::filmsAsFiles()
{
    QFETCH(int, dialect);
    QFETCH(QString, type);
    RemoteOptions options = model();
    options.filmForm = RemoteOptions::FilmForm::File;
    options.filmFrames = 12;
    options.filmRate = 0.5;
    const auto server = static_cast<Dialect>(dialect);
    const auto whole = chatBody(question({film(), text("?")}), options, server);
    const json parsed = json::parse(whole.json);
    const json content = parsed["messages"][0]["content"];
    if (type.isEmpty()) { // as frames, and it is said
        QCOMPARE(content.size(), size_t(7));
        QVERIFY(whole.leftOut.contains(RequestPart::FilmFile));
        QVERIFY(!parsed.contains("media_io_kwargs"));
        QVERIFY_EXCEPTION_THROWN(chatBody(question({film(false)}), options, server), Error);
        return;
    }
    QCOMPARE(content.size(), size_t(2));
    QCOMPARE(content[0]["type"], json(type.toStdString()));
    if (server == Dialect::LlamaServer)
        QCOMPARE(content[0]["input_video"], json({{"data", "dGhlIGZpbG0="}}));
    else
        QCOMPARE(digest(content[0]["video_url"]["url"]), digest("video/webm", "the film"));
    QCOMPARE(parsed.contains("media_io_kwargs"), server != Dialect::LlamaServer);
    if (server != Dialect::LlamaServer)
        QCOMPARE(parsed["media_io_kwargs"].dump(),
                 std::string(R"({"video":{"fps":0.5,"num_frames":12}})"));
    // Frames are the default, also where a file could go.
    options.filmForm = RemoteOptions::FilmForm::Frames;
    const json frames = body(question({film(), text("?")}), options, server);
    QCOMPARE(frames["messages"][0]["content"].size(), size_t(7));
    QVERIFY(!frames.contains("media_io_kwargs")); // nothing that the server samples
}

void TestRequestBody::tokenLimit_data()
{
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QString>("field");
    QTest::newRow("vLLM") << int(Dialect::Vllm) << "max_completion_tokens";
    QTest::newRow("LMDeploy") << int(Dialect::LmDeploy) << "max_completion_tokens";
    QTest::newRow("Argali") << int(Dialect::Argali) << "max_completion_tokens";
    QTest::newRow("llama-server") << int(Dialect::LlamaServer) << "max_tokens";
    QTest::newRow("Ollama") << int(Dialect::Ollama) << "max_tokens";
    QTest::newRow("LM Studio") << int(Dialect::LmStudio) << "max_tokens";
    QTest::newRow("plain") << int(Dialect::Plain) << "max_tokens";
}

void TestRequestBody::tokenLimit()
{
    QFETCH(int, dialect);
    QFETCH(QString, field);
    RemoteOptions options = model();
    options.maxTokens = 77;
    const json parsed = body(question({text("?")}), options, static_cast<Dialect>(dialect));
    const std::string other = field == "max_tokens" ? "max_completion_tokens" : "max_tokens";
    QCOMPARE(parsed[field.toStdString()], json(77));
    QVERIFY(!parsed.contains(other));
    // The other name once this one was refused.
    const auto refused =
        field == "max_tokens" ? RequestPart::PlainLimit : RequestPart::CompletionLimit;
    const json again =
        body(question({text("?")}), options, static_cast<Dialect>(dialect), {refused});
    QCOMPARE(again[other], json(77));
    QVERIFY(!again.contains(field.toStdString()));
}

void TestRequestBody::thinkingSwitch_data()
{
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QString>("on");
    QTest::addColumn<QString>("off");
    const QString kwargs = R"("chat_template_kwargs":{"enable_thinking":%1})";
    const QString level = R"("reasoning_effort":"%1")";
    QTest::newRow("vLLM") << int(Dialect::Vllm)
                          << R"("chat_template_kwargs":{"enable_thinking":true,"thinking":true})"
                          << R"("chat_template_kwargs":{"enable_thinking":false,"thinking":false})";
    for (const Dialect dialect : {Dialect::LmDeploy, Dialect::Argali, Dialect::Plain})
        QTest::newRow(nameOf(dialect)) << int(dialect) << kwargs.arg("true") << kwargs.arg("false");
    QTest::newRow("llama-server") << int(Dialect::LlamaServer)
                                  << kwargs.arg("true") + R"(,"reasoning_control":true)"
                                  << kwargs.arg("false");
    for (const Dialect dialect : {Dialect::Ollama, Dialect::LmStudio})
        QTest::newRow(nameOf(dialect)) << int(dialect) << level.arg("medium") << level.arg("none");
}

void TestRequestBody::thinkingSwitch()
{
    QFETCH(int, dialect);
    QFETCH(QString, on);
    QFETCH(QString, off);
    const auto server = static_cast<Dialect>(dialect);
    RemoteOptions options = model();
    const auto messages = question({text("?")});
    const json neither = body(messages, options, server);
    const auto merged = [&](const QString& fields) {
        json expected = neither;
        expected.update(json::parse('{' + fields.toStdString() + '}'));
        return expected.dump();
    };
    options.thinking = RemoteOptions::Thinking::On;
    QCOMPARE(body(messages, options, server).dump(), merged(on));
    options.thinking = RemoteOptions::Thinking::Off;
    QCOMPARE(body(messages, options, server).dump(), merged(off));
    options.effort = "high"; // says nothing where thinking is off
    QCOMPARE(body(messages, options, server).dump(), merged(off));
    options.thinking = RemoteOptions::Thinking::On;
    QCOMPARE(body(messages, options, server)["reasoning_effort"], json("high"));
    QCOMPARE(body(messages, options, server, {RequestPart::ThinkingSwitch}).dump(), neither.dump());
}

void TestRequestBody::thinkingBudget()
{
    RemoteOptions options = model();
    options.thinking = RemoteOptions::Thinking::On;
    options.thinkingBudget = 0;
    for (const Dialect dialect : allDialects) {
        const RequestBody whole = chatBody(question({text("?")}), options, dialect);
        const json parsed = json::parse(whole.json);
        const bool holds = dialect == Dialect::Vllm || dialect == Dialect::Argali;
        QCOMPARE(parsed.contains("thinking_token_budget"), holds);
        QCOMPARE(whole.leftOut.contains(RequestPart::ThinkingBudget), !holds);
        if (holds)
            QCOMPARE(parsed["thinking_token_budget"], json(0));
        if (parsed.contains("chat_template_kwargs")) // vLLM ignores it there without a word
            QVERIFY(!parsed["chat_template_kwargs"].contains("thinking_token_budget"));
        QCOMPARE(parsed["stream_options"].contains("continuous_usage_stats"),
                 dialect == Dialect::Vllm);
    }
}

void TestRequestBody::sampling_data()
{
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QString>("fields");
    const QString wide = R"("top_k":20,"min_p":0.05,"repetition_penalty":1.1)";
    const QString llama = R"("top_k":20,"min_p":0.05,"repeat_penalty":1.1)";
    for (const Dialect dialect : {Dialect::Vllm, Dialect::LmDeploy, Dialect::Argali})
        QTest::newRow(nameOf(dialect)) << int(dialect) << wide;
    for (const Dialect dialect : {Dialect::LlamaServer, Dialect::LmStudio})
        QTest::newRow(nameOf(dialect)) << int(dialect) << llama;
    for (const Dialect dialect : {Dialect::Ollama, Dialect::Plain})
        QTest::newRow(nameOf(dialect)) << int(dialect) << "";
}

void TestRequestBody::sampling()
{
    QFETCH(int, dialect);
    QFETCH(QString, fields);
    const auto server = static_cast<Dialect>(dialect);
    RemoteOptions options = model();
    const auto messages = question({text("?")});
    json expected = body(messages, options, server);
    options.topK = 20;
    options.minP = 0.05;
    options.repetitionPenalty = 1.1;
    if (!fields.isEmpty())
        expected.update(json::parse('{' + fields.toStdString() + '}'));
    const RequestBody whole = chatBody(messages, options, server);
    QCOMPARE(json::parse(whole.json).dump(), expected.dump());
    QCOMPARE(whole.leftOut.contains(RequestPart::WideSampling), fields.isEmpty());
}

void TestRequestBody::mediaOptions()
{
    RemoteOptions options = model();
    options.minPixels = 200'704;
    options.maxPixels = 3'211'264;
    const auto messages = question({picture("x"), text("?")});
    const std::string sizes = R"({"max_pixels":3211264,"min_pixels":200704}})";
    for (const Dialect dialect : {Dialect::Vllm, Dialect::Argali})
        QCOMPARE(body(messages, options, dialect)["mm_processor_kwargs"].dump(),
                 R"({"images_kwargs":)" + sizes);
    QCOMPARE(body(messages, options, Dialect::LmDeploy)["mm_processor_kwargs"].dump(),
             R"({"image":)" + sizes);
    for (const Dialect dialect :
         {Dialect::LlamaServer, Dialect::Ollama, Dialect::LmStudio, Dialect::Plain}) {
        const RequestBody whole = chatBody(messages, options, dialect);
        QVERIFY(!json::parse(whole.json).contains("mm_processor_kwargs"));
        QVERIFY(whole.leftOut.contains(RequestPart::MediaOptions));
    }
}

void TestRequestBody::continuation()
{
    RemoteOptions options = model();
    const auto messages = question({text("?")});
    options.continuation = Continuation{{}, false, "Once upon"};
    json parsed = body(messages, options, Dialect::Vllm);
    QCOMPARE(parsed["messages"].size(), size_t(2));
    QCOMPARE(parsed["messages"][1].dump(),
             std::string(R"({"content":"Once upon","role":"assistant"})"));
    QCOMPARE(parsed["continue_final_message"], json(true));
    QCOMPARE(parsed["add_generation_prompt"], json(false));
    options.continuation = Continuation{"Hm", true, ""};
    QCOMPARE(body(messages, options)["messages"][1]["content"], json("<think>\nHm\n</think>\n\n"));
    options.continuation = Continuation{"Hm", true, "Once"};
    QCOMPARE(body(messages, options)["messages"][1]["content"],
             json("<think>\nHm\n</think>\n\nOnce"));
    options.continuation = Continuation{"Hm", false, ""};
    QCOMPARE(body(messages, options)["messages"][1]["content"], json("<think>\nHm"));
    for (const Dialect dialect : allDialects) {
        const RequestBody whole = chatBody(messages, options, dialect);
        parsed = json::parse(whole.json);
        const bool continues = dialect == Dialect::Vllm;
        QCOMPARE(parsed["messages"].size(), size_t(continues ? 2 : 1));
        QCOMPARE(parsed.contains("continue_final_message"), continues);
        QCOMPARE(whole.leftOut.contains(RequestPart::Continuation), !continues);
    }
}

/// Pictures, system prompt, thinking, history and the rest go together, whatever the server.
void TestRequestBody::everyPairOfFeatures()
{
    constexpr int features = 8;
    for (const Dialect dialect : allDialects)
        for (int mask = 0; mask < 1 << features; ++mask) {
            std::vector<Message> messages;
            RemoteOptions options = model();
            if (mask & 1)
                messages.push_back({Role::System, {text("system")}});
            if (mask & 2) {
                messages.push_back({Role::User, {picture("old"), text("before")}});
                messages.push_back({Role::Assistant, {text("answer")}});
            }
            messages.push_back({Role::User, {text("now")}});
            if (mask & 4)
                messages.back().content.insert(messages.back().content.begin(), picture("new"));
            if (mask & 8)
                messages.back().content.push_back(film());
            if (mask & 16)
                options.thinking = RemoteOptions::Thinking::On;
            if (mask & 32)
                options.thinkingBudget = 100;
            if (mask & 64)
                options.maxPixels = 1000;
            if (mask & 128)
                options.topK = 5;
            const json parsed = body(messages, options, dialect);
            size_t pictures = 0;
            for (const json& message : parsed["messages"])
                if (message["content"].is_array())
                    for (const json& part : message["content"])
                        pictures += part["type"] == "image_url";
            QCOMPARE(parsed["messages"].size(), messages.size());
            QCOMPARE(pictures,
                     size_t((mask & 2 ? 1 : 0) + (mask & 4 ? 1 : 0) + (mask & 8 ? 3 : 0)));
            QCOMPARE(parsed["messages"][0]["role"], json(mask & 1 ? "system" : "user"));
        }
}

void TestRequestBody::learnsFromRefusals_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("reply");
    QTest::addColumn<int>("part");
    const auto row = [](const char* name, int status, const char* reply, RequestPart part) {
        QTest::newRow(name) << status << QByteArray(reply) << int(part);
    };
    row("vLLM 0.31", 400,
        R"({"error":{"message":"Per-request `mm_processor_kwargs` are not allowed; start the server with --trust-request-mm-kwargs","type":"BadRequestError","param":null,"code":400}})",
        RequestPart::MediaOptions);
    row("media_io_kwargs", 400, R"({"error":{"message":"media_io_kwargs refused","code":400}})",
        RequestPart::MediaOptions);
    row("no reasoning config", 400,
        R"({"error":{"message":"thinking_token_budget is set but reasoning_config is not configured. Please set --reasoning-config to use thinking_token_budget.","code":400}})",
        RequestPart::ThinkingBudget);
    row("the same as 500", 500,
        R"({"error":{"message":"thinking_token_budget is set but reasoning_config is not configured.","code":500}})",
        RequestPart::ThinkingBudget);
    row("by the field's name", 400,
        R"({"error":{"message":"Extra inputs are not permitted","param":"chat_template_kwargs","code":"x"}})",
        RequestPart::ThinkingSwitch);
    row("FastAPI", 422,
        R"({"detail":[{"type":"extra_forbidden","loc":["body","chat_template_kwargs"],"msg":"Extra inputs are not permitted"}]})",
        RequestPart::ThinkingSwitch);
    row("Ollama", 400,
        R"({"error":{"message":"\"llava:7b\" does not support thinking","type":"api_error"}})",
        RequestPart::ThinkingSwitch);
    row("stream options", 400, R"({"error":{"message":"stream_options: unknown field"}})",
        RequestPart::StreamOptions);
    row("counts along", 400,
        R"({"error":{"message":"continuous_usage_stats unknown in stream_options"}})",
        RequestPart::CountAlong);
    row("limit", 400,
        R"({"error":{"message":"Unsupported parameter: 'max_completion_tokens', use 'max_tokens' instead."}})",
        RequestPart::CompletionLimit);
    row("top_k", 400, R"({"error":{"message":"Unrecognized request argument supplied: top_k"}})",
        RequestPart::WideSampling);
    row("continuation", 400, R"({"error":{"message":"continue_final_message is unknown"}})",
        RequestPart::Continuation);
}

void TestRequestBody::learnsFromRefusals()
{
    QFETCH(int, status);
    QFETCH(QByteArray, reply);
    QFETCH(int, part);
    const Failure failure = failureFromReply({status, {}, reply.toStdString()});
    RequestParts all;
    for (int i = 0; i <= int(RequestPart::FilmFile); ++i)
        all.insert(static_cast<RequestPart>(i));
    all.erase(RequestPart::PlainLimit); // never beside the other limit
    const auto found = refusedPart(failure, all);
    QVERIFY2(found.has_value(), failure.detail.c_str());
    QCOMPARE(int(*found), part);
    all.erase(static_cast<RequestPart>(part));
    QVERIFY2(refusedPart(failure, all) != static_cast<RequestPart>(part),
             "what was not sent is not to blame, and a second time nothing is repeated");
}

void TestRequestBody::otherErrorsAreNoRefusals()
{
    RequestParts all{RequestPart::MediaOptions, RequestPart::CompletionLimit,
                     RequestPart::WideSampling, RequestPart::Seed};
    const auto said = [&](int status, const char* message) {
        return refusedPart(
            failureFromReply({status, {}, json{{"error", {{"message", message}}}}.dump()}), all);
    };
    QVERIFY(!said(400, "max_completion_tokens is too large: 99999"));
    QVERIFY(!said(400, "top_k must be at least -1"));
    QVERIFY(!said(400, "This model's maximum context length is 4096 tokens"));
    QVERIFY(!said(401, "mm_processor_kwargs"));
    QVERIFY(!said(503, "mm_processor_kwargs"));
    QVERIFY(!said(0, "mm_processor_kwargs"));
}

void TestRequestBody::repeatsWithoutWhatWasRefused()
{
    RemoteOptions options = model();
    options.maxPixels = 1000;
    options.thinkingBudget = 5;
    const auto messages = question({picture("x")});
    RequestParts refused;
    const json first = body(messages, options, Dialect::Vllm, refused);
    refused.insert(RequestPart::MediaOptions);
    json second = body(messages, options, Dialect::Vllm, refused);
    QVERIFY(first.contains("mm_processor_kwargs"));
    QVERIFY(!second.contains("mm_processor_kwargs"));
    QVERIFY(second.contains("thinking_token_budget"));
    second["mm_processor_kwargs"] = first["mm_processor_kwargs"];
    QCOMPARE(second.dump(), first.dump()); // nothing else is different
    refused.insert(RequestPart::ThinkingBudget);
    const RequestBody third = chatBody(messages, options, Dialect::Vllm, refused);
    QVERIFY(!json::parse(third.json).contains("thinking_token_budget"));
    QVERIFY(third.leftOut.contains(RequestPart::ThinkingBudget));
    refused.insert(RequestPart::StreamOptions);
    QVERIFY(!body(messages, options, Dialect::Vllm, refused).contains("stream_options"));
}

void TestRequestBody::ollamaInItsOwnWords()
{
    RemoteOptions options = model("qwen3-vl:8b");
    options.maxTokens = 100;
    options.temperature = 0;
    options.topK = 1;
    options.seed = 3;
    options.stop = {"x"};
    options.thinking = RemoteOptions::Thinking::Off;
    const std::vector<Message> messages{
        {Role::System, {text("s")}}, {Role::User, {text("a"), picture("one"), film(), text("b")}}};
    const json parsed = json::parse(ollamaBody(messages, options).json);
    const json expected = json::parse(R"({"model": "qwen3-vl:8b", "stream": true, "think": false,
        "options": {"num_predict": 100, "temperature": 0, "top_k": 1, "seed": 3, "stop": ["x"]},
        "messages": [{"role": "system", "content": "s"},
            {"role": "user", "content": "a\n[00:00.0]\n[00:42.5]\n[1:01:01.2]\nb",
             "images": ["b25l", "ZnJhbWUtMA==", "ZnJhbWUtMQ==", "ZnJhbWUtMg=="]}]})");
    QCOMPARE(parsed.dump(), expected.dump());
    options.thinking = RemoteOptions::Thinking::On;
    QCOMPARE(json::parse(ollamaBody(messages, options).json)["think"], json(true));
    options.effort = "high";
    QCOMPARE(json::parse(ollamaBody(messages, options).json)["think"], json("high"));
    QVERIFY(!json::parse(ollamaBody(messages, options, {RequestPart::ThinkingSwitch}).json)
                 .contains("think"));
    options.thinkingBudget = 5;
    QVERIFY(ollamaBody(messages, options).leftOut.contains(RequestPart::ThinkingBudget));
    QVERIFY_EXCEPTION_THROWN(ollamaBody(question({film(false)}), options), Error);
}

void TestRequestBody::endsThinkingByControl()
{
    QCOMPARE(endThinkingBody("chat\"7"),
             std::string(R"({"id":"chat\"7","action":"reasoning_end"})"));
}

void TestRequestBody::hostileTexts()
{
    std::string odd;
    for (int c = 0; c < 128; ++c)
        odd += static_cast<char>(c);
    odd += "\xE2\x80\xA8\xF0\x9F\x98\x80";
    const json parsed = body(question({text(odd)}), model(odd));
    QCOMPARE(parsed["messages"][0]["content"], json(odd));
    QCOMPARE(parsed["model"], json(odd));
    const json broken = body(question({text("a\xFF\xC0z")}), model());
    QCOMPARE(broken["messages"][0]["content"], json("a\xEF\xBF\xBD\xEF\xBF\xBDz"));
    const json injected = body(question({text(R"("}],"model":"x)")}), model());
    QCOMPARE(injected["model"], json("m"));
}

void TestRequestBody::refusesWhatCannotBeSent()
{
    QVERIFY_EXCEPTION_THROWN(chatBody({}, model(), Dialect::Vllm), Error);
    QVERIFY_EXCEPTION_THROWN(chatBody({{Role::Assistant, {text("a")}}}, model(), Dialect::Vllm),
                             Error);
    RemoteItem empty = picture("");
    QVERIFY_EXCEPTION_THROWN(chatBody(question({empty}), model(), Dialect::Vllm), Error);
    empty.picture.bytes = nullptr;
    QVERIFY_EXCEPTION_THROWN(chatBody(question({empty}), model(), Dialect::Vllm), Error);
    RemoteItem nothing = film(false);
    nothing.film.file = nullptr;
    QVERIFY_EXCEPTION_THROWN(chatBody(question({nothing}), model(), Dialect::Vllm), Error);
    RemoteOptions options = model();
    options.temperature = std::numeric_limits<double>::infinity();
    QVERIFY_EXCEPTION_THROWN(chatBody(question({text("a")}), options, Dialect::Vllm), Error);
}

QTEST_APPLESS_MAIN(TestRequestBody)
#include "tst_requestbody.moc"
