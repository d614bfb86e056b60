// serve as a router: what goes to which upstream, what comes back, and what is done when one fails.
#include <csignal>

#include <QRegularExpression>
#include <QSslKey>
#include <QSslServer>
#include <QTest>
#include <QThread>

#include "engine/error.h"
#include "tests/support/argaliserver.h"
#include "tests/support/fakeupstream.h"

using namespace argali;
using namespace argali::test;
using namespace std::chrono_literals;
using Reply = FakeUpstream::Reply;
using server::HttpRequest;

namespace {

QByteArray urlOf(int port)
{
    return "http://127.0.0.1:" + QByteArray::number(port);
}

/// Settings that look and try again soon, with the members in this order.
server::UpstreamSet::Settings quick(std::vector<server::Upstream> upstreams)
{
    server::UpstreamSet::Settings settings;
    settings.upstreams = std::move(upstreams);
    settings.health.shown = 100ms;
    settings.health.longest = 200ms;
    settings.breaker.pause = 400ms;
    settings.random = [] { return 0.0; }; // the first that can
    return settings;
}

QJsonObject hello(bool stream = false)
{
    QJsonObject body = question("Hello", 4);
    body["model"] = "m";
    body["stream"] = stream;
    return body;
}

HttpClient::Answer ask(int port, const QJsonObject& body)
{
    return HttpClient(port).post("/v1/chat/completions", body);
}

double valueOf(const QByteArray& metrics, const QByteArray& name)
{
    for (const QByteArray& line : metrics.split('\n'))
        if (line.startsWith(name + ' '))
            return line.mid(name.size() + 1).toDouble();
    return -1;
}

double metric(int port, const QByteArray& name)
{
    return valueOf(HttpClient(port).get("/metrics").body, name);
}

} // namespace

class TestServeRouter final : public QObject {
    Q_OBJECT
private slots:
    void oneListOfModels()
    {
        ArgaliServer first({"-m", "m=" + pocket, "-m", "t=" + tiny});
        ArgaliServer second({"-m", "m=" + pocket});
        QVERIFY(first.isReady() && second.isReady());
        ArgaliServer router({"-m", "t=" + tiny, "--upstream", "a=" + urlOf(first.port()),
                             "--upstream", "b=" + urlOf(second.port()) + "/v1/,weight=2"});
        QVERIFY(router.isReady());
        QVERIFY2(router.said().contains("m: at a, b"), router.said());
        QStringList names;
        for (const QJsonValue& model :
             HttpClient(router.port()).get("/v1/models").json()["data"].toArray())
            names += model["id"].toString();
        QCOMPARE(names, QStringList({"t", "m", "a/t"}));
        const QString expected = textOf(first.ask(question("Hello", 8)));
        QJsonObject body = question("Hello", 8);
        for (const char* name : {"m", "a/m", "b/m"}) {
            body["model"] = name;
            const HttpClient::Answer answer = router.ask(body);
            QCOMPARE(answer.status, 200);
            QCOMPARE(textOf(answer), expected);
        }
        body["stream"] = true;
        const Stream stream(router.ask(body).body);
        QVERIFY(stream.done);
        QVERIFY(stream.pieces > 4); // as they came
        QCOMPARE(stream.text.trimmed(), expected);
        body["stream"] = false;
        QString other;
        for (const char* name : {"t", "a/t"}) {
            body["model"] = name;
            const QString text = textOf(router.ask(body));
            QVERIFY(text != expected);
            QCOMPARE(text, other.isEmpty() ? text : other);
            other = text;
        }
        // Only those of this router were asked of it: two by a, or by b, the rest there.
        const QByteArray metrics = HttpClient(router.port()).get("/metrics").body;
        QCOMPARE(valueOf(metrics, R"(argali_upstream_requests_total{upstream="a",end="ok"})") +
                     valueOf(metrics, R"(argali_upstream_requests_total{upstream="b",end="ok"})"),
                 5.0);
        QCOMPARE(valueOf(metrics, R"(argali_upstream_up{upstream="a"})"), 1.0);
        QCOMPARE(valueOf(metrics, R"(argali_requests_total{model="a/t",status="200"})"), 1.0);
        body["model"] = "unknown";
        const HttpClient::Answer unknown = router.ask(body);
        QCOMPARE(unknown.status, 404);
        QVERIFY2(unknown.body.contains("t, m, a/t"), unknown.body);
        QCOMPARE(router.ask({{"model", "m"}, {"content", "x"}}, "/tokenize").errorCode(),
                 QString("upstream_model"));
    }

