#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QProcess>
#include <QRandomGenerator>
#include <QTemporaryDir>

#include "tests/gui/historybench.h"

using namespace argali;
using namespace argali::gui;

namespace {

/// Talks on until it is killed, and notes each question and word with its time where a crash does
/// not reach: in the system's cache of a file.
int talk(const QString& folder)
{
    HistorySession session(folder);
    const int log = ::open(QFile::encodeName(folder + QStringLiteral("/said")).constData(),
                           O_CREAT | O_APPEND | O_WRONLY, 0600);
    const auto note = [&](char kind) {
        const QByteArray line =
            QByteArray::number(QDateTime::currentMSecsSinceEpoch()) + kind + '\n';
        if (::write(log, line.constData(), size_t(line.size())) != line.size())
            std::abort();
    };
    int words = 0;
    quint64 turn = 0;
    QTimer timer;
    QObject::connect(&timer, &QTimer::timeout, &session.store, [&] {
        if (words % 120 == 0) {
            if (turn) {
                ChatResult result;
                result.text = session.book.holding(turn)->find(turn)->answer.text.toStdString();
                session.source.finish(turn, result);
            }
            turn = session.turns.send({QStringLiteral("question"), {}}, {}, {});
            note('q');
        }
        session.source.write(turn, QStringLiteral("w "));
        ++words;
        note('w');
    });
    timer.start(10);
    return QCoreApplication::exec();
}

} // namespace

class TestHistoryCrash final : public QObject {
    Q_OBJECT
private slots:
    void killedAtAnyMomentLosesAtMostTwoSeconds()
    {
        constexpr int kills = 30;
        constexpr int together = 5;
        constexpr qint64 most = 2000; // ms
        QTemporaryDir dir;
        for (int round = 0; round < kills / together; ++round) {
            std::vector<std::unique_ptr<QProcess>> children;
            for (int i = 0; i < together; ++i) {
                const QString folder = dir.filePath(QStringLiteral("%1-%2").arg(round).arg(i));
                QDir().mkpath(folder);
                auto child = std::make_unique<QProcess>();
                child->setProcessChannelMode(QProcess::ForwardedChannels);
                child->start(QCoreApplication::applicationFilePath(),
                             {QStringLiteral("--talk"), folder});
                QVERIFY(child->waitForStarted());
                children.push_back(std::move(child));
            }
            for (int i = 0; i < together; ++i) {
                const QString said = dir.filePath(QStringLiteral("%1-%2/said").arg(round).arg(i));
                QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(said), 30'000);
                QTest::qWait(int(QRandomGenerator::global()->bounded(100, 1200)));
                const qint64 killed = QDateTime::currentMSecsSinceEpoch();
                children[size_t(i)]->kill(); // SIGKILL
                QVERIFY(children[size_t(i)]->waitForFinished());
                check(QFileInfo(said).absolutePath(), killed - most);
            }
        }
    }

private:
    void check(const QString& folder, qint64 before)
    {
        QFile said(folder + QStringLiteral("/said"));
        QVERIFY(said.open(QIODevice::ReadOnly));
        int words = 0;
        int questions = 0;
        int all = 0;
        for (QByteArray line = said.readLine(); line.endsWith('\n'); line = said.readLine()) {
            line.chop(1);
            const bool isWord = line.endsWith('w');
            line.chop(1);
            all += isWord;
            if (line.toLongLong() <= before)
                ++(isWord ? words : questions);
        }
        HistorySession session(folder);
        QVERIFY(!session.store.trouble());
        QVERIFY(all > 0);
        if (questions == 0 && session.book.count() == 1)
            return; // killed before anything was two seconds old
        int kept = 0;
        const Conversation& chat = *session.open(1);
        for (const Turn& turn : chat.turns()) {
            kept += int(turn.answer.text.count(QLatin1Char('w')));
            QVERIFY(!turn.answer.isRunning());
        }
        QVERIFY(chat.turns().back().answer.interrupted);
        QVERIFY2(int(chat.turns().size()) >= questions && kept >= words && kept <= all,
                 qPrintable(QStringLiteral("%1 of %2 words, %3 of %4 questions")
                                .arg(kept)
                                .arg(words)
                                .arg(chat.turns().size())
                                .arg(questions)));
    }
};

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    if (argc == 3 && qstrcmp(argv[1], "--talk") == 0)
        return talk(QString::fromLocal8Bit(argv[2]));
    TestHistoryCrash test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_historycrash.moc"
