// What the owner of a server sees of the requests that it is at, how one is stopped, and how a
// program that starts a server keeps it in hand.
#include <atomic>
#include <csignal>
#include <memory>

#include <nlohmann/json.hpp>

#include <QDir>
#include <QElapsedTimer>
#include <QTest>

#include "engine/remote/requestbody.h"
#include "engine/server/requestbook.h"
#include "tests/support/argaliserver.h"
#include "tests/support/fakeupstream.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using namespace argali::test;
using namespace std::chrono_literals;

namespace {

const QByteArray key = "key-of-the-test-0123456789";

/// As slow as it goes, so that what is under way can be looked at.
const QStringList slowly = {"ARGALI_ISA=scalar", "ARGALI_THREADS=1"};

/// The small model with random weights never comes to an end of this.
const QStringList repeating = {"-m", "tiny=" + tiny};

QJsonObject endless(bool stream = true)
{
    QJsonObject body = question("la la la la la la la la", 39'000);
    body["stream"] = stream;
    return body;
}

/// A client that has asked, under this name.
std::unique_ptr<HttpClient> asking(int port, const QJsonObject& body, const QByteArray& name)
{
    auto client = std::make_unique<HttpClient>(port);
    client->send(HttpClient::request("POST", "/v1/chat/completions", QJsonDocument(body).toJson(),
                                     "User-Agent: " + name + "\r\n"));
    return client;
}

QJsonArray requests(int port)
{
    return HttpClient(port).get("/v1/requests").json()["data"].toArray();
}

QJsonObject requestOf(int port, const QString& client)
{
    for (const QJsonValue& each : requests(port))
        if (each.toObject()["client"] == client)
            return each.toObject();
    return {};
}

QString stateOf(int port, const QString& client)
{
    return requestOf(port, client)["state"].toString();
}

HttpClient::Answer stopOne(int port, const QString& id, const QByteArray& method = "DELETE")
{
    HttpClient client(port);
    client.send(HttpClient::request(method, "/v1/requests/" + id.toUtf8(), "{}"));
    return client.read();
}

/// A server that lives as long as its standard input, which is this process's.
ArgaliServer heldServer(const QStringList& words, const QByteArray& firstLine = {})
{
    return ArgaliServer(QStringList{"--until-input-ends"} + words, slowly, firstLine);
}

QByteArray ofSystem(ArgaliServer& server, const char* what)
{
    return read(QString("/proc/%1/%2").arg(server.process().processId()).arg(what));
}

} // namespace

class TestServeRequests final : public QObject {
    Q_OBJECT
private slots:
    void listsWhoIsAnsweredAndWhoWaits()
    {
        ArgaliServer server(repeating, slowly);
        QVERIFY(server.isReady());
        QCOMPARE(requests(server.port()), QJsonArray());
        // The same was asked before, and is known still: it counts all the same, as in usage.
        QJsonObject before = endless(false);
        before["max_tokens"] = 1;
        const QJsonObject usage = server.ask(before).json()["usage"].toObject();
        const int promptTokens = usage["prompt_tokens"].toInt();
        QVERIFY(promptTokens > 4);
        const auto first = asking(server.port(), endless(), "first/1.0 (of a secretive person)");
        QTRY_COMPARE(stateOf(server.port(), "first/1.0"), QString("answering"));
        const auto second = asking(server.port(), endless(false), "second");
        auto third = asking(server.port(), endless(), "<b>third");
        QTRY_COMPARE(requests(server.port()).size(), 3);
        const QByteArray all = HttpClient(server.port()).get("/v1/requests").body;
        QVERIFY2(!all.contains("secretive") && !all.contains("127.0.0.1") && !all.contains("la la"),
                 all);
        QCOMPARE(object(all)["object"].toString(), QString("list"));
        const QJsonObject running = requestOf(server.port(), "first/1.0");
        QCOMPARE(running["model"].toString(), QString("tiny"));
        QCOMPARE(running["from"].toString(), QString("local"));
        QCOMPARE(running["prompt_tokens"].toInt(), promptTokens);
        const int tokens = running["tokens"].toInt();
        const double seconds = running["seconds"].toDouble();
        QTRY_VERIFY(requestOf(server.port(), "first/1.0")["tokens"].toInt() > tokens);
        QVERIFY(requestOf(server.port(), "first/1.0")["seconds"].toDouble() > seconds);
        const QJsonObject waiting = requestOf(server.port(), "second");
        QCOMPARE(waiting["state"].toString(), QString("waiting"));
        QVERIFY(waiting["tokens"].isNull() && waiting["prompt_tokens"].isNull());
        QVERIFY(requests(server.port())[2].toObject()["client"].isNull()); // no product of HTTP's
        // Who goes while it waits is gone at once, though the model is at another answer.
        third.reset();
        QTRY_COMPARE(requests(server.port()).size(), 2);
        QCOMPARE(stateOf(server.port(), "first/1.0"), QString("answering"));
    }

