// The program itself, when the page of its transcript does not answer at the start: it starts again
// and draws in software, and what was given to it is still there.
#include <algorithm>
#include <csignal>
#include <map>

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

namespace {

/// Processes that were given this folder in their environment, with the value of a variable there.
std::map<qint64, QByteArray> processesOf(const QString& folder, const QByteArray& variable)
{
    std::map<qint64, QByteArray> found;
    const QStringList processes =
        QDir(QStringLiteral("/proc")).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString& process : processes) {
        bool isNumber = false;
        const qint64 id = process.toLongLong(&isNumber);
        QFile file(QStringLiteral("/proc/%1/environ").arg(process));
        if (!isNumber || !file.open(QIODevice::ReadOnly))
            continue;
        const QList<QByteArray> environment = file.readAll().split('\0');
        if (!environment.contains("XDG_DATA_HOME=" + QFile::encodeName(folder)))
            continue;
        for (const QByteArray& entry : environment) {
            if (entry.startsWith(variable + '='))
                found[id] = entry.mid(variable.size() + 1);
        }
    }
    return found;
}

} // namespace

class TestSoftwareStart final : public QObject {
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void goesOnInSoftware();
    void plainIsTheEnd();

private:
    void start(const QByteArray& transcript, const QStringList& arguments);
    QByteArray waitFor(const QByteArray& text);

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QProcess> m_program;
    QByteArray m_said;
};

void TestSoftwareStart::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_said.clear();
}

void TestSoftwareStart::cleanup()
{
    for (const auto& [process, transcript] : processesOf(m_folder->path(), "ARGALI_TRANSCRIPT"))
        ::kill(pid_t(process), SIGKILL);
    m_program->waitForFinished();
    m_program.reset();
}

void TestSoftwareStart::start(const QByteArray& transcript, const QStringList& arguments)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* place :
         {"XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"})
        environment.insert(QString::fromLatin1(place), m_folder->path());
    environment.insert(QStringLiteral("ARGALI_TRANSCRIPT"), QString::fromLatin1(transcript));
    m_program = std::make_unique<QProcess>();
    m_program->setProcessEnvironment(environment);
    m_program->setProcessChannelMode(QProcess::MergedChannels);
    m_program->start(QStringLiteral(ARGALI_PROGRAM), arguments);
}

/// What was printed until a text came; all of it when it did not come.
QByteArray TestSoftwareStart::waitFor(const QByteArray& text)
{
    QDeadlineTimer patience(60'000);
    while (!m_said.contains(text) && !patience.hasExpired()) {
        m_program->waitForReadyRead(100);
        m_said += m_program->readAll();
    }
    return m_said;
}

void TestSoftwareStart::goesOnInSoftware()
{
    const QString picture = QStringLiteral(ARGALI_TEST_DATA "/media/pictures/plain_rgb.jpg");
    start("hung", {QStringLiteral("--trace-start"), picture});
    QVERIFY2(waitFor("window shown").contains("window shown"), m_said.constData());
    QVERIFY2(!m_said.contains("transcript ready"), m_said.constData());
    QVERIFY2(waitFor("transcript ready").contains("transcript ready"), m_said.constData());
    QCOMPARE(m_said.count("program started"), 2);

    // What the first one had started for its page goes a moment after it.
    const auto isAlone = [this] {
        const auto all = processesOf(m_folder->path(), "ARGALI_TRANSCRIPT");
        return !all.empty() && std::all_of(all.begin(), all.end(), [](const auto& process) {
            return process.second == "software";
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(isAlone(), 10'000);

    // The page is there now, and so is what was attached.
    const auto logged = [this](const QString& name) {
        QFile file(m_folder->filePath(QStringLiteral("argali/") + name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    };
    QVERIFY(logged(QStringLiteral("argali.log.1")).contains("did not answer"));
    QFile draft(m_folder->filePath(QStringLiteral("argali/draft.json")));
    QVERIFY(draft.open(QIODevice::ReadOnly));
    QVERIFY(draft.readAll().contains("plain_rgb.jpg"));
    QTest::qWait(4000); // longer than a page may take
    QVERIFY(!logged(QStringLiteral("argali.log")).contains("did not answer"));
    QCOMPARE(m_program->state(), QProcess::Running);
}

void TestSoftwareStart::plainIsTheEnd()
{
    start("plain", {QStringLiteral("--trace-start")});
    QVERIFY2(waitFor("model ready").contains("model ready"), m_said.constData());
    QVERIFY(!m_said.contains("transcript ready"));
    QTest::qWait(4000);
    QCOMPARE(m_program->state(), QProcess::Running);
    const auto here = processesOf(m_folder->path(), "ARGALI_TRANSCRIPT");
    QCOMPARE(int(here.size()), 1); // no process of a page beside it
    QVERIFY(here.contains(m_program->processId()));
}

QTEST_GUILESS_MAIN(TestSoftwareStart)
#include "tst_softwarestart.moc"
