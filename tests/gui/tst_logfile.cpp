#include <QFile>
#include <QFileInfo>
#include <QLoggingCategory>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

#include "engine/log.h"
#include "gui/logfile.h"

using namespace argali::gui;

class TestLogFile final : public QObject {
    Q_OBJECT
private slots:
    void writesAndRotates()
    {
        QTemporaryDir dir;
        qputenv("XDG_STATE_HOME", dir.path().toLocal8Bit());
        const QString name = openLog();
        QCOMPARE(name, dir.filePath(QStringLiteral("argali/argali.log")));
        const auto content = [&] {
            QFile file(name);
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        };
        argali::log(argali::LogLevel::Warning, "shard 2 is short");
        qInfo("from Qt");
        QVERIFY(content().contains("warning: shard 2 is short\n"));
        QVERIFY(content().contains("info: from Qt\n"));
        // What a page says could quote the chat.
        const QLoggingCategory page("js");
        qCWarning(page, "secret answer");
        QVERIFY(!content().contains("secret"));
        // Any thread may write; lines stay whole.
        std::unique_ptr<QThread> other(QThread::create([] {
            for (int i = 0; i < 200; ++i)
                logLine("info", "other thread");
        }));
        other->start();
        for (int i = 0; i < 200; ++i)
            logLine("info", "this thread");
        QVERIFY(other->wait(20'000));
        QCOMPARE(content().count("other thread\n"), 200);
        QCOMPARE(content().count("this thread\n"), 200);
        // Grown too large, it makes room for a new one.
        const std::string line(3000, 'x');
        for (qint64 written = 0; written < largestLog + 10'000; written += qint64(line.size()))
            logLine("info", line);
        QVERIFY(QFileInfo(name).size() < largestLog);
        QVERIFY(QFileInfo::exists(name + QStringLiteral(".1")));
        // The next session keeps the last one's.
        openLog();
        QVERIFY(content().isEmpty());
        qInstallMessageHandler(nullptr);
        argali::setLogSink({});
    }
};

QTEST_GUILESS_MAIN(TestLogFile)
#include "tst_logfile.moc"