    void tellsThinkingFromAnswering()
    {
        ArgaliServer server({}, slowly);
        QVERIFY(server.isReady());
        QJsonObject body = question("Who are you?", 200);
        body["chat_template_kwargs"] = QJsonObject{{"enable_thinking", true}};
        const auto client = asking(server.port(), body, "thinker");
        QStringList states;
        while (states.isEmpty() || !requests(server.port()).isEmpty()) {
            const QString state = stateOf(server.port(), "thinker");
            if (!state.isEmpty() && !states.endsWith(state))
                states += state;
        }
        QVERIFY2(states.contains("thinking"), qPrintable(states.join(' ')));
        QCOMPARE(states.last(), QString("answering"));
        QCOMPARE(client->read().status, 200);
    }

    void stopsOne()
    {
        ArgaliServer server(repeating, slowly);
        QVERIFY(server.isReady());
        const auto stream = asking(server.port(), endless(), "stream");
        QTRY_COMPARE(stateOf(server.port(), "stream"), QString("answering"));
        const auto whole = asking(server.port(), endless(false), "whole");
        const auto waiting = asking(server.port(), endless(), "waiting");
        QTRY_COMPARE(requests(server.port()).size(), 3);
        for (const char* const client : {"whole", "waiting"}) // no longer being read
            QTRY_COMPARE(stateOf(server.port(), client), QString("waiting"));

        // One that waits hears it at once, and the others go on.
        HttpClient::Answer stopped =
            stopOne(server.port(), requestOf(server.port(), "waiting")["id"].toString());
        QCOMPARE(stopped.status, 200);
        QCOMPARE(stopped.json()["state"].toString(), QString("stopped"));
        HttpClient::Answer answer = waiting->read();
        QCOMPARE(answer.status, 403);
        QCOMPARE(answer.errorCode(), QString("request_stopped"));
        QCOMPARE(stateOf(server.port(), "stream"), QString("answering"));
        QCOMPARE(requests(server.port()).size(), 2);

        // One that is answered ends with what was said so far.
        const QString id = requestOf(server.port(), "stream")["id"].toString();
        QCOMPARE(stopOne(server.port(), id).status, 200);
        const Stream said(stream->read().body);
        QVERIFY(!said.text.isEmpty());
        QCOMPARE(said.error["code"].toString(), QString("request_stopped"));
        QTRY_COMPARE(stopOne(server.port(), id).status, 404); // it is over
        QCOMPARE(stopOne(server.port(), id).errorCode(), QString("request_not_found"));

        QTRY_COMPARE(stateOf(server.port(), "whole"), QString("answering")); // its turn has come
        QCOMPARE(stopOne(server.port(), requestOf(server.port(), "whole")["id"].toString()).status,
                 200);
        answer = whole->read();
        QCOMPARE(answer.status, 403);
        QCOMPARE(answer.errorCode(), QString("request_stopped"));
        QTRY_COMPARE(requests(server.port()), QJsonArray());
        QCOMPARE(server.ask(question("Hello", 4)).status, 200);
        const QByteArray metrics = HttpClient(server.port()).get("/metrics").body;
        QVERIFY2(metrics.contains("argali_requests_total{model=\"tiny\",status=\"403\"} 3"),
                 metrics);
    }

