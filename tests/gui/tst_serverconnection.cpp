// A server that is looked at: what is said of it in each state, when it is asked, and what is
// remembered. The server is a real one, on this machine.
#include <memory>
#include <optional>

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "gui/remote/profilestore.h"
#include "gui/remote/serverbook.h"
#include "gui/remote/statussentence.h"
#include "tests/support/fakeserver.h"
#include "tests/support/testcertificate.h"

using namespace argali;
using namespace argali::gui;
using remote::Known;
using Kind = remote::ServerStatus::Kind;
using std::chrono::milliseconds;

namespace {

constexpr int patience = 20'000;
const QByteArray models = "/v1/models";
const QByteArray chat = "/v1/chat/completions";
constexpr remote::HealthIntervals quick{milliseconds(100), milliseconds(1500), milliseconds(800),
                                        milliseconds(1500)};

QByteArray listOf(const QList<QByteArray>& ids, const QByteArray& owner = "vllm")
{
    QJsonArray list;
    for (const QByteArray& id : ids)
        list.append(QJsonObject{{QStringLiteral("id"), QString::fromUtf8(id)},
                                {QStringLiteral("object"), QStringLiteral("model")},
                                {QStringLiteral("owned_by"), QString::fromUtf8(owner)}});
    return QJsonDocument(QJsonObject{{QStringLiteral("object"), QStringLiteral("list")},
                                     {QStringLiteral("data"), list}})
        .toJson(QJsonDocument::Compact);
}

/// One server, and all that is needed to look at it.
struct Bench {
    explicit Bench(const remote::HealthIntervals& intervals = quick) : m_intervals(intervals)
    {
        server.answer(models, FakeServer::json(listOf({"Qwen3-8B", "AIDC-AI/Ovis2.5-9B"})));
        server.answer("/health", FakeServer::json("{}"));
        server.answer("/version", FakeServer::json(R"({"version":"0.11.0"})"));
        profile.id = QStringLiteral("one");
        profile.name = QStringLiteral("Rack");
        profile.url = QString::fromLatin1(server.url());
        profile.proxy.kind = ProxyChoice::Kind::None;
    }
    ServerConnection& connect()
    {
        [&] { QCOMPARE(store.put(profile), QString()); }();
        connection = std::make_unique<ServerConnection>(profile, store, keys, nullptr, m_intervals);
        return *connection;
    }
    bool check()
    {
        QSignalSpy checked(connection.get(), &ServerConnection::checked);
        connection->checkNow();
        return QTest::qWaitFor([&] { return checked.count() > 0; }, patience);
    }
    QString sentence() const { return statusSentence(*connection); }

    QTemporaryDir dir;
    FakeServer server;
    ProfileStore store{dir.filePath(QStringLiteral("servers.json"))};
    MemoryKeys keys;
    ConnectionProfile profile;
    std::unique_ptr<ServerConnection> connection;

private:
    const remote::HealthIntervals m_intervals;
};

} // namespace

