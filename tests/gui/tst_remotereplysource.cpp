#include "gui/remote/remotereplysource.h"

#include <QCryptographicHash>
#include <QFile>
#include <QImage>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

#include "engine/media/mediareader.h"
#include "tests/support/burntnumber.h"
#include "tests/support/fakeserver.h"
#include "tests/support/testdata.h"

using namespace argali;
using namespace argali::gui;

namespace {

const QByteArray chatPath = "/v1/chat/completions";

QByteArray recording(const char* name)
{
    QFile file(QString::fromStdString((argali::test::testData() / "remote" / name).string()));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("%s is missing", name);
    return file.readAll();
}

FakeServer::Answer streamed(const QByteArray& body)
{
    return FakeServer::events({{body}});
}

QByteArray delta(const QByteArray& field, const QByteArray& text)
{
    return R"(data: {"id":"a1","choices":[{"index":0,"delta":{")" + field + R"(":")" + text +
           "\"}}]}\n\n";
}

QByteArray ended(const QByteArray& reason = "stop")
{
    return R"(data: {"id":"a1","choices":[{"index":0,"delta":{},"finish_reason":")" + reason +
           "\"}]}\n\ndata: [DONE]\n\n";
}

RemoteTarget targetOf(const FakeServer& server, remote::Dialect dialect,
                      const QString& profile = QStringLiteral("one"))
{
    RemoteTarget target;
    target.profile = profile;
    target.server = profile;
    target.access.url = remote::ServerUrl::parse(server.url().toStdString());
    target.access.key = remote::Secret("sk-secret");
    target.dialect = dialect;
    target.model.id = "ovis2.5-9b";
    target.model.shown = "Ovis";
    return target;
}

ChatRequest question(const std::string& text)
{
    ChatRequest request;
    Message message;
    ContentItem item;
    item.text = text;
    message.content.push_back(item);
    request.messages.push_back(message);
    request.sampling = Sampling();
    return request;
}

QJsonObject bodyOf(const FakeServer::Request& request)
{
    return QJsonDocument::fromJson(request.body).object();
}

QImage pictureIn(const QJsonValue& part)
{
    const QString url = part[QLatin1String("image_url")][QLatin1String("url")].toString();
    return QImage::fromData(
        QByteArray::fromBase64(url.mid(url.indexOf(QLatin1Char(',')) + 1).toLatin1()));
}

/// What came of one answer.
struct Heard {
    explicit Heard(RemoteReplySource& source)
        : finished(&source, &ReplySource::finished),
          failed(&source, &ReplySource::failed),
          thinking(&source, &ReplySource::thinkingReady),
          text(&source, &ReplySource::textReady),
          remarks(&source, &ReplySource::remarked),
          refused(&source, &RemoteReplySource::partRefused),
          uploads(&source, &ReplySource::uploaded)
    {
    }
    bool ends()
    {
        return QTest::qWaitFor([&] { return finished.count() + failed.count() > 0; }, 10'000);
    }
    ChatResult result() const { return finished.first().at(1).value<ChatResult>(); }
    Failure failure() const { return failed.first().at(1).value<Failure>(); }
    static QString all(const QSignalSpy& spy)
    {
        QString text;
        for (const QList<QVariant>& each : spy)
            text += each.at(1).toString();
        return text;
    }

    QSignalSpy finished, failed, thinking, text, remarks, refused, uploads;
};

/// A source that asks one server, and what is heard of it.
struct Bench {
    FakeServer server;
    RemoteReplySource source;
    Heard heard{source};

    explicit Bench(remote::Dialect dialect) { source.setTargets({targetOf(server, dialect)}); }
};

} // namespace

