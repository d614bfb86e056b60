// Requests to a server over real sockets of this machine: what comes, what breaks, and what must
// never go out.
#include <memory>
#include <vector>

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

#include "gui/remote/serverhttp.h"
#include "tests/support/fakeserver.h"
#include "tests/support/testcertificate.h"

using namespace argali;
using namespace argali::gui;
using remote::Failure;
using remote::FailureKind;

namespace {

constexpr int patience = 30'000;
const QByteArray key = "sk-very-secret-4711";

ServerAccess accessTo(const QByteArray& url)
{
    ServerAccess access{remote::ServerUrl::parse(url.toStdString()), remote::Secret()};
    access.proxy.kind = ProxyChoice::Kind::None;
    return access;
}

/// What one exchange said, in order.
struct Heard {
    std::unique_ptr<HttpExchange> exchange;
    remote::HttpReply head;
    QByteArray body;
    QList<QByteArray> pieces;
    std::optional<Failure> failure;
    int heads = 0;
    int ends = 0;
    QElapsedTimer clock;
    qint64 firstPiece = -1; ///< ms

    explicit Heard(HttpExchange* asked) : exchange(asked)
    {
        clock.start();
        QObject::connect(asked, &HttpExchange::headArrived, asked, [this](const auto& arrived) {
            head = arrived;
            ++heads;
        });
        QObject::connect(asked, &HttpExchange::bytesArrived, asked, [this](const auto& bytes) {
            if (firstPiece < 0)
                firstPiece = clock.elapsed();
            body += bytes;
            pieces.append(bytes);
        });
        QObject::connect(asked, &HttpExchange::finished, asked, [this] { ++ends; });
        QObject::connect(asked, &HttpExchange::failed, asked, [this](const Failure& why) {
            failure = why;
            ++ends;
        });
    }
    bool wait()
    {
        return QTest::qWaitFor([this] { return ends > 0; }, patience);
    }
};

/// Sets a variable of the environment until the end of the test.
struct Environment {
    explicit Environment(const char* name, const QByteArray& value) : m_name(name)
    {
        m_before = qgetenv(name);
        qputenv(name, value);
    }
    ~Environment() { qputenv(m_name, m_before); }

private:
    const char* const m_name;
    QByteArray m_before;
};

} // namespace

class TestServerHttp final : public QObject {
    Q_OBJECT
private slots:
    void asksAndReads();
    void postsAndSaysWhatHasGone();
    void keepsTheBodyOfAnError();
    void streamsWhatComesAsItComes();
    void saysThatNobodyListens();
    void saysThatAServerIsSilent();
    void saysThatAServerIsNotReached();
    void saysThatTheNameIsUnknown();
    void saysThatTheConnectionWasCut_data();
    void saysThatTheConnectionWasCut();
    void saysThatItIsNoHttp();
    void trustsNoStranger();
    void trustsWhoItIsToldTo();
    void saysThatItIsNoTls();
    void takesTheKeyNowhereElse();
    void refusesToBeMadeToSendHeaders_data();
    void refusesToBeMadeToSendHeaders();
    void sendsFurtherHeaders();
    void takesNoCompressedReply();
    void hidesTheKeyThatAServerRepeats();
    void goesThroughAProxy();
    void readsTheProxyOfTheEnvironment();
    void asksTheDesktopForAProxy();
    void leavesOutWhatNoProxyNames_data();
    void leavesOutWhatNoProxyNames();
    void refusesABrokenProxyOrCertificate();
    void isSilentAfterAbort();
    void mayBeDeletedByWhoListens();
    void collectsWithinABound();
};

void TestServerHttp::asksAndReads()
{
    FakeServer server;
    server.answer("/base/v1/models", FakeServer::json(R"({"data":[]})"));
    ServerAccess access = accessTo(server.url() + "/base/v1/");
    access.key = remote::Secret(key.toStdString());
    ServerHttp http(access);
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(!heard.failure);
    QCOMPARE(heard.heads, 1);
    QCOMPARE(heard.head.status, 200);
    QCOMPARE(heard.head.header("content-type"),
             std::optional<std::string_view>("application/json"));
    QCOMPARE(heard.body, QByteArray(R"({"data":[]})"));
    const FakeServer::Request& request = server.requests().at(0);
    QCOMPARE(request.method, QByteArray("GET"));
    QCOMPARE(request.headers.value("authorization"), "Bearer " + key);
    QCOMPARE(request.headers.value("accept-encoding"), QByteArray("identity"));
    QCOMPARE(request.head.count(key), 1);
    QVERIFY(!request.headers.contains("cookie"));
}

