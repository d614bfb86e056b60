// The servers that the user has named: the file of them, and where their keys are.
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

#include "gui/remote/keychainkeys.h"
#include "gui/remote/profilestore.h"
#include "gui/settings/settings.h"

using namespace argali;
using namespace argali::gui;

namespace {

QByteArray contents(const QString& name)
{
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString& name, const QByteArray& bytes)
{
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
}

ConnectionProfile rack()
{
    ConnectionProfile profile;
    profile.id = QStringLiteral("rack-id");
    profile.name = QStringLiteral("The rack");
    profile.url = QStringLiteral("https://rack.example.org:8443/base");
    profile.headers = {{"X-Team", "vision & more"}};
    profile.proxy = {ProxyChoice::Kind::Url, QStringLiteral("http://proxy:3128")};
    profile.certificateFile = QStringLiteral("/etc/rack.pem");
    profile.connectLimit = std::chrono::seconds(7);
    profile.silenceLimit = std::chrono::seconds(300);
    profile.hasKey = true;
    profile.group = QStringLiteral("Vision");
    profile.groupMode = GroupMode::Weighted;
    profile.weight = 30;
    profile.sendsOriginals = true;
    profile.filmForm = remote::RemoteOptions::FilmForm::File;
    profile.dialect = remote::Dialect::Vllm;
    profile.refused = {remote::RequestPart::MediaOptions, remote::RequestPart::FilmFile};
    profile.models[QStringLiteral("Ovis2.5-9B")] = {remote::Known::Yes, remote::Known::No,
                                                    remote::Known::Unknown};
    return profile;
}

QByteArray fileOf(const QJsonArray& servers, const QJsonValue& version = 1)
{
    return QJsonDocument(QJsonObject{{QStringLiteral("version"), version},
                                     {QStringLiteral("servers"), servers}})
        .toJson();
}

QJsonObject with(const char* key, const QJsonValue& value)
{
    QJsonObject object = rack().toJson();
    object.insert(QLatin1String(key), value);
    return object;
}

} // namespace

class TestProfiles final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    int m_folders = 0;
    QString m_folder;
    QString file() const { return m_folder + QStringLiteral("/servers.json"); }
    QList<QByteArray> aside() const
    {
        QList<QByteArray> all;
        const QDir folder(m_folder);
        for (const QString& name : folder.entryList({QStringLiteral("servers-aside-*")}))
            all.append(contents(folder.filePath(name)));
        return all;
    }