class TestServerConnection final : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }

    void namesTheModel()
    {
        Bench bench;
        ServerConnection& connection = bench.connect();
        QSignalSpy facts(&connection, &ServerConnection::factsChanged);
        QSignalSpy status(&connection, &ServerConnection::statusChanged);
        QCOMPARE(connection.status().kind, Kind::NotChecked);
        QVERIFY(bench.sentence().contains(QStringLiteral("not been looked at")));
        QTest::qWait(150);
        QCOMPARE(bench.server.requests().size(), 0); // nobody has asked for it
        QVERIFY(bench.check());
        QCOMPARE(connection.status().kind, Kind::Connected);
        QVERIFY2(bench.sentence().contains(QStringLiteral("Connected to Rack: ")),
                 qPrintable(bench.sentence()));
        QVERIFY(bench.sentence().contains(QStringLiteral("Ovis2.5-9B"))); // not the first one
        QCOMPARE(connection.facts().dialect, remote::Dialect::Vllm);
        QCOMPARE(connection.facts().version, std::string("0.11.0"));
        QCOMPARE(connection.facts().models.size(), size_t(2));
        QCOMPARE(bench.store.find(bench.profile.id)->dialect, std::optional(remote::Dialect::Vllm));
        QVERIFY(bench.check());
        QCOMPARE(facts.count(), 1); // nothing new
        QCOMPARE(status.count(), 1);
    }

    void saysWhatToDo_data()
    {
        QTest::addColumn<QList<FakeServer::Answer>>("answers");
        QTest::addColumn<Kind>("kind");
        QTest::addColumn<QString>("words");
        using Answers = QList<FakeServer::Answer>;
        const auto json = [](const QByteArray& body, int status) {
            return Answers{FakeServer::json(body, status)};
        };
        QTest::newRow("no model") << json(listOf({}), 200) << Kind::NoSeeingModel
                                  << QStringLiteral("Load one there");
        QTest::newRow("starting, with progress")
            << json(R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error",)"
                    R"("progress":0.42}})",
                    503)
            << Kind::Starting << QStringLiteral("42 %");
        QTest::newRow("starting") << json(R"({"error":{"message":"Loading model"}})", 503)
                                  << Kind::Starting << QStringLiteral("ready by itself");
        QTest::newRow("key") << json(R"({"error":{"message":"no"}})", 401) << Kind::WrongKey
                             << QStringLiteral("wants a key. Enter it in the settings");
        QTest::newRow("a page") << Answers{{200,
                                            "Content-Type: text/html\r\nContent-Length: 27\r\n",
                                            {{"<html><title>x</title></html>"}}}}
                                << Kind::NotOpenAiStyle << QStringLiteral("Check the port");
        QTest::newRow("no HTTP") << Answers{{.raw = "220 mail.example ESMTP\r\n\r\n"}}
                                 << Kind::Other << QStringLiteral("check that the port");
        QTest::newRow("own words") << json(R"({"error":{"message":"the disk is full"}})", 500)
                                   << Kind::Other << QStringLiteral("the disk is full");
        QTest::newRow("silent") << Answers{{.silent = true}} << Kind::TimedOut
                                << QStringLiteral("does not answer in time");
        QTest::newRow("endless")
            << Answers{{200, "", QList<FakeServer::Piece>(200, {QByteArray(100'000, ' '), 0})}}
            << Kind::Other << QStringLiteral("longer than");
    }
    void saysWhatToDo()
    {
        QFETCH(QList<FakeServer::Answer>, answers);
        QFETCH(Kind, kind);
        QFETCH(QString, words);
        Bench bench;
        bench.server.answers("*", {FakeServer::json("{}", 404)});
        bench.server.answers(models, answers);
        bench.server.answers("/health", {FakeServer::json("{}", 404)});
        bench.connect();
        QVERIFY(bench.check());
        QVERIFY2(bench.connection->status().kind == kind, qPrintable(bench.sentence()));
        QVERIFY2(bench.sentence().contains(words), qPrintable(bench.sentence()));
    }

    void saysThatNoModelSees()
    {
        Bench bench;
        bench.profile.models[QStringLiteral("Qwen3-8B")].seesPictures = Known::No;
        bench.profile.models[QStringLiteral("AIDC-AI/Ovis2.5-9B")].seesPictures = Known::No;
        bench.connect();
        QVERIFY(bench.check());
        QCOMPARE(bench.connection->status().kind, Kind::NoSeeingModel);
        QVERIFY(bench.sentence().contains(QStringLiteral("None of its models sees pictures")));
    }

    void saysThatItIsNotThere()
    {
        Bench bench;
        ServerConnection& connection = bench.connect();
        QVERIFY(bench.check());
        bench.server.stop();
        QVERIFY(bench.check());
        QCOMPARE(connection.status().kind, Kind::Refused);
        QVERIFY(bench.sentence().contains(QStringLiteral("Start the server there")));
        QVERIFY(bench.sentence().contains(bench.profile.url));
        QCOMPARE(connection.facts().models.size(), size_t(2)); // what was known still is
        QVERIFY(bench.server.resume());
        QVERIFY(bench.check());
        QCOMPARE(connection.status().kind, Kind::Connected);
    }

    void saysThatTheNameIsUnknown()
    {
        Bench bench;
        bench.profile.url = QStringLiteral("http://no-such-host.invalid");
        bench.connect();
        QVERIFY(bench.check());
        QCOMPARE(bench.connection->status().kind, Kind::NameNotFound);
        QVERIFY(bench.sentence().contains(QStringLiteral("no-such-host.invalid is not known")));
    }

    void saysWhatIsWrongWithTls()
    {
        const TestCertificate own;
        FakeServer safe(own.certificate, own.key);
        safe.answer(models, FakeServer::json(listOf({"Ovis2.5-2B"})));
        Bench bench;
        bench.profile.url = QString::fromLatin1(safe.url());
        bench.connect();
        QVERIFY(bench.check());
        QCOMPARE(bench.connection->status().kind, Kind::Tls);
        QVERIFY(bench.sentence().contains(QStringLiteral("name that file in the settings")));

        bench.profile.certificateFile = bench.dir.filePath(QStringLiteral("own.pem"));
        bench.connect(); // there is no such file yet: that is no leave to go on without
        QVERIFY(bench.check());
        QVERIFY(!bench.connection->status().isUsable());
        QFile file(bench.profile.certificateFile);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(own.pem);
        file.close();
        bench.connect();
        QVERIFY(bench.check());
        QVERIFY2(bench.connection->status().isUsable(), qPrintable(bench.sentence()));
    }

    void asksForTheKeyThatIsMissing()
    {
        Bench bench;
        bench.server.handler =
            [](const FakeServer::Request& request) -> std::optional<FakeServer::Answer> {
            if (request.headers.value("authorization") == "Bearer right")
                return std::nullopt;
            return FakeServer::json(R"({"error":{"message":"wrong: )" +
                                        request.headers.value("authorization").mid(7) + R"("}})",
                                    401);
        };
        bench.profile.hasKey = true;
        ServerConnection& connection = bench.connect();
        QVERIFY(!connection.isReady());
        QSignalSpy ready(&connection, &ServerConnection::ready);
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, 30'000);
        QVERIFY(connection.isKeyMissing());
        QVERIFY(bench.sentence().contains(QStringLiteral("Argali has none. Enter it")));
        connection.setKey(remote::Secret("wrong-4711"));
        QVERIFY(bench.check());
        QCOMPARE(connection.status().kind, Kind::WrongKey);
        QVERIFY(bench.sentence().contains(QStringLiteral("does not take the key")));
        QVERIFY(connection.status().detail.find("4711") == std::string::npos);
        connection.setKey(remote::Secret("right"));
        QTRY_COMPARE_WITH_TIMEOUT(connection.status().kind, Kind::Connected, 30'000);
        QVERIFY(!connection.isKeyMissing());
    }

    void takesTheKeyFromItsKeeper()
    {
        Bench bench;
        bench.profile.hasKey = true;
        bench.keys.write(bench.profile.id, remote::Secret("kept"), this, [](const auto&) {});
        bench.connect();
        QVERIFY(bench.check()); // asked before the key was there
        QCOMPARE(bench.server.requests().at(0).headers.value("authorization"),
                 QByteArray("Bearer kept"));
    }

    void looksAgainWhileItIsActive()
    {
        Bench bench;
        ServerConnection& connection = bench.connect();
        connection.setActive(true);
        QTRY_VERIFY_WITH_TIMEOUT(bench.server.count(models) >= 4, 30'000);
        QCOMPARE(bench.server.mostAtOnce(), 1);
        connection.setHidden(true);
        QTest::qWait(100); // one may be under way
        const int before = bench.server.count(models);
        QTest::qWait(700);
        QVERIFY(bench.server.count(models) <= before + 1);
        connection.setHidden(false);
        QTRY_VERIFY_WITH_TIMEOUT(bench.server.count(models) >= before + 3, 30'000);
        connection.setActive(false);
        QTest::qWait(150);
        const int after = bench.server.count(models);
        QTest::qWait(500);
        QCOMPARE(bench.server.count(models), after);
    }

    void looksMoreSeldomWhileItFails()
    {
        Bench bench;
        bench.server.answer(models, FakeServer::json(R"({"error":{"message":"full"}})", 500));
        ServerConnection& connection = bench.connect();
        connection.setActive(true);
        QTest::qWait(2000); // 0.1, 0.2, 0.4, 0.8 s
        QVERIFY2(bench.server.count(models) <= 6,
                 qPrintable(QString::number(bench.server.count(models))));
        QVERIFY(bench.server.count(models) >= 3);
        const int before = bench.server.count(models);
        QElapsedTimer clock;
        clock.start();
        QVERIFY(bench.check()); // at once, whatever the pauses
        QVERIFY(clock.elapsed() < 600);
        QVERIFY(bench.server.count(models) > before);
    }

    void neverPilesUpChecks()
    {
        Bench bench;
        bench.server.answer(
            models,
            {200, "Content-Length: 2\r\n", {{"{"}, {"}", 1200}}}); // slower than the interval
        ServerConnection& connection = bench.connect();
        connection.setActive(true);
        for (int i = 0; i < 20; ++i) {
            connection.checkNow();
            QTest::qWait(30);
        }
        QCOMPARE(bench.server.count(models), 1);
        QVERIFY(bench.server.mostAtOnce() <= 1);
    }

    void leavesAnAnswerAlone()
    {
        Bench bench;
        bench.server.answer(models, {.silent = true});
        ServerConnection& connection = bench.connect();
        connection.setActive(true);
        QTRY_COMPARE_WITH_TIMEOUT(bench.server.count(models), 1, 30'000);
        connection.setAnswering(true); // the check under way ends
        QTRY_COMPARE_WITH_TIMEOUT(bench.server.openConnections(), 0, 30'000);
        bench.server.answer(models, FakeServer::json(listOf({"Ovis2.5-2B"})));
        connection.checkNow();
        QTest::qWait(500);
        QCOMPARE(bench.server.count(models), 1);
        connection.setAnswering(false);
        QTRY_COMPARE_WITH_TIMEOUT(connection.status().kind, Kind::Connected, 30'000);
    }

    void asksWhetherAModelSees_data()
    {
        QTest::addColumn<FakeServer::Answer>("answer");
        QTest::addColumn<Known>("sees");
        const auto error = [](const QByteArray& words, int status) {
            return FakeServer::json(R"({"error":{"message":")" + words + R"("}})", status);
        };
        QTest::newRow("answers") << FakeServer::json(R"({"choices":[]})") << Known::Yes;
        QTest::newRow("refuses") << error("image input is not supported - hint: mmproj", 500)
                                 << Known::No;
        QTest::newRow("refuses otherwise")
            << error("X is not a multimodal model", 400) << Known::No;
        QTest::newRow("minds the size")
            << error("image height must be larger than factor 28", 400) << Known::Yes;
        QTest::newRow("key") << error("images need a key", 401) << Known::Unknown;
        QTest::newRow("busy") << error("too many images in the queue", 503) << Known::Unknown;
        QTest::newRow("something else") << error("max_tokens is too small", 400) << Known::Unknown;
        QTest::newRow("cut") << FakeServer::Answer{200, "Content-Length: 9\r\n", {{"{"}}, true}
                             << Known::Unknown;
    }
    void asksWhetherAModelSees()
    {
        QFETCH(FakeServer::Answer, answer);
        QFETCH(Known, sees);
        Bench bench;
        bench.server.answer(models, FakeServer::json(listOf({"mystery"})));
        bench.server.answer(chat, answer);
        ServerConnection& connection = bench.connect();
        QVERIFY(bench.check());
        QCOMPARE(connection.facts().models.at(0).seesPictures, Known::Unknown);
        QSignalSpy probed(&connection, &ServerConnection::sightProbed);
        QSignalSpy facts(&connection, &ServerConnection::factsChanged);
        connection.probeSight("mystery");
        connection.probeSight("mystery"); // one is enough
        QTRY_COMPARE_WITH_TIMEOUT(probed.count(), 1, patience);
        QCOMPARE(probed.at(0).at(1).value<Known>(), sees);
        QCOMPARE(bench.server.count(chat), 1);
        QVERIFY(!connection.isProbing());
        QCOMPARE(connection.facts().models.at(0).seesPictures, sees);
        QCOMPARE(facts.count(), sees == Known::Unknown ? 0 : 1);
        QCOMPARE(bench.store.profiles().at(0).models.value(QStringLiteral("mystery")).seesPictures,
                 sees);
        const QJsonObject sent =
            QJsonDocument::fromJson(bench.server.requests().last().body).object();
        QCOMPARE(sent.value(QLatin1String("model")).toString(), QStringLiteral("mystery"));
        const QByteArray url = bench.server.requests().last().body;
        QVERIFY(url.contains("data:image/png;base64,"));
        QVERIFY(url.size() < 1000);
        QVERIFY(bench.check()); // it is still known after the next look
        QCOMPARE(connection.facts().models.at(0).seesPictures, sees);
    }

    void endsWithItsOwner()
    {
        Bench bench;
        bench.server.answer(models, {.silent = true});
        ServerConnection& connection = bench.connect();
        connection.checkNow();
        QTRY_COMPARE_WITH_TIMEOUT(bench.server.count(models), 1, 30'000);
        bench.connection.reset();
        QTRY_COMPARE_WITH_TIMEOUT(bench.server.openConnections(), 0, 30'000);

        Bench other; // and when who listens removes it
        other.connect();
        bool isGone = false;
        connect(other.connection.get(), &ServerConnection::statusChanged, this, [&] {
            other.connection.reset();
            isGone = true;
        });
        other.connection->checkNow();
        QTRY_VERIFY_WITH_TIMEOUT(isGone, 30'000);
        QTest::qWait(50);
    }

    void listsTheModelsOfAll()
    {
        Bench bench;
        FakeServer second;
        second.answer(models, FakeServer::json(listOf({"Qwen3-8B", "InternVL2"}, "lmdeploy")));
        ConnectionProfile desk = bench.profile;
        desk.id = QStringLiteral("two");
        desk.name = QStringLiteral("Desk");
        desk.url = QString::fromLatin1(second.url());
        QCOMPARE(bench.store.put(bench.profile), QString());
        QCOMPARE(bench.store.put(desk), QString());
        ServerBook book(bench.store, bench.keys, nullptr, quick);
        QSignalSpy changed(&book, &ServerBook::modelsChanged);
        QTest::qWait(200);
        QCOMPARE(bench.server.requests().size() + second.requests().size(), 0);
        book.checkAll();
        QTRY_COMPARE_WITH_TIMEOUT(book.models().size(), 4, 30'000);
        QVERIFY(changed.count() >= 2);
        QStringList shown;
        for (const RemoteChoice& choice : book.models())
            shown.append(choice.shown);
        QVERIFY2(shown.contains(QStringLiteral("Qwen3-8B (Rack)")), qPrintable(shown.join(u'\n')));
        QVERIFY(shown.contains(QStringLiteral("Qwen3-8B (Desk)")));
        QVERIFY(shown.contains(QStringLiteral("InternVL2"))); // no other is called so
        QCOMPARE(book.models().last().profile, desk.id);

        book.setCurrent(desk.id); // it alone is looked at from now on
        const int before = bench.server.count(models);
        QTRY_VERIFY_WITH_TIMEOUT(second.count(models) >= 4, 30'000);
        QCOMPARE(bench.server.count(models), before);

        ServerConnection* const kept = book.find(desk.id);
        desk.name = QStringLiteral("Under the desk"); // the connection stays
        QCOMPARE(bench.store.put(desk), QString());
        QCOMPARE(book.find(desk.id), kept);
        desk.url = bench.profile.url; // another server
        QCOMPARE(bench.store.put(desk), QString());
        QVERIFY(book.find(desk.id) != kept);
        QVERIFY(book.find(desk.id)->isActive());
        QCOMPARE(bench.store.remove(desk.id), QString());
        QCOMPARE(book.connections().size(), 1);
        QCOMPARE(book.current(), QString());
        QCOMPARE(book.models().size(), 2);
    }

    void asksForAKeyOnce()
    {
        Bench bench;
        bench.profile.hasKey = true;
        QCOMPARE(bench.store.put(bench.profile), QString());
        ServerBook book(bench.store, bench.keys, nullptr, quick);
        QSignalSpy wanted(&book, &ServerBook::keyWanted);
        QTRY_COMPARE_WITH_TIMEOUT(wanted.count(), 1, 30'000);
        QCOMPARE(wanted.at(0).at(0).toString(), bench.profile.id);
        bench.profile.url += QStringLiteral("/base"); // another connection, the same server
        QCOMPARE(bench.store.put(bench.profile), QString());
        QTRY_VERIFY_WITH_TIMEOUT(book.find(bench.profile.id)->isReady(), 30'000);
        QCOMPARE(wanted.count(), 1);
        QVERIFY(book.find(bench.profile.id)->isKeyMissing());
    }

    void forgetsKeysWithTheServers()
    {
        Bench bench;
        bench.profile.hasKey = true;
        QCOMPARE(bench.store.put(bench.profile), QString());
        ServerBook book(bench.store, bench.keys, nullptr, quick);
        std::optional<bool> kept;
        book.setKey(bench.profile.id, remote::Secret("k"), this, [&](bool keeps) { kept = keeps; });
        QTRY_COMPARE_WITH_TIMEOUT(kept, std::optional(false),
                                  30'000); // these are of the session only
        QVERIFY(!book.find(bench.profile.id)->isKeyMissing());
        bench.store.erase();
        std::optional<KeyKeeper::Outcome> left;
        bench.keys.read(bench.profile.id, this, [&](const auto& answer) { left = answer.outcome; });
        QTRY_COMPARE_WITH_TIMEOUT(left, std::optional(KeyKeeper::Outcome::None), 30'000);
    }
};

QTEST_GUILESS_MAIN(TestServerConnection)
#include "tst_serverconnection.moc"