    /// All that the window may ask a server of ours for is taken: nothing is asked twice.
    void takesWhatTheWindowSends()
    {
        using remote::RemoteItem;
        const auto bytesOf = [](const QString& file) {
            return std::make_shared<const std::string>(read(samples + file).toStdString());
        };
        remote::RemoteMessage system;
        system.role = remote::RemoteMessage::Role::System;
        system.content.emplace_back().text = "Be brief.";
        remote::RemoteMessage asked;
        asked.content.emplace_back().text = "What is shown?";
        asked.content.push_back(
            {RemoteItem::Type::Picture, {}, {bytesOf("objects.png"), "image/png"}, {}});
        remote::RemoteMessage answered;
        answered.role = remote::RemoteMessage::Role::Assistant;
        answered.content.emplace_back().text = "Objects.";
        remote::RemoteMessage again;
        again.content.emplace_back().text = "And now?";
        again.content.push_back(
            {RemoteItem::Type::Film, {}, {}, {{}, bytesOf("grow.mp4"), "video/mp4"}});
        remote::RemoteOptions options;
        options.maxTokens = 40;
        options.thinking = remote::RemoteOptions::Thinking::On;
        options.effort = "high";
        options.thinkingBudget = 16;
        options.temperature = 0.5;
        options.topP = 0.9;
        options.topK = 20;
        options.minP = 0.05;
        options.repetitionPenalty = 1.1;
        options.seed = 7;
        options.stop = {"END"};
        options.minPixels = 100'000;
        options.maxPixels = 400'000;
        options.filmForm = remote::RemoteOptions::FilmForm::File;
        options.filmFrames = 4;
        ArgaliServer server;
        QVERIFY(server.isReady());
        const auto ask = [&server](const remote::RequestBody& body) {
            return HttpClient(server.port())
                .post("/v1/chat/completions", QByteArray::fromStdString(body.json));
        };
        for (const auto& messages : {std::vector{system, asked}, std::vector{again}}) {
            const remote::RequestBody body =
                remote::chatBody(messages, options, remote::Dialect::Argali);
            QVERIFY(body.leftOut.empty());
            const HttpClient::Answer answer = ask(body);
            QVERIFY2(answer.status == 200, answer.body);
            QVERIFY(Stream(answer.body).done);
        }
        // It goes on from no answer, and is not asked to.
        options.continuation = remote::Continuation{{}, false, "Once upon"};
        const remote::RequestBody body =
            remote::chatBody({system, asked, answered, asked}, options, remote::Dialect::Argali);
        QVERIFY(body.leftOut.contains(remote::RequestPart::Continuation));
        QCOMPARE(ask(body).status, 200);
    }

    void refusesOtherMethods()
    {
        ArgaliServer server;
        QVERIFY(server.isReady());
        for (const char* id : {"", "0", "1", "-1", "1/2", "%31", "999999999999999999999999"})
            QCOMPARE(stopOne(server.port(), id).status, 404);
        QCOMPARE(stopOne(server.port(), "1", "POST").status, 405);
        QCOMPARE(HttpClient(server.port()).get("/v1/requests/1").status, 405);
        QCOMPARE(HttpClient(server.port()).post("/v1/requests", QByteArray("{}")).status, 405);
        QVERIFY(server.said().contains("DELETE /v1/requests/{id} "));
        QVERIFY(server.said().contains("GET  /v1/requests "));
    }

    void listsWhatIsPassedOn()
    {
        std::atomic<bool> hasGone = false;
        std::optional<std::stop_callback<std::function<void()>>> gone;
        FakeUpstream upstream([&](const server::HttpRequest&, const FakeUpstream::Reply& reply) {
            gone.emplace(reply->gone(), [&hasGone] { hasGone = true; });
            FakeUpstream::beginStream(reply);
            reply->write(FakeUpstream::event("on and "));
            static std::vector<FakeUpstream::Reply> kept; // never ends by itself
            kept.push_back(reply);
        });
        server::UpstreamSet::Settings settings;
        settings.upstreams = {RouterServer::upstream("a", upstream.url())};
        RouterServer router(std::move(settings));
        QJsonObject body = endless();
        body["model"] = "m";
        const auto client = asking(router.port(), body, "client");
        QTRY_COMPARE(stateOf(router.port(), "client"), QString("answering"));
        const QJsonObject request = requestOf(router.port(), "client");
        QCOMPARE(request["model"].toString(), QString("m"));
        QVERIFY(request["tokens"].isNull()); // only the upstream counts them
        QCOMPARE(stopOne(router.port(), request["id"].toString()).status, 200);
        const Stream said(client->read().body);
        QCOMPARE(said.text, QString("on and "));
        QCOMPARE(said.error["code"].toString(), QString("request_stopped"));
        QTRY_VERIFY(hasGone); // the upstream need not go on
        QTRY_COMPARE(requests(router.port()), QJsonArray());
    }