void TestServerHttp::postsAndSaysWhatHasGone()
{
    FakeServer server;
    server.answer("*", FakeServer::json("{}"));
    ServerHttp http(accessTo(server.url()));
    const std::string body = "{\"a\":\"" + std::string(3'000'000, 'x') + "\"}";
    HttpExchange* const exchange = http.post("/v1/chat/completions", body);
    QSignalSpy uploaded(exchange, &HttpExchange::uploaded);
    Heard heard(exchange);
    QVERIFY(heard.wait());
    QVERIFY(!heard.failure);
    QCOMPARE(server.requests().at(0).body, QByteArray::fromStdString(body));
    QCOMPARE(server.requests().at(0).headers.value("content-type"), QByteArray("application/json"));
    QVERIFY(!server.requests().at(0).headers.contains("authorization"));
    QVERIFY(uploaded.size() > 1);
    qint64 before = 0;
    for (const auto& each : uploaded) {
        QVERIFY(each.at(0).toLongLong() >= before);
        before = each.at(0).toLongLong();
        QCOMPARE(each.at(1).toLongLong(), qint64(body.size()));
    }
    QCOMPARE(before, qint64(body.size()));
}

void TestServerHttp::keepsTheBodyOfAnError()
{
    FakeServer server;
    ServerHttp http(accessTo(server.url()));
    for (const int status : {400, 401, 403, 404, 418, 429, 500, 501, 503}) {
        server.answer("*", FakeServer::json(R"({"error":"why"})", status));
        Heard heard(http.post("/v1/chat/completions", "{}"));
        QVERIFY(heard.wait());
        QVERIFY2(!heard.failure, qPrintable(QString::number(status)));
        QCOMPARE(heard.head.status, status);
        QCOMPARE(heard.body, QByteArray(R"({"error":"why"})"));
    }
}

void TestServerHttp::streamsWhatComesAsItComes()
{
    FakeServer server;
    server.answer(
        "*", FakeServer::events({{"data: 1\n\n"}, {"data: 2\n\n", 400}, {"data: 3\n\n", 400}}));
    ServerHttp http(accessTo(server.url()));
    Heard heard(http.post("/v1/chat/completions", "{}"));
    QVERIFY(heard.wait());
    QVERIFY(!heard.failure);
    QCOMPARE(heard.pieces, (QList<QByteArray>{"data: 1\n\n", "data: 2\n\n", "data: 3\n\n"}));
    QVERIFY2(heard.clock.elapsed() - heard.firstPiece > 600,
             "the first piece waited for the others");
}

void TestServerHttp::saysThatNobodyListens()
{
    FakeServer server;
    const QByteArray url = server.url();
    server.stop();
    ServerHttp http(accessTo(url));
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::Refused);
    QCOMPARE(heard.heads, 0);
}

void TestServerHttp::saysThatAServerIsSilent()
{
    FakeServer server;
    server.answer("/v1/never", {.silent = true});
    server.answer("/v1/begins", FakeServer::events({{"data: 1\n\n"}, {"data: 2\n\n", patience}}));
    server.answer("/v1/slow", FakeServer::events({{"1"}, {"2", 300}, {"3", 300}, {"4", 300}}));
    ServerAccess access = accessTo(server.url());
    access.silenceLimit = std::chrono::milliseconds(600);
    ServerHttp http(access);
    for (const char* path : {"/v1/never", "/v1/begins"}) {
        Heard heard(http.get(path));
        QVERIFY(heard.wait());
        QVERIFY(heard.failure);
        QCOMPARE(heard.failure->kind, FailureKind::TimedOut);
    }
    Heard slow(http.get("/v1/slow")); // each piece begins the time anew
    QVERIFY(slow.wait());
    QVERIFY(!slow.failure);
    QCOMPARE(slow.body, QByteArray("1234"));
}

