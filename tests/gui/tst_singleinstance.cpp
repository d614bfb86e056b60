// A second start hands over to the first: in one process against hostile bytes, and with the real
// programs.
#include <algorithm>
#include <csignal>
#include <memory>
#include <vector>

#include <QCoreApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocalSocket>
#include <QProcess>
#include <QRandomGenerator>
#include <QRegularExpression>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QtEndian>

#include <sys/stat.h>

#include "gui/singleinstance.h"

using namespace argali::gui;

namespace {

constexpr int patience = 60'000;
const QString program = QStringLiteral(ARGALI_PROGRAM);

QString sample(const char* name)
{
    return QStringLiteral(ARGALI_RESOURCES "/pocket/samples/") + QLatin1String(name);
}

QByteArray withLength(const QByteArray& body)
{
    QByteArray message(4, Qt::Uninitialized);
    qToBigEndian(quint32(body.size()), message.data());
    return message + body;
}

/// One that listens.
struct First {
    QTemporaryDir dir;
    SingleInstance instance{dir.path(), dir.filePath(QStringLiteral("data"))};
    QSignalSpy requests{&instance, &SingleInstance::requested};

    First()
    {
        if (instance.claim({}) != SingleInstance::Role::First || !instance.listen())
            qFatal("nobody listens");
    }
    std::unique_ptr<QLocalSocket> connected()
    {
        auto socket = std::make_unique<QLocalSocket>();
        socket->connectToServer(instance.socketPath());
        if (!socket->waitForConnected(patience))
            qFatal("%s", qPrintable(socket->errorString()));
        return socket;
    }
    /// It still does what it is there for.
    void verifyWorks()
    {
        const qsizetype before = requests.count();
        const auto socket = connected();
        StartRequest request;
        request.files = {QStringLiteral("/a.png")};
        socket->write(request.toMessage());
        QTRY_COMPARE_WITH_TIMEOUT(requests.count(), before + 1, patience);
        QTRY_COMPARE_WITH_TIMEOUT(socket->bytesAvailable(), 6, patience);
        QCOMPARE(socket->readAll(), QByteArray("taken\n"));
    }
};

/// The programs of one user, all under one folder.
class User final {
public:
    User()
    {
        for (const char* name : {"run", "data", "config", "state", "cache", "home"})
            QDir().mkpath(m_dir.filePath(QLatin1String(name)));
        QFile::setPermissions(m_dir.filePath(QStringLiteral("run")),
                              QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    }
    ~User()
    {
        for (const auto& each : m_processes) {
            if (each->state() == QProcess::NotRunning)
                continue;
            ::kill(pid_t(each->processId()), SIGCONT);
            each->kill();
            each->waitForFinished();
        }
    }
    QProcess& start(const QStringList& arguments, const QString& folder = {},
                    const QString& data = QStringLiteral("data"))
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        const auto set = [&](const char* name, const QString& place) {
            environment.insert(QLatin1String(name), m_dir.filePath(place));
        };
        set("XDG_RUNTIME_DIR", QStringLiteral("run"));
        set("XDG_DATA_HOME", data);
        set("XDG_CONFIG_HOME", QStringLiteral("config"));
        set("XDG_STATE_HOME", QStringLiteral("state"));
        set("XDG_CACHE_HOME", QStringLiteral("cache"));
        set("HOME", QStringLiteral("home"));
        environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
        environment.insert(QStringLiteral("ARGALI_TRANSCRIPT"), QStringLiteral("plain"));
        auto process = std::make_unique<QProcess>();
        process->setProcessEnvironment(environment);
        process->setWorkingDirectory(folder.isEmpty() ? m_dir.path() : folder);
        process->start(program, arguments);
        m_processes.push_back(std::move(process));
        if (!m_processes.back()->waitForStarted(patience))
            qFatal("argali does not start");
        return *m_processes.back();
    }
    /// The first one, once others can find it.
    QProcess& startFirst(const QStringList& arguments = {})
    {
        QProcess& first = start(arguments);
        (void)QTest::qWaitFor([this] { return !sockets().isEmpty(); }, patience);
        return first;
    }
    QStringList sockets() const
    {
        return QDir(m_dir.filePath(QStringLiteral("run")))
            .entryList({QStringLiteral("argali-*.sock")}, QDir::System | QDir::Files);
    }
    /// The files that stand in the drafts on disk.
    QStringList attached(const QString& data = QStringLiteral("data")) const
    {
        QFile file(m_dir.filePath(data + QStringLiteral("/argali/draft.json")));
        if (!file.open(QIODevice::ReadOnly))
            return {};
        const QByteArray text = file.readAll();
        QStringList paths;
        collect(QJsonDocument::fromJson(text).object(), paths);
        return paths;
    }
    QString path(const QString& name) const { return m_dir.filePath(name); }
    int running() const
    {
        return int(std::count_if(m_processes.begin(), m_processes.end(), [](const auto& each) {
            return each->state() != QProcess::NotRunning;
        }));
    }

private:
    /// Every path in it, wherever it stands.
    static void collect(const QJsonValue& value, QStringList& paths)
    {
        if (value.isArray()) {
            for (const auto& each : value.toArray())
                collect(each, paths);
        }
        const QJsonObject object = value.toObject();
        for (auto it = object.begin(); it != object.end(); ++it) {
            if (it.key() == QLatin1String("path"))
                paths.append(it.value().toString());
            collect(it.value(), paths);
        }
    }

