#include <algorithm>

#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include "gui/chat/composer.h"
#include "gui/chat/filmstrip.h"
#include "gui/chat/medialoader.h"
#include "gui/film/filmframes.h"
#include "tests/support/filmwriter.h"

using namespace argali;
using namespace argali::gui;

namespace {

/// The most memory this process has had since it was last reset. *Units*: bytes.
qint64 peakMemory()
{
    QFile status(QStringLiteral("/proc/self/status"));
    if (!status.open(QIODevice::ReadOnly))
        return 0;
    for (const QByteArray& line : status.readAll().split('\n')) {
        if (line.startsWith("VmHWM:"))
            return line.mid(6).simplified().split(' ').first().toLongLong() * 1024;
    }
    return 0;
}

void forgetPeak()
{
    QFile refs(QStringLiteral("/proc/self/clear_refs"));
    if (refs.open(QIODevice::WriteOnly))
        refs.write("5");
}

} // namespace

/// What dropping a film costs: time to the first pictures, and memory.
class TestFilmSpeed final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;

    QString film(const char* name, int frames, AVRational rate, int keyEvery)
    {
        const QString path = m_dir.filePath(QLatin1String(name));
        FilmWriter writer(path.toStdString(), 1280, 720, rate, keyEvery);
        for (int i = 0; i < frames; ++i)
            writer.add(i);
        writer.finish();
        return path;
    }

private slots:
    void picturesWithinASecond()
    {
        const QString path = film("minute.mp4", 1500, {25, 1}, 250);
        Settings settings(m_dir.filePath(QStringLiteral("argali.ini")));
        MediaLoader loader(m_dir.filePath(QStringLiteral("pasted")));
        Composer composer(settings, loader);
        composer.resize(800, 300);
        composer.show();
        const auto all = [&] {
            const FilmFrames& view = *composer.strip()->view();
            for (int i = 0; i < view.count(); ++i) {
                if (view.frame(i).image.isNull())
                    return false;
            }
            return view.count() == 8;
        };
        QElapsedTimer watch;
        watch.start();
        qint64 longest = 0; // that the window did nothing else
        QElapsedTimer since;
        since.start();
        QTimer ticks;
        connect(&ticks, &QTimer::timeout, this,
                [&] { longest = std::max(longest, since.restart()); });
        ticks.start(2);
        composer.attach(path);
        QVERIFY(QTest::qWaitFor(all, 20'000));
        const qint64 rough = watch.elapsed();
        QVERIFY(QTest::qWaitFor([&] { return composer.strip()->isExact(); }, 60'000));
        qInfo("thumbnails after %lld ms, exact after %lld ms, window held up for %lld ms", rough,
              watch.elapsed(), longest);
        QVERIFY2(longest < 200, qPrintable(QString::number(longest)));
        QVERIFY2(rough < 1000, qPrintable(QString::number(rough)));
    }

    void twoHoursInBoundedMemory()
    {
        // Two hours at one frame in six seconds: the length and the size are what count.
        const QString path = film("hours.mp4", 1200, {1, 6}, 60);
        Settings settings(m_dir.filePath(QStringLiteral("argali2.ini")));
        MediaLoader loader(m_dir.filePath(QStringLiteral("pasted")));
        Composer composer(settings, loader);
        composer.resize(800, 300);
        composer.show();
        forgetPeak(); // of the encoder
        composer.attach(path, 30);
        QVERIFY(QTest::qWaitFor([&] { return !composer.isReading(); }, 120'000));
        QVERIFY(composer.strip()->isExact());
        QCOMPARE(composer.strip()->film().duration, 7200.0);
        for (int i = 0; i < 20; ++i) { // and after choosing for a while
            composer.strip()->addFrame(300.0 * i);
            emit composer.strip()->view()->removeRequested(0);
            emit composer.strip()->view()->nudged(0, 10);
            QVERIFY(QTest::qWaitFor([&] { return !composer.isReading(); }, 60'000));
        }
        const qint64 needed = peakMemory(); // all of this process
        qInfo("%lld MB", needed / 1'000'000);
        QVERIFY2(needed < 500'000'000, qPrintable(QString::number(needed)));
    }
};

QTEST_MAIN(TestFilmSpeed)
#include "tst_filmspeed.moc"