class TestRemoteReplySource final : public QObject {
    Q_OBJECT

private slots:
    void answersOfAllServers_data()
    {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<int>("dialect");
        QTest::addColumn<bool>("thinks");
        using remote::Dialect;
        const auto row = [](const char* name, Dialect dialect, bool thinks) {
            QTest::newRow(name) << QByteArray(name) << int(dialect) << thinks;
        };
        row("vllm-reasoning.sse", Dialect::Vllm, true);
        row("vllm-reasoning-content.sse", Dialect::Vllm, true);
        row("vllm-inline.sse", Dialect::Vllm, true);
        row("vllm-unopened.sse", Dialect::Vllm, true);
        row("vllm-whole.json", Dialect::Vllm, true);
        row("lmdeploy.sse", Dialect::LmDeploy, true);
        row("llama-server.sse", Dialect::LlamaServer, true);
        row("lmstudio.sse", Dialect::LmStudio, true);
        row("ollama-native.ndjson", Dialect::Ollama, true);
    }
    void answersOfAllServers()
    {
        QFETCH(QByteArray, file);
        QFETCH(int, dialect);
        QFETCH(bool, thinks);
        Bench bench{remote::Dialect(dialect)};
        FakeServer::Answer answer = streamed({});
        if (file.endsWith(".json"))
            answer.headers = "Content-Type: application/json\r\n";
        else if (file.endsWith(".ndjson"))
            answer.headers = "Content-Type: application/x-ndjson\r\n";
        for (const char byte : recording(file.constData()))
            answer.body.append({QByteArray(1, byte)});
        const bool isOllama = dialect == int(remote::Dialect::Ollama);
        bench.server.answer(isOllama ? "/api/chat" : chatPath, answer);
        ChatRequest request = question("what?");
        request.thinking = true;
        bench.source.start(7, request);
        QVERIFY(bench.heard.ends());
        QCOMPARE(bench.heard.failed.count(), 0);
        const ChatResult result = bench.heard.result();
        QVERIFY(!result.text.empty());
        QCOMPARE(!result.thinking.empty(), thinks);
        if (!file.startsWith("vllm-unopened")) {
            QCOMPARE(Heard::all(bench.heard.text).toStdString(), result.text);
            QCOMPARE(Heard::all(bench.heard.thinking).toStdString(), result.thinking);
        }
        QVERIFY(result.usage.completionTokens > 0);
        QCOMPARE(bench.server.requests().first().headers.value("authorization"),
                 QByteArray("Bearer sk-secret"));
    }

    void asksInFields()
    {
        FakeServer server;
        server.answer(chatPath, streamed(delta("content", "yes") + ended()));
        RemoteReplySource source;
        source.setTargets({targetOf(server, remote::Dialect::Vllm)});
        Heard heard(source);
        ChatRequest request = question("is it?");
        request.thinking = true;
        request.thinkingBudget = 256;
        request.maxNewTokens = 1000;
        request.sampling->enabled = true;
        request.sampling->temperature = 0.5f;
        request.sampling->topK = 20;
        source.start(1, request);
        QVERIFY(heard.ends());
        const QJsonObject body = bodyOf(server.requests().first());
        QCOMPARE(body.value(QLatin1String("model")).toString(), QStringLiteral("ovis2.5-9b"));
        QCOMPARE(body.value(QLatin1String("max_completion_tokens")).toInt(), 1000);
        QCOMPARE(body.value(QLatin1String("thinking_token_budget")).toInt(), 256);
        QCOMPARE(body.value(QLatin1String("temperature")).toDouble(), 0.5);
        QCOMPARE(body.value(QLatin1String("top_k")).toInt(), 20);
        QVERIFY(body.value(QLatin1String("stream")).toBool());
        QVERIFY(body.value(QLatin1String("chat_template_kwargs"))[QLatin1String("enable_thinking")]
                    .toBool());
        // Greedy is temperature 0 there.
        Heard again(source);
        source.start(2, question("is it?"));
        QVERIFY(again.ends());
        const QJsonObject greedy = bodyOf(server.requests().at(1));
        QCOMPARE(greedy.value(QLatin1String("temperature")).toDouble(-1), 0.0);
        QVERIFY(!greedy.contains(QLatin1String("seed")));
        QVERIFY(
            !greedy.value(QLatin1String("chat_template_kwargs"))[QLatin1String("enable_thinking")]
                 .toBool(true));
    }

