#include <QDir>
#include <QLibraryInfo>
#include <QSignalSpy>
#include <QTest>

#include "gui/chat/medialoader.h"
#include "gui/film/filmplayer.h"
#include "gui/film/filmpreview.h"
#include "tests/support/burntnumber.h"

using namespace argali;
using namespace argali::gui;

namespace {

QString media(const char* name)
{
    return QStringLiteral(ARGALI_TEST_DATA "/media/") + QLatin1String(name);
}

MediaFile film(const QString& path)
{
    MediaLoader loader{QString()};
    QSignalSpy done(&loader, &MediaLoader::inspected);
    loader.inspect(path);
    if (!QTest::qWaitFor([&] { return done.count() == 1; }, 20'000))
        return {};
    return done.first().at(1).value<MediaFile>();
}

} // namespace

class TestFilmPreview final : public QObject {
    Q_OBJECT
private slots:
    void stepsThroughFrames()
    {
        FilmPreview preview(film(media("one_gop.mp4")), true);
        preview.setAttribute(Qt::WA_DeleteOnClose, false);
        preview.show();
        QSignalSpy added(&preview, &FilmPreview::frameAdded);
        preview.goTo(4);
        QTRY_VERIFY_WITH_TIMEOUT(preview.isExact(), 10'000);
        QCOMPARE(numberIn(preview.view()->picture()), 100);
        QTest::keyClick(&preview, Qt::Key_Right);
        QTest::keyClick(&preview, Qt::Key_Right, Qt::ShiftModifier);
        QVERIFY(!preview.isExact());
        QTRY_VERIFY_WITH_TIMEOUT(preview.isExact(), 10'000);
        QCOMPARE(numberIn(preview.view()->picture()), 111);
        QTest::keyClick(&preview, Qt::Key_Left);
        QTest::keyClick(&preview, Qt::Key_Return);
        QCOMPARE(added.count(), 1);
        QCOMPARE(added.first().first().toDouble(), 110 / 25.0);
        QTest::keyClick(&preview, Qt::Key_Right, Qt::ShiftModifier);
        for (int i = 0; i < 20; ++i)
            QTest::keyClick(&preview, Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(preview.index(), 199);
    }

    void playsAndRestsOnAnExactFrame()
    {
        FilmPreview preview(film(media("one_gop.mp4")), true);
        preview.setAttribute(Qt::WA_DeleteOnClose, false);
        preview.show();
        preview.goTo(1);
        QTest::keyClick(&preview, Qt::Key_Space);
        const bool plays = QTest::qWaitFor(
            [&] { return preview.index() > 30 || !preview.note().isEmpty(); }, 15'000);
        QVERIFY(plays);
        if (!preview.note().isEmpty()) {
            // With a backend there is no excuse.
            const QDir backends(QLibraryInfo::path(QLibraryInfo::PluginsPath) +
                                QStringLiteral("/multimedia"));
            QVERIFY2(backends.isEmpty(), qPrintable(preview.note()));
            QSKIP("no backend is installed that plays films, and the sentence says so");
        }
        preview.togglePlaying();
        QTRY_VERIFY_WITH_TIMEOUT(!preview.isPlaying(), 10'000);
        QTRY_VERIFY_WITH_TIMEOUT(preview.isExact(), 10'000);
        QCOMPARE(numberIn(preview.view()->picture()), int(preview.index()));
    }

    void saysWhenItCannotPlay()
    {
        FilmPlayer player(QStringLiteral("/nowhere/at all.mp4"));
        QSignalSpy failed(&player, &FilmPlayer::failed);
        player.play(0);
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, 15'000);
        QVERIFY(failed.first().first().toString().contains(QStringLiteral("step through")));
    }

    void stepsWithoutAModuleForPlaying()
    {
        qputenv("ARGALI_PLAYER_MODULE", "off");
        FilmPreview preview(film(media("one_gop.mp4")), true);
        preview.setAttribute(Qt::WA_DeleteOnClose, false);
        preview.show();
        preview.togglePlaying();
        qunsetenv("ARGALI_PLAYER_MODULE");
        QVERIFY(!preview.isPlaying());
        QVERIFY(preview.note().contains(QStringLiteral("step through")));
        QTest::keyClick(&preview, Qt::Key_Right);
        QTRY_VERIFY_WITH_TIMEOUT(preview.isExact(), 10'000);
        QCOMPARE(numberIn(preview.view()->picture()), 1);
    }

    void closesWhileItPlays()
    {
        for (int i = 0; i < 3; ++i) {
            FilmPreview preview(film(media("sixty.webm")), false);
            preview.setAttribute(Qt::WA_DeleteOnClose, false);
            preview.show();
            preview.togglePlaying();
            QTest::qWait(40 * i);
        }
    }
};

QTEST_MAIN(TestFilmPreview)
#include "tst_filmpreview.moc"