void TestServerHttp::saysThatAServerIsNotReached()
{
    QTcpServer deaf; // which never says a word of the handshake
    QVERIFY(deaf.listen(QHostAddress::LocalHost));
    ServerAccess access = accessTo("https://127.0.0.1:" + QByteArray::number(deaf.serverPort()));
    access.connectLimit = std::chrono::milliseconds(400);
    ServerHttp http(access);
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::TimedOut);
    QVERIFY(heard.failure->detail.find("could not be reached") != std::string::npos);
    QVERIFY(heard.clock.elapsed() >= 350 && heard.clock.elapsed() < 5000);
}

void TestServerHttp::saysThatTheNameIsUnknown()
{
    ServerHttp http(accessTo("http://no-such-host.invalid:8000"));
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::NameNotFound);
}

void TestServerHttp::saysThatTheConnectionWasCut_data()
{
    QTest::addColumn<FakeServer::Answer>("answer");
    QTest::addColumn<QByteArray>("kept");
    QTest::newRow("a length that is not reached")
        << FakeServer::Answer{200, "Content-Length: 100\r\n", {{"begun"}}, true}
        << QByteArray("begun");
    QTest::newRow("chunks without an end")
        << FakeServer::Answer{200, "Transfer-Encoding: chunked\r\n", {{"5\r\nbegun\r\n"}}, true}
        << QByteArray("begun");
    QTest::newRow("within a chunk")
        << FakeServer::Answer{200, "Transfer-Encoding: chunked\r\n", {{"9\r\nbegun"}}, true}
        << QByteArray("begun");
}

void TestServerHttp::saysThatTheConnectionWasCut()
{
    QFETCH(FakeServer::Answer, answer);
    QFETCH(QByteArray, kept);
    FakeServer server;
    server.answer("*", answer);
    ServerHttp http(accessTo(server.url()));
    Heard heard(http.post("/v1/chat/completions", "{}"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::CutOff);
    QCOMPARE(heard.body, kept);
    QCOMPARE(server.requests().size(), 1);
}

void TestServerHttp::saysThatItIsNoHttp()
{
    FakeServer server;
    server.answer("*", {.raw = "220 mail.example ESMTP\r\n500 what?\r\n"});
    ServerHttp http(accessTo(server.url()));
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::CutOff);
    QVERIFY(heard.failure->detail.find("check that the port") != std::string::npos);
}

void TestServerHttp::trustsNoStranger()
{
    const TestCertificate own;
    FakeServer server(own.certificate, own.key);
    server.answer("*", FakeServer::json("{}"));
    ServerAccess access = accessTo(server.url());
    access.key = remote::Secret(key.toStdString());
    ServerHttp http(access);
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::Tls);
    QVERIFY(!heard.failure->detail.empty());
    QVERIFY(server.requests().isEmpty());
    QTRY_VERIFY(server.tlsFailures() > 0);
}

void TestServerHttp::trustsWhoItIsToldTo()
{
    const TestCertificate own;
    const TestCertificate other;
    FakeServer server(own.certificate, own.key);
    server.answer("*", FakeServer::json("{}"));
    ServerAccess access = accessTo(server.url());
    access.certificates = own.pem;
    ServerHttp http(access);
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(!heard.failure);
    QCOMPARE(heard.head.status, 200);
    access.certificates = other.pem;
    ServerHttp distrusting(access);
    Heard refused(distrusting.get("/v1/models"));
    QVERIFY(refused.wait());
    QVERIFY(refused.failure);
    QCOMPARE(refused.failure->kind, FailureKind::Tls);
}

void TestServerHttp::saysThatItIsNoTls()
{
    QTcpServer plain; // which takes the handshake for a bad request
    QVERIFY(plain.listen(QHostAddress::LocalHost));
    connect(&plain, &QTcpServer::newConnection, this, [&plain] {
        QTcpSocket* const socket = plain.nextPendingConnection();
        connect(socket, &QTcpSocket::readyRead, socket, [socket] {
            socket->write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            socket->disconnectFromHost();
        });
    });
    ServerHttp http(accessTo("https://127.0.0.1:" + QByteArray::number(plain.serverPort())));
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::Tls);
}