    void sendsFramesWithTheirTimes()
    {
        FakeServer server;
        server.answer(chatPath, streamed(delta("content", "a film") + ended()));
        RemoteReplySource source;
        source.setTargets({targetOf(server, remote::Dialect::Vllm)});
        const auto path = argali::test::testData() / "media" / "one_gop.mp4";
        FilmReader reader(path);
        ChatRequest request = question("which?");
        ContentItem film;
        film.type = ContentItem::Type::Film;
        film.film.path = path;
        film.film.times = {reader.timeOf(4), reader.timeOf(15)};
        request.messages.front().content.insert(request.messages.front().content.begin(), film);
        Heard heard(source);
        source.start(1, request);
        QVERIFY(heard.ends());
        QCOMPARE(heard.failed.count(), 0);
        const QJsonArray parts = bodyOf(server.requests().first())
                                     .value(QLatin1String("messages"))[0][QLatin1String("content")]
                                     .toArray();
        QCOMPARE(parts.size(), 5);
        QVERIFY(parts[0][QLatin1String("text")].toString().startsWith(QLatin1String("[00:0")));
        QCOMPARE(numberIn(pictureIn(parts[1])), 4);
        QCOMPARE(numberIn(pictureIn(parts[3])), 15);
        QCOMPARE(parts[4][QLatin1String("text")].toString(), QStringLiteral("which?"));
        QVERIFY(heard.uploads.count() > 0);
        QCOMPARE(heard.uploads.last().at(1).toLongLong(), heard.uploads.last().at(2).toLongLong());
        // The same pictures are the same bytes in the next turn.
        source.start(2, request);
        QTRY_COMPARE(server.requests().size(), 2);
        QCOMPARE(server.requests().at(1).body, server.requests().at(0).body);
    }