private slots:
    void init()
    {
        m_folder = m_dir.filePath(QString::number(m_folders++));
        QVERIFY(QDir().mkpath(m_folder));
    }

    void keepsAllOfAProfile()
    {
        {
            ProfileStore store(file());
            QCOMPARE(store.put(rack()), QString());
        }
        ProfileStore again(file());
        QCOMPARE(again.profiles(), QList<ConnectionProfile>{rack()});
        QCOMPARE(again.trouble(), QString());
        struct stat status {};
        QCOMPARE(stat(QFile::encodeName(file()).constData(), &status), 0);
        QCOMPARE(status.st_mode & 0777, 0600U);
    }

    void changesAndRemoves()
    {
        ProfileStore store(file());
        QSignalSpy changed(&store, &ProfileStore::changed);
        ConnectionProfile second = rack();
        second.id = QStringLiteral("second");
        QCOMPARE(store.put(rack()), QString());
        QCOMPARE(store.put(second), QString());
        second.name = QStringLiteral("Another name");
        QCOMPARE(store.put(second), QString());
        QCOMPARE(store.profiles(), (QList{rack(), second}));
        QCOMPARE(store.remove(rack().id), QString());
        QCOMPARE(store.profiles(), QList{second});
        QVERIFY(!store.remove(rack().id).isEmpty());
        QCOMPARE(store.insert(0, rack()), QString());
        QCOMPARE(store.profiles().first(), rack());
        QVERIFY(!store.insert(0, rack()).isEmpty());
        QCOMPARE(changed.count(), 5);
    }

    void refusesWhatCannotBe_data()
    {
        QTest::addColumn<ConnectionProfile>("profile");
        const auto row = [](const char* name, auto change) {
            ConnectionProfile profile = rack();
            change(profile);
            QTest::newRow(name) << profile;
        };
        row("no address", [](auto& p) { p.url.clear(); });
        row("scheme", [](auto& p) { p.url = QStringLiteral("ftp://a"); });
        row("key in the address", [](auto& p) { p.url = QStringLiteral("http://me:key@host"); });
        row("header with line end", [](auto& p) { p.headers = {{"X-A", "1\r\nX-B: 2"}}; });
        row("header of a key", [](auto& p) { p.headers = {{"Authorization", "Bearer x"}}; });
        row("another header of a key", [](auto& p) { p.headers = {{"X-Api-Key", "x"}}; });
        row("header of the transport", [](auto& p) { p.headers = {{"Host", "x"}}; });
        row("too many headers", [](auto& p) { p.headers.assign(33, {"X-A", "1"}); });
        row("proxy", [](auto& p) { p.proxy.url = QStringLiteral("ftp://a"); });
        row("proxy with password",
            [](auto& p) { p.proxy.url = QStringLiteral("http://me:word@proxy:1"); });
        row("name", [](auto& p) { p.name = QStringLiteral("a\nb"); });
        row("no id", [](auto& p) { p.id.clear(); });
        row("group", [](auto& p) { p.group = QStringLiteral("a\nb"); });
        row("no share", [](auto& p) { p.weight = 0; });
        row("share of too much", [](auto& p) { p.weight = ConnectionProfile::largestWeight + 1; });
    }
    void refusesWhatCannotBe()
    {
        QFETCH(ConnectionProfile, profile);
        ProfileStore store(file());
        QVERIFY(!store.put(profile).isEmpty());
        QCOMPARE(store.profiles().size(), 0);
        QVERIFY(!QFile::exists(file()));
    }

    void hasRoomForSoMany()
    {
        ProfileStore store(file());
        ConnectionProfile profile = rack();
        for (int i = 0; i < ProfileStore::most; ++i) {
            profile.id = QString::number(i);
            QCOMPARE(store.put(profile), QString());
        }
        profile.id = QStringLiteral("one too many");
        QVERIFY(!store.put(profile).isEmpty());
        QCOMPARE(store.profiles().size(), ProfileStore::most);
    }

    void remembersWhatWasLearnt()
    {
        ConnectionProfile profile = rack();
        profile.forgetFindings();
        {
            ProfileStore store(file());
            QCOMPARE(store.put(profile), QString());
            QSignalSpy changed(&store, &ProfileStore::changed);
            QSignalSpy learnt(&store, &ProfileStore::learnt);
            store.learn(profile.id, [](ConnectionProfile& p) {
                p.dialect = remote::Dialect::Ollama;
                p.refused.insert(remote::RequestPart::Seed);
            });
            store.learn(profile.id,
                        [](ConnectionProfile& p) { p.url = QStringLiteral("http://x"); });
            store.learn(QStringLiteral("gone"), [](ConnectionProfile& p) { p.refused.clear(); });
            QCOMPARE(learnt.count(), 1);
            QCOMPARE(changed.count(), 0);
        }
        ProfileStore again(file());
        QCOMPARE(again.profiles().at(0).dialect, std::optional(remote::Dialect::Ollama));
        QCOMPARE(again.profiles().at(0).refused, remote::RequestParts{remote::RequestPart::Seed});
        QCOMPARE(again.profiles().at(0).url, profile.url);
    }

    void putsABrokenFileAside_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("kept");
        const QJsonObject whole = rack().toJson();
        QTest::newRow("empty") << QByteArray() << 0;
        QTest::newRow("no JSON") << QByteArray("servers: yes") << 0;
        QTest::newRow("half") << fileOf({whole}).chopped(20) << 0;
        QTest::newRow("list") << QByteArray("[]") << 0;
        QTest::newRow("no version") << fileOf({whole}, QJsonValue()) << 0;
        QTest::newRow("deep") << QByteArray(100'000, '[') << 0;
        QTest::newRow("large") << fileOf({whole}) + QByteArray(ProfileStore::largestFile, ' ') << 0;
        QTest::newRow("no object") << fileOf({whole, 7}) << 1;
        QTest::newRow("twice") << fileOf({whole, whole}) << 1;
        QTest::newRow("no address") << fileOf({with("url", 1)}) << 0;
        QTest::newRow("file address") << fileOf({with("url", QStringLiteral("file:///etc"))}) << 0;
        QTest::newRow("no id") << fileOf({with("id", QJsonValue())}) << 0;
        QTest::newRow("proxy") << fileOf({with("proxy", QStringLiteral("other"))}) << 0;
        QTest::newRow("headers") << fileOf({with("headers",
                                                 QJsonArray{QJsonArray{QStringLiteral("A\r\nB"),
                                                                       QStringLiteral("c")}})})
                                 << 0;
    }
    void putsABrokenFileAside()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, kept);
        write(file(), bytes);
        {
            ProfileStore store(file());
            QVERIFY(!store.trouble().isEmpty());
            QCOMPARE(store.profiles().size(), kept);
        }
        QCOMPARE(aside(), QList<QByteArray>{bytes});
        ProfileStore again(file());
        QCOMPARE(again.trouble(), QString());
        QCOMPARE(again.profiles().size(), kept);
    }

    void holdsNumbersToTheirRange()
    {
        write(file(), fileOf({with("connectSeconds", -5)}));
        QCOMPARE(ProfileStore(file()).profiles().at(0).connectLimit, std::chrono::seconds(1));
        write(file(), fileOf({with("silenceSeconds", 1e30)}));
        QCOMPARE(ProfileStore(file()).profiles().at(0).silenceLimit, std::chrono::seconds(3600));
        write(file(), fileOf({with("dialect", QStringLiteral("of tomorrow"))}));
        QCOMPARE(ProfileStore(file()).profiles().at(0).dialect, std::nullopt);
        write(file(), fileOf({with("weight", -5)}));
        QCOMPARE(ProfileStore(file()).profiles().at(0).weight, 1);
        write(file(), fileOf({with("weight", 1e30)}));
        QCOMPARE(ProfileStore(file()).profiles().at(0).weight, ConnectionProfile::largestWeight);
        write(file(), fileOf({with("group", QString(5000, QLatin1Char('g')) + QLatin1Char('\n'))}));
        QCOMPARE(ProfileStore(file()).profiles().at(0).group,
                 QString(ConnectionProfile::longestName, QLatin1Char('g')));
        write(file(), fileOf({with("groupMode", QStringLiteral("of tomorrow"))}));
        QCOMPARE(ProfileStore(file()).profiles().at(0).groupMode, GroupMode::Ordered);
        write(file(), fileOf({with("film", 7)}));
        QCOMPARE(ProfileStore(file()).profiles().at(0).filmForm,
                 remote::RemoteOptions::FilmForm::Frames);
        write(file(), fileOf({with("originals", QStringLiteral("yes"))}));
        QVERIFY(!ProfileStore(file()).profiles().at(0).sendsOriginals);
    }

    void readsFilesOfBeforeGroups()
    {
        QJsonObject old = rack().toJson();
        for (const char* key : {"group", "groupMode", "weight", "originals", "film"})
            old.remove(QLatin1String(key));
        write(file(), fileOf({old}));
        ProfileStore store(file());
        QCOMPARE(store.trouble(), QString());
        ConnectionProfile expected = rack();
        expected.group.clear();
        expected.groupMode = GroupMode::Ordered;
        expected.weight = 1;
        expected.sendsOriginals = false;
        expected.filmForm = remote::RemoteOptions::FilmForm::Frames;
        QCOMPARE(store.profiles(), QList{expected});
    }

    void aGroupSharesOneMode()
    {
        ConnectionProfile first = rack();
        ConnectionProfile second = rack();
        second.id = QStringLiteral("second");
        ConnectionProfile apart = rack();
        apart.id = QStringLiteral("apart");
        apart.group = QStringLiteral("Another");
        {
            ProfileStore store(file());
            for (const ConnectionProfile& profile : {first, second, apart})
                QCOMPARE(store.put(profile), QString());
            second.groupMode = GroupMode::Ordered;
            QCOMPARE(store.put(second), QString());
            QCOMPARE(store.profiles().at(0).groupMode, GroupMode::Ordered);
            QCOMPARE(store.profiles().at(1).groupMode, GroupMode::Ordered);
            QCOMPARE(store.profiles().at(2).groupMode, GroupMode::Weighted);
            // What is put back takes the group as it is by then.
            QCOMPARE(store.remove(first.id), QString());
            QCOMPARE(store.insert(0, first), QString());
            QCOMPARE(store.profiles().at(0).groupMode, GroupMode::Ordered);
        }
        // A file that disagrees with itself: the first one holds.
        first.groupMode = GroupMode::Weighted;
        write(file(), fileOf({first.toJson(), apart.toJson(), second.toJson()}));
        ProfileStore store(file());
        QCOMPARE(store.trouble(), QString());
        QCOMPARE(store.profiles().at(2).groupMode, GroupMode::Weighted);
    }

    void remembersWhoStandsInForWhom()
    {
        const auto member = [](const QString& id, const QString& group) {
            ConnectionProfile profile = rack();
            profile.id = id;
            profile.group = group;
            return profile;
        };
        const QString vision = QStringLiteral("Vision");
        const auto standIn = [](const ProfileStore& store, const char* id) {
            const ConnectionProfile* found = store.standInFor(QLatin1String(id));
            return found ? found->id : QString();
        };
        {
            ProfileStore store(file());
            QCOMPARE(store.put(member(QStringLiteral("alone"), {})), QString());
            QCOMPARE(store.put(member(QStringLiteral("other"), {})), QString());
            for (const char* id : {"a", "b", "c"})
                QCOMPARE(store.put(member(QLatin1String(id), vision)), QString());
            QCOMPARE(store.remove(QStringLiteral("b")), QString());
            QCOMPARE(store.remove(QStringLiteral("alone")), QString());
        }
        {
            ProfileStore store(file());
            QCOMPARE(store.trouble(), QString());
            QCOMPARE(standIn(store, "a"), QStringLiteral("a"));
            QCOMPARE(standIn(store, "b"), QStringLiteral("a"));
            QCOMPARE(standIn(store, "alone"), QString());
            QCOMPARE(standIn(store, "never"), QString());
            QCOMPARE(standIn(store, ""), QString());
            // Who left the group does not stand in, and who was removed neither.
            QCOMPARE(store.put(member(QStringLiteral("a"), QStringLiteral("Text"))), QString());
            QCOMPARE(standIn(store, "b"), QStringLiteral("c"));
            QCOMPARE(store.remove(QStringLiteral("c")), QString());
            QCOMPARE(standIn(store, "b"), QString());
            QCOMPARE(store.insert(0, member(QStringLiteral("b"), vision)), QString());
            QCOMPARE(standIn(store, "b"), QStringLiteral("b"));
            QCOMPARE(standIn(store, "c"), QStringLiteral("b"));
        }
        // However many there were, and whatever stands in the file.
        ProfileStore store(file());
        for (int i = 0; i < 2 * ProfileStore::most; ++i) {
            const QString id = QString::number(i);
            QCOMPARE(store.put(member(id, vision)), QString());
            QCOMPARE(store.remove(id), QString());
        }
        QCOMPARE(standIn(store, "0"), QString());
        QCOMPARE(standIn(store, "199"), QStringLiteral("b"));
        QVERIFY(store.erase().isEmpty());
        QCOMPARE(store.put(member(QStringLiteral("b"), vision)), QString());
        QCOMPARE(standIn(store, "199"), QString());
        QJsonObject broken{{QStringLiteral("version"), 1},
                           {QStringLiteral("servers"), QJsonArray{rack().toJson()}}};
        broken.insert(QStringLiteral("removed"),
                      QJsonArray{7, QJsonObject{{QStringLiteral("id"), 3}},
                                 QJsonObject{{QStringLiteral("id"), QStringLiteral("x")},
                                             {QStringLiteral("group"), vision}}});
        write(m_folder + QStringLiteral("/broken.json"), QJsonDocument(broken).toJson());
        ProfileStore read(m_folder + QStringLiteral("/broken.json"));
        QCOMPARE(read.trouble(), QString());
        QCOMPARE(standIn(read, "x"), rack().id);
    }

    void movesInTheList()
    {
        const auto ids = [](const ProfileStore& store) {
            QStringList all;
            for (const ConnectionProfile& profile : store.profiles())
                all.append(profile.id);
            return all.join(QString());
        };
        {
            ProfileStore store(file());
            for (const char* id : {"a", "b", "c"}) {
                ConnectionProfile profile = rack();
                profile.id = QLatin1String(id);
                QCOMPARE(store.put(profile), QString());
            }
            QSignalSpy changed(&store, &ProfileStore::changed);
            QCOMPARE(store.move(QStringLiteral("c"), -1), QString());
            QCOMPARE(ids(store), QStringLiteral("acb"));
            QCOMPARE(store.move(QStringLiteral("a"), 100), QString());
            QCOMPARE(ids(store), QStringLiteral("cba"));
            QCOMPARE(changed.count(), 2);
            QCOMPARE(store.move(QStringLiteral("c"), -1), QString()); // it is the first already
            QCOMPARE(changed.count(), 2);
            QVERIFY(!store.move(QStringLiteral("gone"), 1).isEmpty());
        }
        QCOMPARE(ids(ProfileStore(file())), QStringLiteral("cba"));
    }

    void saysWhatIsWrongInWholeSentences_data()
    {
        QTest::addColumn<QString>("url");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* url, const char* words) {
            QTest::newRow(url) << QString::fromLatin1(url) << QString::fromUtf8(words);
        };
        row("", "needs an address");
        row("ftp://host", "begins with http:// or https://");
        row("http://host?x", "after a ? or #");
        row("http://me:word@host", "a user or a password");
        row("http://[::1", "is not closed");
        row("http://[::1]x", "only a port can follow");
        row("http://::1:80", "has to stand in brackets");
        row("http://[::zz]", "is no IPv6 address");
        row("http://a b", "No host has a name like that");
        row("http://host:99999", "from 1 to 65535");
        row("http://host/a b", "%20 for a space");
        row("http://host/a/../b", "goes up with");
    }
    void saysWhatIsWrongInWholeSentences()
    {
        QFETCH(QString, url);
        QFETCH(QString, words);
        const QString said = urlTrouble(url);
        QVERIFY2(said.contains(words), qPrintable(said));
        QVERIFY(said.endsWith(QLatin1Char('.')));
        QVERIFY(!said.contains(QLatin1String("word@"))); // what was typed may be a password
        QVERIFY(urlTrouble(QLatin1String("http://") + QString(3000, QLatin1Char('a')))
                    .contains(QLatin1String("2048")));
        QCOMPARE(urlTrouble(QStringLiteral("http://host:8000/v1")), QString());
    }

    void saysWhatIsWrongWithAHeader()
    {
        const auto said = [](const QByteArray& name, const QByteArray& value) {
            return headerTrouble({name, value});
        };
        QCOMPARE(said("X-Team", "vision"), QString());
        QVERIFY(said("X Team", "v").contains(QStringLiteral("“X Team” is no name of a header")));
        QVERIFY(said("", "v").contains(QStringLiteral("is no name of a header")));
        QVERIFY(said("Upgrade", "v").contains(QStringLiteral("belongs to the connection")));
        QVERIFY(said("X-A", "1\r\n2").contains(QStringLiteral("cannot be sent")));
        QVERIFY(said("X-A", QByteArray(9000, 'a')).contains(QStringLiteral("8192 bytes")));
    }

    void leavesTheFileOfANewerArgali()
    {
        const QByteArray bytes = fileOf({rack().toJson()}, 2);
        write(file(), bytes);
        {
            ProfileStore store(file());
            QVERIFY(store.trouble().contains(QStringLiteral("newer")));
            QCOMPARE(store.profiles().size(), 0);
            QCOMPARE(store.put(rack()), QString()); // for this session
            QCOMPARE(store.profiles().size(), 1);
            QVERIFY(store.trouble().contains(QStringLiteral("newer")));
        }
        QCOMPARE(contents(file()), bytes);
        QCOMPARE(aside(), QList<QByteArray>());
    }

    void saysWhatCannotBeWritten()
    {
        // A file in the place of the folder: rights do not bind every user.
        ProfileStore store(m_folder + QStringLiteral("/no/servers.json"));
        write(m_folder + QStringLiteral("/no"), "a file");
        QCOMPARE(store.put(rack()), QString());
        QTRY_VERIFY(store.trouble().contains(QStringLiteral("cannot be written")));
        QCOMPARE(store.profiles().size(), 1);
    }

    void forgetsAll()
    {
        write(file(), "damaged");
        ProfileStore store(file());
        QCOMPARE(store.put(rack()), QString());
        QSignalSpy erased(&store, &ProfileStore::erased);
        QCOMPARE(store.erase(), QStringList());
        QCOMPARE(erased.at(0).at(0).toStringList(), QStringList{rack().id});
        QVERIFY(QDir(m_folder).isEmpty());
        QCOMPARE(store.profiles().size(), 0);
        QCOMPARE(store.put(rack()), QString()); // and begins anew
        QTRY_VERIFY(QFile::exists(file()));
    }

    void keepsKeysOutOfEveryFile()
    {
        // Without a bus there is no keychain, whatever the machine has.
        const QByteArray bus = qgetenv("DBUS_SESSION_BUS_ADDRESS");
        qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        const remote::Secret key("sk-never-in-a-file-4711");
        {
            Settings settings(m_folder + QStringLiteral("/argali.ini"));
            ProfileStore& store = ProfileStore::of(settings);
            QCOMPARE(store.fileName(), file());
            QCOMPARE(store.put(rack()), QString());
            KeychainKeys keys(QStringLiteral("Argali test"));
            QVERIFY(!keys.keeps());
            std::optional<KeyKeeper::Answer> written;
            keys.write(rack().id, key, this, [&](const auto& answer) { written = answer; });
            QVERIFY(!written); // never from within the call
            QTRY_VERIFY_WITH_TIMEOUT(written, 30'000);
            QCOMPARE(written->outcome, KeyKeeper::Outcome::Memory);
            QCOMPARE(keys.keeps(), std::optional(false)); // so that the user can be told
            std::optional<KeyKeeper::Answer> read;
            keys.read(rack().id, this, [&](const auto& answer) { read = answer; });
            QTRY_VERIFY(read);
            QCOMPARE(read->outcome, KeyKeeper::Outcome::Done); // of this session
            QVERIFY(read->key.equals(key.reveal()));
            settings.sync();
            KeychainKeys later(QStringLiteral("Argali test"));
            later.read(rack().id, this, [&](const auto& answer) { read = answer; });
            QTRY_VERIFY_WITH_TIMEOUT(read->outcome == KeyKeeper::Outcome::Memory, 30'000);
            QVERIFY(read->key.isEmpty()); // of the next one it has to be asked for
        }
        qputenv("DBUS_SESSION_BUS_ADDRESS", bus);
        int files = 0;
        QDirIterator each(m_folder, QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
        while (each.hasNext()) {
            QVERIFY2(!contents(each.next()).contains("sk-never"), qPrintable(each.filePath()));
            ++files;
        }
        QVERIFY(files > 0);
    }

    void keepsKeysInMemory()
    {
        MemoryKeys keys;
        QList<KeyKeeper::Answer> said;
        const auto note = [&](const KeyKeeper::Answer& answer) { said.append(answer); };
        keys.read(QStringLiteral("a"), this, note);
        keys.write(QStringLiteral("a"), remote::Secret("one"), this, note);
        keys.read(QStringLiteral("a"), this, note);
        keys.remove(QStringLiteral("a"), this, note);
        keys.read(QStringLiteral("a"), this, note);
        {
            QObject gone;
            keys.read(QStringLiteral("a"), &gone, note);
        }
        QTRY_COMPARE(said.size(), 5);
        QTest::qWait(10);
        QCOMPARE(said.size(), 5);
        QCOMPARE(said.at(0).outcome, KeyKeeper::Outcome::None);
        QVERIFY(said.at(2).key.equals("one"));
        QCOMPARE(said.at(4).outcome, KeyKeeper::Outcome::None);
    }
};

QTEST_GUILESS_MAIN(TestProfiles)
#include "tst_profiles.moc"