void TestServerHttp::takesTheKeyNowhereElse()
{
    FakeServer other;
    other.answer("*", FakeServer::json("{}"));
    FakeServer server;
    ServerAccess access = accessTo(server.url());
    access.key = remote::Secret(key.toStdString());
    ServerHttp http(access);
    for (const int status : {301, 302, 303, 307, 308}) {
        server.answer("*",
                      {status, "Location: " + other.url() + "/v1/models\r\nContent-Length: 0\r\n"});
        for (const bool posts : {false, true}) {
            Heard heard(posts ? http.post("/v1/models", "{}") : http.get("/v1/models"));
            QVERIFY(heard.wait());
            QVERIFY(heard.failure);
            QCOMPARE(heard.failure->kind, FailureKind::Other);
            QVERIFY(heard.failure->detail.find(other.url().toStdString()) != std::string::npos);
        }
    }
    QVERIFY(other.requests().isEmpty());
}

void TestServerHttp::refusesToBeMadeToSendHeaders_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("line end") << QByteArray("X-A") << QByteArray("1\r\nX-B: 2");
    QTest::newRow("bare line feed") << QByteArray("X-A") << QByteArray("1\nX-B: 2");
    QTest::newRow("zero") << QByteArray("X-A") << QByteArray("1\0 2", 4);
    QTest::newRow("name with line end") << QByteArray("X-A: 1\r\nX-B") << QByteArray("2");
    QTest::newRow("no name") << QByteArray() << QByteArray("2");
    QTest::newRow("of the transport") << QByteArray("Transfer-Encoding") << QByteArray("chunked");
    QTest::newRow("length") << QByteArray("content-length") << QByteArray("0");
    QTest::newRow("key") << QByteArray("Authorization") << QByteArray("Bearer other");
    QTest::newRow("packing") << QByteArray("accept-ENCODING") << QByteArray("gzip");
}

void TestServerHttp::refusesToBeMadeToSendHeaders()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    FakeServer server;
    ServerAccess access = accessTo(server.url());
    access.headers = {{name, value}};
    ServerHttp http(access);
    Heard heard(http.post("/v1/chat/completions", "{}"));
    QCOMPARE(heard.ends, 0); // never from within the call
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::BadRequest);
    QVERIFY(server.requests().isEmpty());
}

void TestServerHttp::sendsFurtherHeaders()
{
    FakeServer server;
    server.answer("*", FakeServer::json("{}"));
    ServerAccess access = accessTo(server.url());
    access.headers = {{"X-Team", "vision"}};
    ServerHttp http(access);
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QCOMPARE(server.requests().at(0).headers.value("x-team"), QByteArray("vision"));
    access.key = remote::Secret("a\r\nX-Evil: 1"); // the key is checked, too
    ServerHttp evil(access);
    Heard refused(evil.get("/v1/models"));
    QVERIFY(refused.wait());
    QVERIFY(refused.failure);
    QCOMPARE(server.requests().size(), 1);
}

void TestServerHttp::takesNoCompressedReply()
{
    FakeServer server;
    server.answer("*",
                  {200, "Content-Encoding: gzip\r\nContent-Length: 4\r\n", {{"\x1f\x8b\x08\x01"}}});
    ServerHttp http(accessTo(server.url()));
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::Malformed);
    QCOMPARE(heard.body, QByteArray());
}

void TestServerHttp::hidesTheKeyThatAServerRepeats()
{
    FakeServer server;
    server.answer(
        "*", {302, "Location: http://other.example/?key=" + key + "\r\nContent-Length: 0\r\n"});
    ServerAccess access = accessTo(server.url());
    access.key = remote::Secret(key.toStdString());
    ServerHttp http(access);
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QVERIFY(heard.failure->detail.find("key=***") != std::string::npos);
}

void TestServerHttp::goesThroughAProxy()
{
    FakeServer proxy;
    proxy.answer("*", FakeServer::json(R"({"by":"proxy"})"));
    ServerAccess access = accessTo("http://server.invalid:8000");
    access.proxy = {ProxyChoice::Kind::Url, QString::fromLatin1(proxy.url())};
    ServerHttp http(access);
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(!heard.failure);
    QCOMPARE(heard.body, QByteArray(R"({"by":"proxy"})"));
    QCOMPARE(proxy.requests().at(0).target, QByteArray("http://server.invalid:8000/v1/models"));
    proxy.stop();
    Heard broken(http.get("/v1/models"));
    QVERIFY(broken.wait());
    QVERIFY(broken.failure);
    QCOMPARE(broken.failure->kind, FailureKind::Proxy);
}

