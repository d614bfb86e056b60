// The key of a server is nowhere but in memory and in the request: not in a file, not in the log,
// not in the arguments of a program; after an answer, after a failure, and after a crash.
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>

#include <QApplication>
#include <QDir>
#include <QDirIterator>
#include <QProcess>
#include <QtTest>

#include "gui/chat/transcriptview.h"
#include "gui/logfile.h"
#include "tests/support/applicationbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

const QByteArray secret = "sk-Zq7-never-written-4711";
const QString draft = QStringLiteral("A question that was not sent yet");
constexpr const char* asProgram = "--as-program";

/// The key as it may stand in a file.
QList<QByteArray> spellings()
{
    const QString text = QString::fromLatin1(secret);
    const QByteArray wide(reinterpret_cast<const char*>(text.utf16()), text.size() * 2);
    QByteArray swapped = wide;
    for (qsizetype i = 0; i + 1 < swapped.size(); i += 2)
        std::swap(swapped[i], swapped[i + 1]);
    return {secret,         wide,
            swapped,        secret.toBase64(),
            secret.toHex(), QByteArray("Bearer " + secret).toBase64().chopped(4)};
}

bool holdsKey(const QByteArray& bytes)
{
    const QList<QByteArray> all = spellings();
    return std::any_of(all.begin(), all.end(),
                       [&](const QByteArray& each) { return bytes.contains(each); });
}

QByteArray contents(const QString& name)
{
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Files under a folder that hold what is looked for.
template <class Test> QStringList filesWith(const QString& folder, Test test)
{
    QStringList found;
    QDirIterator files(folder, QDir::Files | QDir::Hidden | QDir::System,
                       QDirIterator::Subdirectories);
    while (files.hasNext()) {
        const QString name = files.next();
        if (QFileInfo(name).isFile() && test(contents(name)))
            found.append(name);
    }
    return found;
}

/// The window in a process of its own, which does a step for each line that it is told.
class Program final {
public:
    Program(const QString& folder, int port)
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("XDG_STATE_HOME"), folder + QStringLiteral("/state"));
        environment.insert(QStringLiteral("XDG_CACHE_HOME"), folder + QStringLiteral("/cache"));
        environment.insert(QStringLiteral("XDG_CONFIG_HOME"), folder + QStringLiteral("/config"));
        environment.insert(QStringLiteral("XDG_DATA_HOME"), folder + QStringLiteral("/data"));
        environment.insert(QStringLiteral("TMPDIR"), folder);
        // No keychain of the machine is touched.
        environment.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"),
                           QStringLiteral("unix:path=/nonexistent"));
        m_process.setProcessEnvironment(environment);
        m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_process.start(QCoreApplication::applicationFilePath(),
                        {QLatin1String(asProgram), folder, QString::number(port)});
    }
    ~Program() { kill(); }
    /// Returns what it says of the step.
    QByteArray step(const QByteArray& words)
    {
        m_process.write(words + '\n');
        QByteArray said;
        while (!said.endsWith('\n') &&
               QTest::qWaitFor([&] { return m_process.bytesAvailable() > 0; }, longest))
            said += m_process.readAll();
        return said.trimmed();
    }
    /// As when the power goes: nothing is tidied up.
    void kill()
    {
        if (m_process.state() == QProcess::NotRunning)
            return;
        ::kill(pid_t(m_process.processId()), SIGKILL);
        m_process.waitForFinished(longest);
    }
    /// Arguments of the program and of all that it has started.
    QByteArray commandLines() const
    {
        QByteArray all;
        QList<qint64> family{m_process.processId()};
        for (qsizetype i = 0; i < family.size(); ++i) {
            const QString folder = QStringLiteral("/proc/%1").arg(family.at(i));
            all += contents(folder + QStringLiteral("/cmdline")) + '\n';
            for (const QString& task : QDir(folder + QStringLiteral("/task"))
                                           .entryList(QDir::Dirs | QDir::NoDotAndDotDot))
                for (const QByteArray& child :
                     contents(folder + QStringLiteral("/task/%1/children").arg(task)).split(' '))
                    if (!child.trimmed().isEmpty())
                        family.append(child.toLongLong());
        }
        return all;
    }

private:
    QProcess m_process;
};