    QTemporaryDir m_dir;
    std::vector<std::unique_ptr<QProcess>> m_processes;
};

} // namespace

class TestSingleInstance final : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { qRegisterMetaType<StartRequest>(); }

    void aRequestArrivesAsItLeft()
    {
        StartRequest request;
        request.modelFolder = QStringLiteral("/models/Ovis 2.5 \"2B\"");
        request.files = {QStringLiteral("/a b/\"quoted\" 'too'.png"),
                         QStringLiteral("/line\nbreak\ttab.png"), QStringLiteral("/图像/视频.mp4"),
                         QStringLiteral("/\u202Egnp.exe"), QStringLiteral("/-rf")};
        request.activation = QStringLiteral("token_TIME42");
        const auto back = StartRequest::fromMessage(request.toMessage());
        QVERIFY(back);
        QCOMPARE(back->modelFolder, request.modelFolder);
        QCOMPARE(back->files, request.files);
        QCOMPARE(back->activation, request.activation);
    }

    void whatIsNoPathIsLeftOut()
    {
        const auto of = [](const QByteArray& body) {
            return StartRequest::fromMessage(withLength(body));
        };
        const auto odd = of(R"({"files":["a.png","../b.png","","/ok.png","/nul\u0000.png",7,null,[],
            {"path":"/x"},["/y"]],"model":"relative","activation":"two words\n"})");
        QVERIFY(odd);
        QCOMPARE(odd->files, QStringList{QStringLiteral("/ok.png")});
        QCOMPARE(odd->modelFolder, QString());
        QCOMPARE(odd->activation, QString());
        const auto longOnes =
            of("{\"files\":[\"/" + QByteArray(5000, 'x') + "\"],\"model\":\"/" +
               QByteArray(5000, 'x') + "\",\"activation\":\"" + QByteArray(5000, 'x') + "\"}");
        QVERIFY(longOnes && longOnes->files.isEmpty() && longOnes->modelFolder.isEmpty() &&
                longOnes->activation.isEmpty());
        for (const QByteArray& none :
             {QByteArray("[]"), QByteArray("7"), QByteArray("nonsense"), QByteArray("{"),
              QByteArray("\xff\xfe"), QByteArray(100'000, '['),
              QByteArray("{\"files\":") + QByteArray(100'000, '[') + "}"})
            QVERIFY2(!of(none), none.left(40));
        QVERIFY(!StartRequest::fromMessage({}));
        QVERIFY(of("{}"));
    }

    void tenThousandFilesAreCut()
    {
        StartRequest request;
        for (int i = 0; i < 10'000; ++i)
            request.files.append(QStringLiteral("/pictures/%1.png").arg(i));
        const QByteArray message = request.toMessage();
        QVERIFY(message.size() < SingleInstance::longestMessage);
        QCOMPARE(StartRequest::fromMessage(message)->files.size(), StartRequest::mostFiles);
        // Even of the longest names in the worst writing.
        request.files = QStringList(10'000, QLatin1Char('/') + QString(4095, QChar(1)));
        QVERIFY(request.toMessage().size() < SingleInstance::longestMessage);
        QJsonArray all;
        for (int i = 0; i < 10'000; ++i)
            all.append(QStringLiteral("/%1").arg(i));
        const QByteArray raw =
            withLength(QJsonDocument(QJsonObject{{QStringLiteral("files"), all}}).toJson());
        QCOMPARE(StartRequest::fromMessage(raw)->files.size(), StartRequest::mostFiles);
    }

    void onlyTheUserReachesIt()
    {
        First first;
        struct stat found {};
        QCOMPARE(::stat(QFile::encodeName(first.instance.socketPath()), &found), 0);
        QCOMPARE(found.st_mode & 0077, 0u);
        QVERIFY(S_ISSOCK(found.st_mode));
        QVERIFY(first.instance.socketPath().startsWith(first.dir.path()));
    }

    void hostileBytes_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("huge length") << QByteArray("\xff\xff\xff\xff"
                                                   "abc",
                                                   7);
        QTest::newRow("just too long") << withLength({}).replace(0, 4, QByteArray("\0\x40\0\1", 4));
        QTest::newRow("length 0") << QByteArray(4, '\0');
        QTest::newRow("too few bytes") << withLength("{}").chopped(1);
        QTest::newRow("too many bytes") << withLength("{}") + "{}";
        QTest::newRow("nested") << withLength(QByteArray(1'000'000, '['));
        QTest::newRow("nested object")
            << withLength("{\"files\":" + QByteArray("{\"a\":").repeated(100'000));
        QTest::newRow("not JSON") << withLength("taken\n");
        QTest::newRow("HTTP") << QByteArray("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        QByteArray noise(1 << 20, Qt::Uninitialized);
        QRandomGenerator random(7);
        random.fillRange(reinterpret_cast<quint32*>(noise.data()), noise.size() / 4);
        QTest::newRow("noise") << noise;
        QTest::newRow("noise of the right length") << withLength(noise);
    }
    void hostileBytes()
    {
        QFETCH(QByteArray, bytes);
        First first;
        const auto socket = first.connected();
        socket->write(bytes);
        QTest::qWait(100);
        QCOMPARE(first.requests.count(), 0);
        QVERIFY(!socket->readAll().contains("taken"));
        first.verifyWorks();
    }

    void endlessAndSlow()
    {
        First first;
        // One that never stops is cut off.
        const auto endless = first.connected();
        endless->write(withLength(QByteArray()).replace(0, 4, QByteArray("\0\x40\0\0", 4)));
        const QByteArray block(1 << 16, ' ');
        QElapsedTimer watch;
        watch.start();
        while (endless->state() == QLocalSocket::ConnectedState && watch.elapsed() < patience) {
            if (endless->bytesToWrite() < (1 << 20))
                endless->write(block);
            QCoreApplication::processEvents(QEventLoop::AllEvents, 10);
        }
        QVERIFY(endless->state() != QLocalSocket::ConnectedState);
        // Of those that say nothing some are heard out; later ones are sent away, until the time of
        // the first is over.
        std::vector<std::unique_ptr<QLocalSocket>> silent;
        for (int i = 0; i < 3 * SingleInstance::mostConnections; ++i)
            silent.push_back(first.connected());
        const auto open = [&] {
            return std::count_if(silent.begin(), silent.end(), [](const auto& socket) {
                return socket->state() == QLocalSocket::ConnectedState;
            });
        };
        QTRY_COMPARE(open(), SingleInstance::mostConnections);
        watch.start();
        while (open() > 0 && watch.elapsed() < patience) {
            for (const auto& socket : silent) // a byte now and then does not help
                if (socket->state() == QLocalSocket::ConnectedState)
                    socket->write("\0", 1);
            QTest::qWait(1000);
            if (watch.elapsed() > 2 * SingleInstance::messageTime.count())
                break;
        }
        QCOMPARE(open(), 0);
        QCOMPARE(first.requests.count(), 0);
        first.verifyWorks();
    }

    void anotherDataFolderIsAnotherProgram()
    {
        First first;
        SingleInstance same(first.dir.path(), first.dir.filePath(QStringLiteral("data/../data")));
        SingleInstance other(first.dir.path(), first.dir.filePath(QStringLiteral("other")));
        QCOMPARE(same.socketPath(), first.instance.socketPath());
        QVERIFY(other.socketPath() != first.instance.socketPath());
        QCOMPARE(other.claim({}), SingleInstance::Role::First);
        QVERIFY(other.listen());
    }

    void withoutAPlaceEachIsItsOwn()
    {
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("runtime folder")));
        SingleInstance none(QString(), QStringLiteral("/data"));
        QCOMPARE(none.claim({}), SingleInstance::Role::First);
        QVERIFY(!none.listen());
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("runtime folder")));
        SingleInstance longPath(QLatin1Char('/') + QString(100, QLatin1Char('x')),
                                QStringLiteral("/data"));
        QCOMPARE(longPath.claim({}), SingleInstance::Role::First);
    }

    void secondProgramHandsOver()
    {
        User user;
        QProcess& first = user.startFirst();
        const QStringList names{QStringLiteral("with space.png"), QStringLiteral("\"q\" 'q'.png"),
                                QStringLiteral("line\nbreak.png"), QStringLiteral("图像.png")};
        for (const QString& name : names)
            QVERIFY(QFile::copy(sample("objects.png"), user.path(QStringLiteral("home/") + name)));
        // Relative to where the second is started.
        QProcess& second = user.start(names, user.path(QStringLiteral("home")));
        QVERIFY(second.waitForFinished(patience));
        QCOMPARE(second.exitStatus(), QProcess::NormalExit);
        QCOMPARE(second.exitCode(), 0);
        QStringList wanted;
        for (const QString& name : names)
            wanted.append(user.path(QStringLiteral("home/") + name));
        QTRY_COMPARE_WITH_TIMEOUT(user.attached(), wanted, patience);
        QCOMPARE(first.state(), QProcess::Running);
        // Without a file it only comes to the front.
        QProcess& third = user.start({});
        QVERIFY(third.waitForFinished(patience));
        QCOMPARE(third.exitCode(), 0);
        // A model is opened there, too.
        const QString model = QStringLiteral(ARGALI_RESOURCES "/pocket/model");
        QProcess& fourth = user.start({model});
        QVERIFY(fourth.waitForFinished(patience));
        QCOMPARE(fourth.exitCode(), 0);
        QTRY_COMPARE_WITH_TIMEOUT(
            QSettings(user.path(QStringLiteral("config/argali/argali.ini")), QSettings::IniFormat)
                .value(QStringLiteral("model/folder"))
                .toString(),
            QDir(model).absolutePath(), patience);
        QCOMPARE(user.running(), 1);
    }

    /// A name that is no UTF-8 cannot be opened, which is said where the file would stand; it harms
    /// nothing beside it.
    void namesThatAreNoText()
    {
        User user;
        user.startFirst();
        const QString shell =
            QStringLiteral("exec \"$0\" \"$(printf 'bad\\377\\376.png')\" \"$1\"");
        QProcess second;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), user.path(QStringLiteral("run")));
        environment.insert(QStringLiteral("XDG_DATA_HOME"), user.path(QStringLiteral("data")));
        second.setProcessEnvironment(environment);
        second.start(QStringLiteral("/bin/sh"),
                     {QStringLiteral("-c"), shell, program, sample("chart.png")});
        QVERIFY(second.waitForFinished(patience));
        QCOMPARE(second.exitCode(), 0);
        QTRY_COMPARE_WITH_TIMEOUT(user.attached(), QStringList{sample("chart.png")}, patience);
        QCOMPARE(user.running(), 1);
    }

    void newWindowStaysApart()
    {
        User user;
        user.startFirst();
        QProcess& second = user.start({QStringLiteral("--new-window")});
        QVERIFY(!second.waitForFinished(4000));
        QCOMPARE(user.running(), 2);
        QProcess& elsewhere = user.start({}, {}, QStringLiteral("other"));
        QVERIFY(!elsewhere.waitForFinished(4000));
        QCOMPARE(user.running(), 3);
        QTRY_COMPARE_WITH_TIMEOUT(user.sockets().size(), 2, patience);
    }

    void whatACrashLeavesIsTakenOver()
    {
        User user;
        QProcess& first = user.startFirst();
        ::kill(pid_t(first.processId()), SIGKILL);
        QVERIFY(first.waitForFinished(patience));
        QCOMPARE(user.sockets().size(), 1); // it stayed
        QProcess& second = user.start({sample("objects.png")});
        QTRY_COMPARE_WITH_TIMEOUT(user.attached(), QStringList{sample("objects.png")}, patience);
        QCOMPARE(second.state(), QProcess::Running);
        QProcess* third = &user.start({sample("chart.png")});
        QVERIFY(third->waitForFinished(patience));
        QCOMPARE(third->exitCode(), 0);
        QTRY_VERIFY_WITH_TIMEOUT(user.attached().contains(sample("chart.png")), patience);
    }

    void whoHangsIsLeftAlone()
    {
        User user;
        QProcess& first = user.startFirst();
        ::kill(pid_t(first.processId()), SIGSTOP);
        QProcess& second = user.start({sample("objects.png")});
        QByteArray said;
        QTRY_VERIFY_WITH_TIMEOUT(
            (said += second.readAllStandardError()).contains("does not answer"), patience);
        QCOMPARE(second.state(), QProcess::Running);
        QTRY_COMPARE_WITH_TIMEOUT(user.attached(), QStringList{sample("objects.png")}, patience);
    }

    void ofSeveralAtOnceOneStays()
    {
        User user;
        const QStringList files{sample("objects.png"), sample("chart.png"), sample("pair.png")};
        for (const QString& file : files)
            user.start({file});
        QTRY_COMPARE_WITH_TIMEOUT(user.running(), 1, patience);
        QTRY_COMPARE_WITH_TIMEOUT(user.attached().size(), 3, patience);
        for (const QString& file : files)
            QVERIFY(user.attached().contains(file));
    }
};

QTEST_GUILESS_MAIN(TestSingleInstance)
#include "tst_singleinstance.moc"