void TestServerHttp::readsTheProxyOfTheEnvironment()
{
    FakeServer proxy;
    proxy.answer("*", FakeServer::json("{}"));
    const Environment plain("http_proxy", {});
    const Environment named("HTTP_PROXY", proxy.url());
    const Environment all("no_proxy", "other.invalid");
    ServerAccess access = accessTo("http://server.invalid:8000");
    access.proxy.kind = ProxyChoice::Kind::System;
    ServerHttp http(access);
    Heard through(http.get("/v1/models"));
    QVERIFY(through.wait());
    QVERIFY(!through.failure);
    QCOMPARE(proxy.requests().size(), 1);

    qputenv("no_proxy", "other.example,.invalid");
    ServerHttp direct(access);
    Heard past(direct.get("/v1/models"));
    QVERIFY(past.wait());
    QVERIFY(past.failure);
    QCOMPARE(past.failure->kind, FailureKind::NameNotFound);
    QCOMPARE(proxy.requests().size(), 1);

    qputenv("no_proxy", "");
    FakeServer here; // this machine is no matter of a proxy
    here.answer("*", FakeServer::json("{}"));
    ServerAccess own = accessTo(here.url());
    own.proxy.kind = ProxyChoice::Kind::System;
    ServerHttp ownHttp(own);
    Heard local(ownHttp.get("/v1/models"));
    QVERIFY(local.wait());
    QVERIFY(!local.failure);
    QCOMPARE(proxy.requests().size(), 1);
}