    void leavesOutWhatIsRefused()
    {
        FakeServer server;
        server.answers(chatPath,
                       {FakeServer::json(R"({"error":{"message":"thinking_token_budget is set but )"
                                         R"(reasoning_config is not","type":"BadRequestError"}})",
                                         400),
                        streamed(delta("reasoning", "hm") + delta("content", "yes") + ended())});
        RemoteReplySource source;
        source.setTargets({targetOf(server, remote::Dialect::Vllm)});
        Heard heard(source);
        ChatRequest request = question("is it?");
        request.thinking = true;
        request.thinkingBudget = 256;
        source.start(1, request);
        QVERIFY(heard.ends());
        QCOMPARE(heard.finished.count(), 1);
        QCOMPARE(server.requests().size(), 2);
        QVERIFY(!bodyOf(server.requests().at(1)).contains(QLatin1String("thinking_token_budget")));
        QCOMPARE(heard.refused.count(), 1);
        // Later questions leave it out from the start.
        Heard again(source);
        source.start(2, request);
        QVERIFY(again.ends());
        QCOMPARE(server.requests().size(), 3);
        QVERIFY(!bodyOf(server.requests().at(2)).contains(QLatin1String("thinking_token_budget")));
    }

    /// Where the server is not told how large pictures may be, they are made so here.
    void makesSmallerWhatTheServerDoesNot()
    {
        constexpr int64_t most = 100 * 100;
        ChatRequest request = question("what?");
        ContentItem picture;
        picture.type = ContentItem::Type::Picture;
        picture.picture.pixels = std::make_shared<const Image>(400, 300);
        request.messages.front().content.push_back(picture);
        request.maxPixels = most;
        const auto sizeIn = [](const FakeServer::Request& sent) {
            const QSize size =
                pictureIn(bodyOf(sent)[QLatin1String("messages")][0][QLatin1String("content")][1])
                    .size();
            return int64_t(size.width()) * size.height();
        };
        Bench bench(remote::Dialect::Vllm);
        bench.server.answers(
            chatPath,
            {FakeServer::json(R"({"error":{"message":"mm_processor_kwargs is not allowed unless )"
                              R"(--trust-request-mm-kwargs is set","code":400}})",
                              400),
             streamed(delta("content", "yes") + ended())});
        bench.source.start(1, request);
        QVERIFY(bench.heard.ends());
        QCOMPARE(bench.heard.result().text, std::string("yes"));
        QCOMPARE(bench.heard.refused.count(), 1);
        QVERIFY(
            Heard::all(bench.heard.remarks).contains(QLatin1String("decides itself how large")));
        QCOMPARE(bench.server.requests().size(), 2);
        QVERIFY(bench.server.requests().at(0).body.contains("mm_processor_kwargs"));
        QCOMPARE(sizeIn(bench.server.requests().at(0)), int64_t(400 * 300));
        QVERIFY(!bench.server.requests().at(1).body.contains("mm_processor_kwargs"));
        QVERIFY(sizeIn(bench.server.requests().at(1)) <= most);
        QVERIFY(sizeIn(bench.server.requests().at(1)) > most / 2);
        // From then on at once, and the same bytes.
        bench.source.start(2, request);
        QTRY_COMPARE(bench.server.requests().size(), 3);
        QCOMPARE(bench.server.requests().at(2).body, bench.server.requests().at(1).body);
        // So with a server that is known to take no such thing.
        bench.source.setTargets({targetOf(bench.server, remote::Dialect::LlamaServer)});
        bench.source.start(3, request);
        QTRY_COMPARE(bench.server.requests().size(), 4);
        QVERIFY(sizeIn(bench.server.requests().at(3)) <= most);
    }

    void holdsTheBudgetWhereTheServerDoesNot()
    {
        FakeServer server;
        FakeServer::Answer endless = FakeServer::events({});
        for (int i = 0; i < 500; ++i)
            endless.body.append({delta("content", i == 0 ? "<think>word " : "word "), 1});
        server.answers(chatPath, {endless, streamed(delta("content", "forty-two") + ended())});
        RemoteTarget target = targetOf(server, remote::Dialect::Vllm);
        target.refused.insert(remote::RequestPart::ThinkingBudget);
        RemoteReplySource source;
        source.setTargets({target});
        Heard heard(source);
        ChatRequest request = question("how many?");
        request.thinking = true;
        request.thinkingBudget = 32;
        request.maxNewTokens = 500;
        source.start(1, request);
        QVERIFY(heard.ends());
        QCOMPARE(heard.finished.count(), 1);
        QCOMPARE(server.requests().size(), 2);
        const QJsonObject body = bodyOf(server.requests().at(1));
        QVERIFY(body.value(QLatin1String("continue_final_message")).toBool());
        QVERIFY(body.value(QLatin1String("max_completion_tokens")).toInt() <= 500 - 32);
        const QString last = body.value(QLatin1String("messages"))
                                 .toArray()
                                 .last()[QLatin1String("content")]
                                 .toString();
        QVERIFY(last.startsWith(QLatin1String("<think>\nword word")));
        // What Ovis2.5 was trained to see there.
        QVERIFY2(last.contains(QLatin1String("Considering the limited time by the user")),
                 qPrintable(last));
        QVERIFY(last.trimmed().endsWith(QLatin1String("</think>")));
        const ChatResult result = heard.result();
        QCOMPARE(result.text, std::string("forty-two"));
        QVERIFY(result.budgetReached);
        QVERIFY(result.usage.isEstimate);
        QVERIFY(result.usage.thinkingTokens >= 32 && result.usage.thinkingTokens <= 40);
    }

    void saysWhereNobodyHoldsTheBudget()
    {
        Bench bench(remote::Dialect::LmDeploy);
        QByteArray body;
        for (int i = 0; i < 200; ++i)
            body += delta("reasoning_content", "word ");
        bench.server.answer(chatPath, streamed(body + delta("content", "so") + ended()));
        ChatRequest request = question("?");
        request.thinking = true;
        request.thinkingBudget = 32;
        bench.source.start(1, request);
        QVERIFY(bench.heard.ends());
        QCOMPARE(bench.heard.finished.count(), 1);
        QCOMPARE(bench.heard.remarks.count(), 1);
        QVERIFY(Heard::all(bench.heard.remarks).contains(QLatin1String("budget")));
    }

    void answersNow()
    {
        Bench bench(remote::Dialect::Vllm);
        FakeServer::Answer slow = FakeServer::events({{delta("reasoning_content", "first ")}});
        for (int i = 0; i < 100; ++i)
            slow.body.append({delta("reasoning_content", "more "), 20});
        bench.server.answers(chatPath, {slow, streamed(delta("content", "now") + ended())});
        ChatRequest request = question("?");
        request.thinking = true;
        bench.source.start(1, request);
        QTRY_VERIFY(bench.heard.thinking.count() > 0);
        QVERIFY(bench.source.canAnswerNow());
        bench.source.answerNow();
        QVERIFY(bench.heard.ends());
        QCOMPARE(bench.heard.result().text, std::string("now"));
        QVERIFY(bench.heard.result().answeredNow);
        QVERIFY(!bench.heard.result().budgetReached);
    }

    void asksLlamaServerToEndTheThinking()
    {
        Bench bench(remote::Dialect::LlamaServer);
        FakeServer::Answer slow = FakeServer::events({{delta("reasoning_content", "first ")}});
        for (int i = 0; i < 60; ++i)
            slow.body.append({delta("reasoning_content", "word "), 1});
        slow.body.append({delta("content", "done") + ended(), 300});
        bench.server.answer(chatPath, slow);
        bench.server.answer("/v1/chat/completions/control", FakeServer::json("{}"));
        ChatRequest request = question("?");
        request.thinking = true;
        request.thinkingBudget = 16;
        bench.source.start(1, request);
        QVERIFY(bench.heard.ends());
        QCOMPARE(bench.heard.result().text, std::string("done"));
        QCOMPARE(bench.server.count("/v1/chat/completions/control"), 1);
        for (const FakeServer::Request& asked : bench.server.requests())
            if (asked.target.endsWith("control"))
                QCOMPARE(bodyOf(asked).value(QLatin1String("id")).toString(), QStringLiteral("a1"));
    }

    void aCutLeavesWhatCame()
    {
        FakeServer server;
        FakeServer::Answer cut = FakeServer::events({{delta("content", "half of ")}});
        cut.cuts = true;
        server.answers(chatPath, {cut, streamed(delta("content", " an answer") + ended())});
        RemoteReplySource source;
        source.setTargets({targetOf(server, remote::Dialect::Vllm)});
        Heard heard(source);
        source.start(1, question("?"));
        QVERIFY(heard.ends());
        QCOMPARE(heard.failed.count(), 1);
        QCOMPARE(heard.failure().code(), Error::Code::Network);
        QCOMPARE(Heard::all(heard.text), QStringLiteral("half of"));
        // It goes on from there.
        QVERIFY(source.canResume());
        Heard again(source);
        source.resume(1, question("?"), {{}, false, QStringLiteral("half of")});
        QVERIFY(again.ends());
        QCOMPARE(again.finished.count(), 1);
        QCOMPARE(Heard::all(again.text), QStringLiteral(" an answer"));
        QCOMPARE(again.result().text, std::string("half of an answer"));
        const QJsonArray messages =
            bodyOf(server.requests().at(1)).value(QLatin1String("messages")).toArray();
        QCOMPARE(messages.last()[QLatin1String("content")].toString(), QStringLiteral("half of"));
    }

    void anErrorInTheStreamIsOne()
    {
        Bench bench(remote::Dialect::Vllm);
        bench.server.answer(chatPath, streamed(recording("vllm-error.sse")));
        bench.source.start(1, question("?"));
        QVERIFY(bench.heard.ends());
        QCOMPARE(bench.heard.failed.count(), 1);
        QVERIFY(!bench.heard.failure().sentence().isEmpty());
        QVERIFY(bench.heard.text.count() > 0);
    }

    void failuresSayWhatToDo_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("word");
        QTest::newRow("key") << 401 << QByteArray(R"({"error":{"message":"bad key sk-secret"}})")
                             << QStringLiteral("key");
        QTest::newRow("starting") << 503
                                  << QByteArray(
                                         R"({"error":{"code":503,"message":"Loading model"}})")
                                  << QStringLiteral("loading");
        QTest::newRow("context")
            << 400 << QByteArray(R"({"error":{"message":"maximum context length is 4096 tokens"}})")
            << QStringLiteral("context");
        QTest::newRow("pictures")
            << 400 << QByteArray(R"({"error":{"message":"At most 8 image(s) may be provided"}})")
            << QStringLiteral("8");
        QTest::newRow("model") << 404
                               << QByteArray(
                                      R"({"error":{"message":"The model x does not exist"}})")
                               << QStringLiteral("model");
        QTest::newRow("busy") << 429 << QByteArray(R"({"error":{"message":"queue is full"}})")
                              << QStringLiteral("too much to do");
        QTest::newRow("page") << 404 << QByteArray("<html>nothing</html>")
                              << QStringLiteral("no server of this kind");
    }
    void failuresSayWhatToDo()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(QString, word);
        Bench bench(remote::Dialect::Plain);
        bench.server.answer(chatPath, FakeServer::json(body, status));
        bench.source.start(1, question("?"));
        QVERIFY(bench.heard.ends());
        QCOMPARE(bench.heard.failed.count(), 1);
        QVERIFY2(bench.heard.failure().sentence().contains(word),
                 qPrintable(bench.heard.failure().sentence()));
        // What a server repeats of the key goes no further.
        QVERIFY(!bench.heard.failure().details().contains(QLatin1String("sk-secret")));
        QVERIFY(!bench.heard.failure().sentence().contains(QLatin1String("sk-secret")));
    }

    void goesOnToTheNextServer()
    {
        FakeServer gone;
        const QByteArray url = gone.url();
        RemoteTarget first = targetOf(gone, remote::Dialect::Plain, QStringLiteral("first"));
        gone.stop();
        FakeServer second;
        second.answer(chatPath, streamed(delta("content", "from two") + ended()));
        RemoteReplySource source;
        source.setTargets(
            {first, targetOf(second, remote::Dialect::Plain, QStringLiteral("second"))});
        Heard heard(source);
        QSignalSpy changed(&source, &ReplySource::sourceChanged);
        source.start(1, question("?"));
        QVERIFY(heard.ends());
        QCOMPARE(heard.finished.count(), 1);
        QCOMPARE(heard.result().text, std::string("from two"));
        QCOMPARE(changed.count(), 2); // who is asked, each time
        QCOMPARE(changed.last().at(3).value<AnswerSource>(),
                 (AnswerSource{QStringLiteral("second"), QStringLiteral("ovis2.5-9b")}));
        QVERIFY(Heard::all(heard.remarks).contains(QLatin1String("second")));
    }

    void staysWhereSomethingHasCome()
    {
        FakeServer first;
        FakeServer::Answer cut = FakeServer::events({{delta("content", "half")}});
        cut.cuts = true;
        first.answer(chatPath, cut);
        FakeServer second;
        second.answer(chatPath, streamed(delta("content", "other") + ended()));
        RemoteReplySource source;
        source.setTargets({targetOf(first, remote::Dialect::Plain, QStringLiteral("first")),
                           targetOf(second, remote::Dialect::Plain, QStringLiteral("second"))});
        Heard heard(source);
        source.start(1, question("?"));
        QVERIFY(heard.ends());
        QCOMPARE(heard.failed.count(), 1);
        QCOMPARE(second.requests().size(), 0);
    }

    void aBrokenMemberIsPassedOver()
    {
        FakeServer first;
        first.answer(chatPath, FakeServer::json(R"({"error":{"message":"boom"}})", 500));
        FakeServer second;
        second.answer(chatPath, streamed(delta("content", "well") + ended()));
        RemoteReplySource source;
        source.setTargets({targetOf(first, remote::Dialect::Plain, QStringLiteral("first")),
                           targetOf(second, remote::Dialect::Plain, QStringLiteral("second"))});
        for (int turn = 1; turn <= 5; ++turn) {
            Heard heard(source);
            source.start(quint64(turn), question("?"));
            QVERIFY(heard.ends());
            QCOMPARE(heard.finished.count(), 1);
        }
        QCOMPARE(first.requests().size(), 3); // then its breaker is open
        // A member that the checks found broken is not asked at all.
        RemoteReplySource other;
        other.setTargets({targetOf(first, remote::Dialect::Plain, QStringLiteral("first")),
                          targetOf(second, remote::Dialect::Plain, QStringLiteral("second"))});
        other.setHealthy(QStringLiteral("first"), false);
        Heard heard(other);
        other.start(1, question("?"));
        QVERIFY(heard.ends());
        QCOMPARE(first.requests().size(), 3);
    }

    void whatIsKnownOfAGroupStays()
    {
        FakeServer first;
        first.answer(chatPath, FakeServer::json(R"({"error":{"message":"boom"}})", 500));
        FakeServer second;
        second.answer(chatPath, streamed(delta("content", "well") + ended()));
        RemoteReplySource source;
        std::vector<RemoteTarget> targets{
            targetOf(first, remote::Dialect::Plain, QStringLiteral("first")),
            targetOf(second, remote::Dialect::Plain, QStringLiteral("second"))};
        const auto ask = [&](quint64 turn) {
            source.setTargets(targets); // as after every check
            Heard heard(source);
            source.start(turn, question("?"));
            return heard.ends() && heard.finished.count() == 1;
        };
        for (quint64 turn = 1; turn <= 5; ++turn)
            QVERIFY(ask(turn));
        QCOMPARE(first.requests().size(), 3); // its breaker is open all the same
        targets[0].weight = 2;
        QVERIFY(ask(6));
        QCOMPARE(first.requests().size(), 4); // another group
    }

    void membersThatDoNotSeeArePassedOver()
    {
        FakeServer blind;
        FakeServer seeing;
        for (FakeServer* server : {&blind, &seeing})
            server->answer(chatPath, streamed(delta("content", "well") + ended()));
        RemoteTarget first = targetOf(blind, remote::Dialect::Plain, QStringLiteral("first"));
        first.model.seesPictures = remote::Known::No;
        RemoteTarget second = targetOf(seeing, remote::Dialect::Plain, QStringLiteral("second"));
        RemoteReplySource source;
        source.setTargets({first, second});
        ChatRequest asked = question("?");
        const auto ask = [&](quint64 turn) {
            Heard heard(source);
            source.start(turn, asked);
            return heard.ends() && heard.finished.count() == 1;
        };
        QVERIFY(ask(1));
        QCOMPARE(blind.requests().size(), 1);
        ContentItem picture;
        picture.type = ContentItem::Type::Picture;
        picture.picture.path = ARGALI_RESOURCES "/pocket/samples/chart.png";
        asked.messages.front().content.push_back(picture);
        QVERIFY(ask(2));
        QCOMPARE(blind.requests().size(), 1);
        QCOMPARE(seeing.requests().size(), 1);
        // None of them sees: then the first one says so itself.
        second.model.seesPictures = remote::Known::No;
        source.setTargets({first, second});
        QVERIFY(ask(3));
        QCOMPARE(blind.requests().size(), 2);
    }

    void stopsAtOnce()
    {
        Bench bench(remote::Dialect::Plain);
        FakeServer::Answer slow = FakeServer::events({{delta("content", "one ")}});
        for (int i = 0; i < 200; ++i)
            slow.body.append({delta("content", "more "), 20});
        bench.server.answer(chatPath, slow);
        bench.source.start(1, question("?"));
        QTRY_VERIFY(bench.heard.text.count() > 0);
        QElapsedTimer watch;
        watch.start();
        bench.source.cancel();
        QCOMPARE(bench.heard.finished.count(), 0); // not before cancel() has returned
        QTRY_COMPARE(bench.heard.finished.count(), 1);
        QVERIFY(watch.elapsed() < 100);
        QCOMPARE(bench.heard.result().finishReason, FinishReason::Cancelled);
        QVERIFY(bench.heard.result().text.starts_with("one"));
        QTRY_COMPARE(bench.server.openConnections(), 0); // the server is told by that
    }

    void aSecondQuestionEndsTheFirst()
    {
        Bench bench(remote::Dialect::Plain);
        FakeServer::Answer never;
        never.silent = true;
        bench.server.answers(chatPath, {never, streamed(delta("content", "two") + ended())});
        bench.source.start(1, question("first"));
        QTRY_COMPARE(bench.server.requests().size(), 1);
        bench.source.start(2, question("second"));
        QTRY_COMPARE(bench.heard.finished.count(), 2);
        QCOMPARE(bench.heard.finished.at(0).at(0).toULongLong(), 1ull);
        QCOMPARE(bench.heard.finished.at(1).at(0).toULongLong(), 2ull);
        QCOMPARE(bench.heard.finished.at(1).at(1).value<ChatResult>().text, std::string("two"));
    }

    void brokenMediaIsSaidHere()
    {
        FakeServer server;
        RemoteReplySource source;
        source.setTargets({targetOf(server, remote::Dialect::Plain)});
        ChatRequest request = question("?");
        ContentItem picture;
        picture.type = ContentItem::Type::Picture;
        picture.picture.path = "/nowhere/at/all.png";
        request.messages.front().content.push_back(picture);
        Heard heard(source);
        source.start(1, request);
        QVERIFY(heard.ends());
        QCOMPARE(heard.failure().code(), Error::Code::Missing);
        QCOMPARE(server.requests().size(), 0);
    }

    void saysWhatWouldBeSent()
    {
        FakeServer server;
        RemoteReplySource source;
        source.setTargets({targetOf(server, remote::Dialect::Plain)});
        ChatRequest request = question("what?");
        ContentItem picture;
        picture.type = ContentItem::Type::Picture;
        picture.picture.path = argali::test::testData() / "media" / "pictures" / "plain_rgb.jpg";
        request.messages.front().content.push_back(picture);
        QSignalSpy size(&source, &ReplySource::sizeReady);
        source.estimate(5, request);
        QTRY_COMPARE(size.count(), 1);
        QCOMPARE(size.first().at(0).toULongLong(), 5ull);
        QCOMPARE(size.first().at(1).toInt(), 1);
        QVERIFY(size.first().at(2).toLongLong() > 100);
        QCOMPARE(server.requests().size(), 0);
    }

    void withoutAServerItSaysSo()
    {
        RemoteReplySource source;
        Heard heard(source);
        source.start(1, question("?"));
        QCOMPARE(heard.failed.count(), 0);
        QVERIFY(heard.ends());
        QCOMPARE(heard.failed.count(), 1);
        QVERIFY(!heard.failure().sentence().isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestRemoteReplySource)
#include "tst_remotereplysource.moc"