    void tellsFromWhere()
    {
        server::RequestBook book;
        server::HttpRequest request;
        request.headers["user-agent"] = std::string(5000, 'x');
        std::stop_source gone;
        const auto far = book.add(request, gone.get_token());
        request.isLocal = true;
        const auto near = book.add(request, gone.get_token());
        nlohmann::json list = book.list()["data"];
        QCOMPARE(list.size(), size_t(2));
        QCOMPARE(list[0]["from"].get<std::string>(), std::string("remote"));
        QCOMPARE(list[1]["from"].get<std::string>(), std::string("local"));
        QVERIFY(list[0]["client"].get<std::string>().size() <= 40);
        QVERIFY(list[0]["model"].is_null());
        gone.request_stop();
        QVERIFY(book.list()["data"].empty());
        QVERIFY(!book.stop("1"));
        QVERIFY(near->stopToken().stop_requested() && !near->isStoppedByOwner());
    }

    void asksForTheKey()
    {
        ArgaliServer server = heldServer({"--api-key-file", "-"}, key + "\n");
        QVERIFY2(server.port() > 0, server.said());
        HttpClient client(server.port());
        QCOMPARE(client.get("/v1/requests").status, 401);
        QCOMPARE(stopOne(server.port(), "1").status, 401);
        QCOMPARE(client.get("/v1/requests", "Authorization: Bearer " + key + "\r\n").status, 200);
        // Nobody reads it off the list of processes, nor off its environment.
        QVERIFY(ofSystem(server, "cmdline").contains("serve"));
        QVERIFY(!ofSystem(server, "cmdline").contains("key-of-the-test"));
        QVERIFY(!ofSystem(server, "environ").isEmpty());
        QVERIFY(!ofSystem(server, "environ").contains("key-of-the-test"));
        QVERIFY(!server.said().contains("key-of-the-test"));
        QCOMPARE(failsOtherwise(argaliCli({"serve", "--port", "0", "--api-key-file", "-"}, "\n"), 2,
                                "standard input|--api-key-file -"),
                 QByteArray());
        QCOMPARE(
            argaliCli({"serve", "--port", "0", "--api-key-file", "-"}, QByteArray(100'000, 'k'))
                .status,
            1);
    }

    void endsWithItsInput()
    {
        for (const bool isBusy : {false, true}) {
            ArgaliServer server = heldServer(repeating);
            QVERIFY2(server.port() > 0, server.said());
            server.process().write("words that nobody wants\n");
            QTest::qWait(300);
            QCOMPARE(server.process().state(), QProcess::Running);
            std::unique_ptr<HttpClient> client;
            if (isBusy) {
                client = asking(server.port(), endless(), "client");
                QVERIFY(client->more());
            }
            QElapsedTimer time;
            time.start();
            server.process().closeWriteChannel();
            QTRY_COMPARE_WITH_TIMEOUT(server.process().state(), QProcess::NotRunning, patience);
            QVERIFY2(time.elapsed() < 20'000, "it finished the answer first");
            QCOMPARE(server.process().exitStatus(), QProcess::NormalExit);
            QCOMPARE(server.process().exitCode(), 130);
            QVERIFY(QDir(server.temporary()).isEmpty()); // nothing of what was sent stays
        }
    }

    /// A first signal lets it finish; the input that ends meanwhile stops that, too.
    void endsWithItsInputWhileItFinishes()
    {
        ArgaliServer server = heldServer(repeating);
        QVERIFY2(server.port() > 0, server.said());
        const auto client = asking(server.port(), endless(), "client");
        QVERIFY(client->more());
        ::kill(pid_t(server.process().processId()), SIGTERM);
        QTest::qWait(300);
        QCOMPARE(server.process().state(), QProcess::Running);
        server.process().closeWriteChannel();
        QTRY_COMPARE_WITH_TIMEOUT(server.process().state(), QProcess::NotRunning, 20'000);
    }

    void saysWhyAModelCannotBeLoaded()
    {
        ModelFolder broken("ovis2_5-tiny");
        broken.truncate("tokenizer.json", 100);
        ArgaliServer server({"-m", "broken=" + QString::fromStdString(broken.path())});
        const auto model = [&server] {
            return HttpClient(server.port())
                .get("/health")
                .json()["models"]
                .toArray()
                .at(0)
                .toObject();
        };
        QTRY_COMPARE(model()["state"].toString(), QString("failed"));
        QCOMPARE(model()["error"].toObject()["code"].toString(), QString("model_unavailable"));
        // Its log says more, now and not at its end.
        QByteArray said = server.said();
        QTRY_VERIFY2(
            (said += server.process().readAllStandardError(), said.contains("warning: broken: ")),
            said);
        QCOMPARE(server.process().state(), QProcess::Running);
    }
};

QTEST_GUILESS_MAIN(TestServeRequests)
#include "tst_serverequests.moc"