void TestServerHttp::asksTheDesktopForAProxy()
{
    std::vector<std::unique_ptr<Environment>> none;
    for (const char* name :
         {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"})
        none.push_back(std::make_unique<Environment>(name, QByteArray()));
    ServerAccess access = accessTo("http://server.invalid:8000");
    access.proxy.kind = ProxyChoice::Kind::System;
    QVERIFY(!proxyFor(access.proxy, QUrl(QStringLiteral("http://server.invalid:8000"))));
    ServerHttp http(access);
    QSignalSpy prepared(&http, &ServerHttp::prepared);
    Heard heard(http.get("/v1/models")); // waits for the desktop
    Heard dropped(http.get("/v1/models"));
    dropped.exchange->abort();
    QCOMPARE(prepared.count(), 0);
    QVERIFY(heard.wait());
    QCOMPARE(prepared.count(), 1);
    QVERIFY(heard.failure);
    QCOMPARE(heard.failure->kind, FailureKind::NameNotFound);
    QCOMPARE(dropped.ends, 0);
    ServerHttp going(access); // and may go while it is asked
    Q_UNUSED(going.get("/v1/models"))
}

void TestServerHttp::leavesOutWhatNoProxyNames_data()
{
    QTest::addColumn<QString>("list");
    QTest::addColumn<QString>("server");
    QTest::addColumn<bool>("isNamed");
    const auto row = [](const char* list, const char* server, bool isNamed) {
        QTest::addRow("%s: %s", list, server)
            << QString::fromLatin1(list) << QString::fromLatin1(server) << isNamed;
    };
    row("", "http://a.example", false);
    row("*", "http://a.example", true);
    row("example", "http://a.example", true);
    row(".example", "http://a.example", true);
    row("*.example", "http://a.example", true);
    row("ample", "http://a.example", false);
    row("a.example:8000", "http://a.example:8000", true);
    row("a.example:8001", "http://a.example:8000", false);
    row("a.example:443", "https://a.example", true);
    row("A.Example", "https://a.example", true);
    row("b , a.example", "https://a.example", true);
    row("10.0.0.0/8", "http://10.1.2.3:8000", true);
    row("10.0.0.0/8", "http://11.1.2.3:8000", false);
    row("10.1.2.3", "http://10.1.2.3:8000", true);
    row("2.3", "http://10.1.2.3:8000", false);
    row("fd00::/8", "http://[fd00::1]:8000", true);
    row("fd00::1", "http://[fd00::1]:8000", true);
}

void TestServerHttp::leavesOutWhatNoProxyNames()
{
    QFETCH(QString, list);
    QFETCH(QString, server);
    QFETCH(bool, isNamed);
    QCOMPARE(isWithoutProxy(list, QUrl(server)), isNamed);
}

void TestServerHttp::refusesABrokenProxyOrCertificate()
{
    FakeServer server;
    server.answer("*", FakeServer::json("{}"));
    for (const char* url : {"", "ftp://a:1", "http://", "http://a/b", "http://me:word@a:1"}) {
        ServerAccess access = accessTo(server.url());
        access.proxy = {ProxyChoice::Kind::Url, QString::fromLatin1(url)};
        ServerHttp http(access);
        Heard heard(http.get("/v1/models"));
        QVERIFY(heard.wait());
        QVERIFY2(heard.failure && heard.failure->kind == FailureKind::BadRequest, url);
        QVERIFY(heard.failure->detail.find("word") == std::string::npos);
    }
    ServerAccess access = accessTo(server.url());
    access.certificates = "no certificate";
    ServerHttp http(access);
    Heard heard(http.get("/v1/models"));
    QVERIFY(heard.wait());
    QVERIFY(heard.failure);
    QVERIFY(server.requests().isEmpty());
}

void TestServerHttp::isSilentAfterAbort()
{
    FakeServer server;
    server.answer("*", FakeServer::events({{"data: 1\n\n"}, {"data: 2\n\n", 200}}));
    ServerHttp http(accessTo(server.url()));
    Heard heard(http.get("/v1/models"));
    QTRY_VERIFY(!heard.pieces.isEmpty());
    heard.exchange->abort();
    QVERIFY(heard.exchange->isOver());
    QTest::qWait(400);
    QCOMPARE(heard.ends, 0);
    QCOMPARE(heard.pieces.size(), 1);
    QTRY_COMPARE(server.openConnections(), 0); // the server learns of it
    Heard early(http.get("/v1/models"));
    early.exchange->abort();
    QTest::qWait(300);
    QCOMPARE(early.heads + early.ends, 0);
}

void TestServerHttp::mayBeDeletedByWhoListens()
{
    FakeServer server;
    server.answer("*", FakeServer::json(R"({"data":[]})"));
    ServerHttp http(accessTo(server.url()));
    int deleted = 0;
    const auto asked = [&](auto signal) {
        HttpExchange* const exchange = http.get("/v1/models");
        connect(exchange, signal, this, [&deleted, exchange] {
            delete exchange;
            ++deleted;
        });
    };
    asked(&HttpExchange::headArrived);
    asked(&HttpExchange::bytesArrived);
    asked(&HttpExchange::finished);
    QTRY_COMPARE(deleted, 3);
    auto dying = std::make_unique<ServerHttp>(accessTo(server.url()));
    const QPointer<HttpExchange> open = dying->get("/v1/models");
    dying.reset();
    QVERIFY(!open);
}

void TestServerHttp::collectsWithinABound()
{
    FakeServer server;
    ServerHttp http(accessTo(server.url()));
    const auto collected = [&](qint64 limit) {
        std::optional<Collected> result;
        const QPointer<HttpExchange> exchange = http.get("/v1/models");
        collect(exchange, limit, this, [&](const Collected& each) { result = each; });
        [&] { QTRY_VERIFY(result && !exchange); }();
        return result.value_or(Failure{});
    };
    server.answer("*", FakeServer::json(R"({"data":[]})", 503));
    const Collected whole = collected(11);
    QCOMPARE(std::get<remote::HttpReply>(whole).status, 503);
    QCOMPARE(std::get<remote::HttpReply>(whole).body, std::string(R"({"data":[]})"));
    const Collected tooLong = collected(10);
    QCOMPARE(std::get<Failure>(tooLong).kind, FailureKind::Malformed);
    QList<FakeServer::Piece> endless(1000, {QByteArray(1000, 'x'), 1});
    server.answer("*", FakeServer::events(endless));
    QCOMPARE(std::get<Failure>(collected(5000)).kind, FailureKind::Malformed);
    server.stop();
    QCOMPARE(std::get<Failure>(collected(5000)).kind, FailureKind::Refused);
}

QTEST_GUILESS_MAIN(TestServerHttp)
#include "tst_serverhttp.moc"