    void oneIsKilled()
    {
        // As slow as it goes, and with a model that never comes to an end of what is asked.
        const QStringList slowly = {"ARGALI_ISA=scalar", "ARGALI_THREADS=1"};
        auto first = std::make_unique<ArgaliServer>(QStringList{"-m", "m=" + tiny}, slowly);
        ArgaliServer second({"-m", "m=" + tiny});
        QVERIFY(first->isReady() && second.isReady());
        ArgaliServer router({"--upstream", "a=" + urlOf(first->port()) + ",weight=1000000",
                             "--upstream", "b=" + urlOf(second.port()) + ",weight=0.000001"});
        QVERIFY(router.isReady());
        // In the middle of an answer: what came stays, the rest is an error, and no second answer.
        HttpClient client(router.port());
        QJsonObject body = question("la la la la la la la la", 39'000);
        body["model"] = "m";
        body["stream"] = true;
        client.send(
            HttpClient::request("POST", "/v1/chat/completions", QJsonDocument(body).toJson()));
        while (client.unread().count("data: ") < 5)
            QVERIFY(client.more());
        first->process().kill();
        const HttpClient::Answer answer = client.read();
        const Stream stream(answer.body);
        QCOMPARE(answer.status, 200);
        QVERIFY(!stream.text.isEmpty());
        QCOMPARE(stream.error["code"].toString(), QString("upstream_failed"));
        QVERIFY(stream.done);
        QVERIFY(!answer.body.contains(QByteArray::number(first->port())));
        // Before: the next one answers, and nobody notices.
        first->process().waitForFinished(patience);
        for (int i = 0; i < 8; ++i)
            QCOMPARE(ask(router.port(), hello()).status, 200);
        QTRY_COMPARE(metric(router.port(), R"(argali_upstream_up{upstream="a"})"), 0.0);
        QVERIFY(metric(router.port(), R"(argali_upstream_requests_total{upstream="b",end="ok"})") >=
                8);
        // Nobody is left.
        second.process().kill();
        second.process().waitForFinished(patience);
        QTRY_COMPARE(metric(router.port(), R"(argali_upstream_up{upstream="b"})"), 0.0);
        const HttpClient::Answer none = ask(router.port(), hello());
        QCOMPARE(none.status, 503);
        QCOMPARE(none.errorCode(), QString("no_upstream"));
        QVERIFY(none.headers.contains("retry-after"));
        QCOMPARE(HttpClient(router.port()).get("/health").status, 503);
        // It comes back where it was.
        ArgaliServer again({"-m", "m=" + tiny, "--port", QString::number(first->port())});
        QTRY_COMPARE_WITH_TIMEOUT(HttpClient(router.port()).get("/health").status, 200, 60'000);
        QTRY_COMPARE_WITH_TIMEOUT(ask(router.port(), hello()).status, 200, 60'000);
    }

    void weights()
    {
        ArgaliServer first({"-m", "m=" + tiny});
        ArgaliServer second({"-m", "m=" + tiny});
        QVERIFY(first.isReady() && second.isReady());
        ArgaliServer router({"--upstream", "a=" + urlOf(first.port()) + ",weight=3", "--upstream",
                             "b=" + urlOf(second.port())});
        QVERIFY(router.isReady());
        QJsonObject body = question("Hello", 1);
        body["model"] = "m";
        HttpClient client(router.port());
        for (int i = 0; i < 200; ++i)
            QCOMPARE(client.post("/v1/chat/completions", body).status, 200);
        const double a =
            metric(router.port(), R"(argali_upstream_requests_total{upstream="a",end="ok"})");
        const double b =
            metric(router.port(), R"(argali_upstream_requests_total{upstream="b",end="ok"})");
        QCOMPARE(a + b, 200.0);
        // 150 are expected, with a deviation of 6.1.
        QVERIFY2(a > 118 && a < 182, QByteArray::number(a));
    }

    void breakerOpensAndRecovers()
    {
        FakeUpstream first(FakeUpstream::failing(500));
        FakeUpstream second(FakeUpstream::saying("second"));
        RouterServer router(quick(
            {RouterServer::upstream("a", first.url()), RouterServer::upstream("b", second.url())}));
        const QByteArray breaker = R"(argali_upstream_breaker_open{upstream="a",model="m"})";
        for (int i = 0; i < 6; ++i)
            QCOMPARE(textOf(ask(router.port(), hello())), QString("second"));
        QCOMPARE(first.asked(), 3); // then no more, though its list of models says that it is well
        QCOMPARE(metric(router.port(), breaker), 1.0);
        // One try after the pause; it fails, and the pause grows.
        QTest::qWait(500);
        for (int i = 0; i < 3; ++i)
            QCOMPARE(textOf(ask(router.port(), hello())), QString("second"));
        QCOMPARE(first.asked(), 4);
        first.setChat(FakeUpstream::saying("first"));
        QTest::qWait(500); // not yet: the pause has doubled
        QCOMPARE(textOf(ask(router.port(), hello())), QString("second"));
        QTRY_COMPARE(textOf(ask(router.port(), hello())), QString("first"));
        QCOMPARE(metric(router.port(), breaker), 0.0);
    }

    void healthKeepsRequestsAway()
    {
        FakeUpstream first(FakeUpstream::saying("first"));
        FakeUpstream second(FakeUpstream::saying("second"));
        RouterServer router(quick(
            {RouterServer::upstream("a", first.url()), RouterServer::upstream("b", second.url())}));
        QCOMPARE(textOf(ask(router.port(), hello())), QString("first"));
        first.setUp(false);
        QTRY_COMPARE(metric(router.port(), R"(argali_upstream_up{upstream="a"})"), 0.0);
        QCOMPARE(textOf(ask(router.port(), hello())), QString("second"));
        QCOMPARE(first.asked(), 1);
        first.setUp(true);
        QTRY_COMPARE(textOf(ask(router.port(), hello())), QString("first"));
    }

    void goesOnOnlyWhileNothingCame_data()
    {
        QTest::addColumn<QByteArray>("written"); // by the first, which is then cut
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("code");
        const QByteArray half = QByteArray::fromStdString(FakeUpstream::event("half"));
        QTest::newRow("nothing") << QByteArray() << "second"
                                 << "";
        QTest::newRow("pings") << QByteArray(": ping\n\n: ping\n\n") << "second"
                               << "";
        QTest::newRow("less than an event") << half.left(half.size() - 1) << "second"
                                            << "";
        QTest::newRow("an error")
            << QByteArray("data: {\"error\":{\"message\":\"at http://10.1.2.3:9\"}}\n\n")
            << "second"
            << "";
        QTest::newRow("no JSON") << QByteArray("data: <html>\n\n") << "second"
                                 << "";
        QTest::newRow("an event") << half << "half"
                                  << "upstream_failed";
        QTest::newRow("an event and an error")
            << half + "data: {\"error\":{\"message\":\"at http://10.1.2.3:9\"}}\n\n"
            << "half"
            << "upstream_failed";
    }

    void goesOnOnlyWhileNothingCame()
    {
        QFETCH(QByteArray, written);
        std::mutex mutex;
        Reply kept;
        FakeUpstream first([&](const HttpRequest&, const Reply& reply) {
            FakeUpstream::beginStream(reply);
            reply->write(written.toStdString());
            reply->write(FakeUpstream::event("late").substr(0, 5));
            const std::lock_guard lock(mutex);
            kept = reply;
        });
        FakeUpstream second(FakeUpstream::saying("second"));
        RouterServer router(quick(
            {RouterServer::upstream("a", first.url()), RouterServer::upstream("b", second.url())}));
        HttpClient client(router.port());
        client.send(HttpClient::request("POST", "/v1/chat/completions",
                                        QJsonDocument(hello(true)).toJson(QJsonDocument::Compact)));
        QTRY_COMPARE(first.asked(), 1);
        QTest::qWait(200); // what was written has left
        {
            const std::lock_guard lock(mutex);
            kept.reset(); // which cuts it
        }
        const HttpClient::Answer answer = client.read();
        const Stream stream(answer.body);
        QFETCH(QString, text);
        QFETCH(QString, code);
        QCOMPARE(stream.text, text);
        QCOMPARE(stream.error["code"].toString(), code);
        QVERIFY(stream.done);
        QVERIFY2(!answer.body.contains("10.1.2.3"), answer.body);
        QCOMPARE(first.asked(), 1);
        QCOMPARE(second.asked(), code.isEmpty() ? 1 : 0);
        // Without a stream an answer is passed on when it is whole.
        first.setChat([](const HttpRequest&, const Reply& reply) {
            reply->begin({200, "application/json", {}, {}});
            reply->write("{\"choices\":[{");
        });
        QCOMPARE(textOf(ask(router.port(), hello())), QString("second"));
    }

    void refusalsAreOfOurSet_data()
    {
        QTest::addColumn<int>("given");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("code");
        QTest::addColumn<int>("asked"); // how many of two
        const auto error = [](const char* text) {
            return QByteArray("{\"error\":{\"message\":\"") + text +
                   " http://10.1.2.3:8000/x\",\"param\":\"http://10.1.2.3\"}}";
        };
        QTest::newRow("bad") << 400 << error("bad") << 400 << "upstream_bad_request" << 1;
        QTest::newRow("context") << 400 << error("maximum context length is 10") << 400
                                 << "context_length_exceeded" << 1;
        QTest::newRow("pictures") << 400 << error("At most 2 image(s) may be provided") << 400
                                  << "too_many_pictures" << 1;
        QTest::newRow("large") << 413 << error("large") << 413 << "body_too_large" << 1;
        QTest::newRow("no such path")
            << 404 << QByteArray("<html>10.1.2.3</html>") << 400 << "upstream_bad_request" << 1;
        QTest::newRow("key") << 401 << error("key") << 502 << "upstream_key" << 2;
        QTest::newRow("busy") << 429 << error("busy") << 429 << "queue_full" << 2;
        QTest::newRow("loading") << 503 << error("Loading model") << 503 << "upstream_starting"
                                 << 2;
        QTest::newRow("broken") << 500 << QByteArray("<html>10.1.2.3</html>") << 502
                                << "upstream_failed" << 2;
        QTest::newRow("elsewhere")
            << 302 << QByteArray("10.1.2.3") << 502 << "upstream_failed" << 2;
        QTest::newRow("no JSON") << 200 << QByteArray("10.1.2.3") << 502 << "upstream_failed" << 2;
        QTest::newRow("an error within") << 200 << error("x") << 502 << "upstream_failed" << 2;
    }

    void refusalsAreOfOurSet()
    {
        QFETCH(int, given);
        QFETCH(QByteArray, body);
        const auto refuse =
            FakeUpstream::failing(given, body.toStdString(), {{"Retry-After", "7"}});
        FakeUpstream first(refuse);
        FakeUpstream second(refuse);
        RouterServer router(quick(
            {RouterServer::upstream("a", first.url()), RouterServer::upstream("b", second.url())}));
        const HttpClient::Answer answer = ask(router.port(), hello());
        QTEST(answer.status, "status");
        QTEST(answer.errorCode(), "code");
        QVERIFY2(!answer.body.contains("10.1.2.3"), answer.body);
        if (answer.status == 429 || answer.status == 503)
            QCOMPARE(answer.headers.value("retry-after"), QByteArray("7"));
        QTEST(first.asked() + second.asked(), "asked");
    }

    void slowOnesAreGivenUp()
    {
        std::mutex mutex;
        std::vector<Reply> kept;
        const auto silent = [&](const HttpRequest&, const Reply& reply) {
            const std::lock_guard lock(mutex);
            kept.push_back(reply);
        };
        FakeUpstream first(silent);
        auto settings = quick({RouterServer::upstream("a", first.url())});
        settings.silence = 300ms;
        RouterServer router(std::move(settings));
        QElapsedTimer watch;
        watch.start();
        const HttpClient::Answer answer = ask(router.port(), hello());
        QCOMPARE(answer.status, 504);
        QCOMPARE(answer.errorCode(), QString("upstream_timeout"));
        QVERIFY(watch.elapsed() >= 300 && watch.elapsed() < 10'000);
        QCOMPARE(metric(router.port(),
                        R"(argali_upstream_requests_total{upstream="a",end="timed-out"})"),
                 1.0);
        FakeUpstream second(FakeUpstream::saying("second"));
        settings = quick(
            {RouterServer::upstream("a", first.url()), RouterServer::upstream("b", second.url())});
        settings.silence = 300ms;
        RouterServer two(std::move(settings));
        QCOMPARE(textOf(ask(two.port(), hello())), QString("second"));
        QCOMPARE(first.asked(), 2);
        const std::lock_guard lock(mutex);
        kept.clear();
    }

    void whoGoesClosesTheConnection()
    {
        std::mutex mutex;
        Reply kept;
        FakeUpstream first([&](const HttpRequest&, const Reply& reply) {
            FakeUpstream::beginStream(reply);
            reply->write(FakeUpstream::event("one"));
            const std::lock_guard lock(mutex);
            kept = reply;
        });
        RouterServer router(quick({RouterServer::upstream("a", first.url())}));
        {
            HttpClient client(router.port());
            client.send(
                HttpClient::request("POST", "/v1/chat/completions",
                                    QJsonDocument(hello(true)).toJson(QJsonDocument::Compact)));
            while (!client.unread().contains("one"))
                QVERIFY(client.more());
            const std::lock_guard lock(mutex);
            QVERIFY(!kept->gone().stop_requested());
        }
        const auto isGone = [&] {
            const std::lock_guard lock(mutex);
            return kept->gone().stop_requested();
        };
        QTRY_VERIFY(isGone());
        QTRY_COMPARE(metric(router.port(),
                            R"(argali_upstream_requests_total{upstream="a",end="client-gone"})"),
                     1.0);
        QCOMPARE(metric(router.port(), R"(argali_upstream_running{upstream="a"})"), 0.0);
        // Which says nothing about the upstream.
        QCOMPARE(metric(router.port(), R"(argali_upstream_breaker_open{upstream="a",model="m"})"),
                 0.0);
        const std::lock_guard lock(mutex);
        kept.reset();
    }

    void headersOfAnAllowList()
    {
        FakeUpstream first(FakeUpstream::saying("yes"));
        server::Upstream upstream = RouterServer::upstream("a", first.url());
        upstream.key = remote::Secret("key-of-the-upstream");
        RouterServer router(quick({upstream}));
        const QByteArray body = QJsonDocument(hello()).toJson(QJsonDocument::Compact);
        const HttpClient::Answer answer = HttpClient(router.port())
                                              .post("/v1/chat/completions", body,
                                                    "Authorization: Bearer of-the-client\r\n"
                                                    "Cookie: secret\r\nX-Forwarded-For: 1.2.3.4\r\n"
                                                    "X-Request-Id: 17\r\n");
        QCOMPARE(answer.status, 200);
        const HttpRequest seen = first.last();
        QCOMPARE(seen.path, std::string("/v1/chat/completions"));
        QCOMPARE(seen.body, body.toStdString()); // byte by byte
        QCOMPARE(seen.header("authorization"), std::string("Bearer key-of-the-upstream"));
        QCOMPARE(seen.header("x-request-id"), std::string("17"));
        QCOMPARE(seen.header("cookie"), std::string());
        QCOMPARE(seen.header("x-forwarded-for"), std::string());
        // One that comes back to where it has been is not sent round for ever.
        const QByteArray via = QByteArray::fromStdString(seen.header("via"));
        QVERIFY(via.contains("argali-"));
        const HttpClient::Answer loop =
            HttpClient(router.port())
                .post("/v1/chat/completions", body, "Via: 1.1 other, " + via + "\r\n");
        QCOMPARE(loop.status, 508);
        QCOMPARE(first.asked(), 1);
    }

    void keysAreNoArguments()
    {
        FakeUpstream first(FakeUpstream::saying("yes"));
        QTemporaryDir folder;
        const QString file = folder.filePath("key");
        write(file, "key-from-a-file\n");
        QFile(file).setPermissions(QFile::ReadOwner);
        const QString url = "big-one=" + QString::fromStdString(first.url());
        for (const bool isFile : {true, false}) {
            ArgaliServer router(
                QStringList{"--upstream", url} +
                    (isFile ? QStringList{"--upstream-key-file", "big-one=" + file}
                            : QStringList()),
                isFile ? QStringList()
                       : QStringList{"ARGALI_UPSTREAM_KEY_BIG_ONE=key-of-environment"});
            QVERIFY(router.isReady());
            QCOMPARE(ask(router.port(), hello()).status, 200);
            QCOMPARE(first.last().header("authorization"),
                     std::string(isFile ? "Bearer key-from-a-file" : "Bearer key-of-environment"));
            QVERIFY2(!router.said().contains("key-"), router.said());
            QVERIFY(!HttpClient(router.port()).get("/metrics").body.contains("key-"));
        }
    }

    void wrongUsage_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<QByteArray>("parts");
        const auto row = [](const char* name, const QStringList& words, const char* parts) {
            QTest::newRow(name) << words << QByteArray(parts);
        };
        row("no name", {"--upstream", "http://a"}, "NAME=URL");
        row("a name with a slash", {"--upstream", "a/b=http://a"}, "letters");
        row("a password", {"--upstream", "a=http://user:secret@host"}, "password");
        row("no weight", {"--upstream", "a=http://a,wieght=2"}, "weight=W");
        row("no number", {"--upstream", "a=http://a,weight=x"}, "weight=W");
        row("nothing", {"--upstream", "a=http://a,weight=0"}, "above 0");
        row("twice", {"--upstream", "a=http://h1", "--upstream", "a=http://h2"}, "h1|h2");
        row("alike", {"--upstream", "a-b=http://h1", "--upstream", "A_b=http://h2"}, "environment");
        row("the key of nobody", {"--upstream", "a=http://a", "--upstream-key-file", "b=/dev/null"},
            "NAME=FILE");
        row("no upstream", {"--upstream-timeout", "5"}, "need an --upstream");
    }

    void wrongUsage()
    {
        QFETCH(QStringList, words);
        QFETCH(QByteArray, parts);
        const Outcome outcome = argaliCli(QStringList{"serve", "--port", "0"} + words);
        QCOMPARE(outcome.status, 2);
        for (const QByteArray& part : parts.split('|'))
            QVERIFY2(outcome.err.contains(part), outcome.err);
        QVERIFY2(!outcome.err.contains("secret"), outcome.err);
    }

    void https()
    {
        QFile certificate(dataFolder + "/tls/certificate.pem");
        QFile key(dataFolder + "/tls/key.pem");
        QVERIFY(certificate.open(QIODevice::ReadOnly) && key.open(QIODevice::ReadOnly));
        QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
        configuration.setLocalCertificate(QSslCertificate(certificate.readAll()));
        configuration.setPrivateKey(QSslKey(key.readAll(), QSsl::Ec));
        QSslServer secure;
        secure.setSslConfiguration(configuration);
        QVERIFY(secure.listen(QHostAddress::LocalHost));
        int asked = 0;
        connect(&secure, &QSslServer::pendingConnectionAvailable, this, [&] {
            QTcpSocket* const socket = secure.nextPendingConnection();
            connect(socket, &QTcpSocket::readyRead, socket, [socket, &asked] {
                if (!socket->peek(4096).contains("\r\n\r\n"))
                    return;
                const bool isChat = socket->readAll().startsWith("POST");
                asked += isChat;
                const QByteArray body = isChat
                                            ? QByteArray::fromStdString(FakeUpstream::whole("safe"))
                                            : QByteArray("{\"data\":[{\"id\":\"m\","
                                                         "\"owned_by\":\"lmdeploy\"}]}");
                socket->write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                              "Content-Length: " +
                              QByteArray::number(body.size()) + "\r\n\r\n" + body);
            });
        });
        const QString url = "a=https://127.0.0.1:" + QString::number(secure.serverPort());
        const auto answerOf = [&](const QStringList& environment) {
            // Asked by another program, while this one serves.
            HttpClient::Answer answer;
            const std::unique_ptr<QThread> thread(QThread::create([&] {
                ArgaliServer router({"--upstream", url}, environment);
                answer = ask(router.port(), hello());
            }));
            thread->start();
            while (!thread->wait(1))
                QCoreApplication::processEvents();
            return answer;
        };
        const HttpClient::Answer trusted = answerOf({"SSL_CERT_FILE=" + certificate.fileName()});
        QCOMPARE(textOf(trusted), QString("safe"));
        QCOMPARE(asked, 1);
        // Nobody has signed it that the system knows: no word of ours goes there.
        QCOMPARE(answerOf({}).status, 404);
        QCOMPARE(asked, 1);
    }
};

QTEST_GUILESS_MAIN(TestServeRouter)
#include "tst_serverouter.moc"