/// The other side of Program.
int beProgram(const QString& folder, int port)
{
    openLog();
    ApplicationBench bench(folder);
    const QString id = QStringLiteral("rack");
    std::string line;
    while (std::getline(std::cin, line)) {
        QByteArray said = "done";
        if (line == "connect") {
            ConnectionProfile profile = ApplicationBench::profileOf(port, id);
            profile.hasKey = true;
            if (!bench.application->servers().store().put(profile).isEmpty())
                said = "refused";
        } else if (line.rfind("key ", 0) == 0) {
            bool isKept = true;
            bool isOver = false;
            bench.application->servers().setKey(id, remote::Secret(line.substr(4)), qApp,
                                                [&](bool keeps) {
                                                    isKept = keeps;
                                                    isOver = true;
                                                });
            if (!QTest::qWaitFor([&] { return isOver && bench.isOffered(id); }, longest) ||
                isKept || !bench.choose("m"))
                said = "not connected";
        } else if (line == "ask") {
            bench.ask(QStringLiteral("Are you there?"));
            if (!bench.isAnswered())
                said = "no end";
            else
                said = bench.last().answer.state == Answer::State::Failed ? "failed" : "answered";
        } else {
            bench.composer().edit()->setPlainText(draft);
            QTest::qWait(2500); // until it is on the disk
        }
        std::cout << said.constData() << std::endl;
    }
    return 0;
}

} // namespace

class TestKeyLeaks final : public QObject {
    Q_OBJECT

private slots:
    void theKeyIsInNoFileAndNoArgument()
    {
        QTemporaryDir folder;
        FakeServer server;
        server.answer("/v1/models", listing("vllm"));
        const QByteArray chat = "/v1/chat/completions";
        server.answer(
            chat, FakeServer::events({{QByteArray(R"(data: {"choices":[{"index":0,"delta":)"
                                                  R"({"content":"yes"},"finish_reason":"stop"}]})"
                                                  "\n\ndata: [DONE]\n\n")}}));
        Program program(folder.path(), server.serverPort());
        QCOMPARE(program.step("connect"), QByteArray("done"));
        QCOMPARE(program.step("key " + secret), QByteArray("done"));
        QCOMPARE(program.step("ask"), QByteArray("answered"));
        QCOMPARE(server.requests().last().headers.value("authorization"), "Bearer " + secret);
        const auto look = [&] {
            const QStringList found = filesWith(folder.path(), holdsKey);
            if (!found.isEmpty())
                return found.join(QLatin1Char('\n'));
            return holdsKey(program.commandLines()) ? QStringLiteral("arguments") : QString();
        };
        QVERIFY(program.commandLines().contains("--as-program")); // they are read at all
        QCOMPARE(look(), QString());

        // A server that does not like the key, and says it.
        server.answer(chat, FakeServer::json(
                                R"({"error":{"message":"invalid key )" + secret + R"("}})", 401));
        QCOMPARE(program.step("ask"), QByteArray("failed"));
        QCOMPARE(look(), QString());
        // One that repeats it in an answer that breaks off.
        FakeServer::Answer cut = FakeServer::json(
            R"({"error":{"message":"Authorization: Bearer )" + secret + R"("}})", 500);
        cut.headers.replace("Content-Length: ", "Content-Length: 9");
        cut.cuts = true;
        server.answer(chat, cut);
        QCOMPARE(program.step("ask"), QByteArray("failed"));
        QCOMPARE(look(), QString());

        QCOMPARE(program.step("write"), QByteArray("done"));
        program.kill();
        QCOMPARE(filesWith(folder.path(), holdsKey), QStringList());
        // What is looked through is what was written: profile, draft, chat and log are there.
        const auto isSomewhere = [&](const QByteArray& bytes) {
            return !filesWith(folder.path(), [&](const QByteArray& all) {
                        return all.contains(bytes);
                    }).isEmpty();
        };
        QVERIFY(isSomewhere("\"hasKey\": true"));
        QVERIFY(isSomewhere(draft.toUtf8()));
        QVERIFY(isSomewhere("Are you there?"));
        QVERIFY(isSomewhere("a server gave no whole answer"));
    }

    void itWouldBeFound()
    {
        QTemporaryDir folder;
        int number = 0;
        for (const QByteArray& each : spellings()) {
            QFile file(folder.filePath(QString::number(number++)));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write("before" + each + "after");
        }
        QCOMPARE(filesWith(folder.path(), holdsKey).size(), qsizetype(number));
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.value(1) == QLatin1String(asProgram))
        return beProgram(arguments.value(2), arguments.value(3).toInt());
    TestKeyLeaks test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_keyleaks.moc"
