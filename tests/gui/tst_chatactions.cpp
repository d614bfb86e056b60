// What the buttons of the transcript do in the window: a question is taken up again, an answer is
// asked for at once, a picture opens, a text is found.
#include <QClipboard>
#include <QLineEdit>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QTest>
#include <QTextBrowser>
#include <QWebEngineScript>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/findbar.h"
#include "gui/chat/picturecanvas.h"
#include "gui/chat/pictureviewer.h"
#include "gui/chat/plaintranscript.h"
#include "gui/chat/transcriptactions.h"
#include "gui/chat/transcriptpage.h"
#include "gui/chat/transcriptview.h"
#include "gui/film/filmpreview.h"
#include "gui/mainwindow.h"
#include "gui/widgets/button.h"
#include "tests/support/windowbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

struct Bench : WindowBench {
    TranscriptView& view() { return *window.chat()->transcript(); }
    /// What a script says on the page, once it is not empty.
    QVariant page(const QString& script)
    {
        QVariant value;
        const bool came = QTest::qWaitFor(
            [&] {
                bool done = false;
                view().page()->runJavaScript(script, QWebEngineScript::ApplicationWorld,
                                             [&](const QVariant& v) {
                                                 value = v;
                                                 done = true;
                                             });
                return QTest::qWaitFor([&] { return done; }, 30'000) && !value.isNull();
            },
            30'000);
        return came ? value : QVariant();
    }
};

} // namespace

class TestChatActions final : public QObject {
    Q_OBJECT
private slots:
    void editsAndAsksAgain()
    {
        Bench bench;
        const quint64 first = bench.send(QStringLiteral("one"));
        bench.source.finish(first, QStringLiteral("answer one"));
        const quint64 second = bench.send(QStringLiteral("two"));
        bench.source.finish(second, QStringLiteral("answer two"));
        bench.chat().composer()->edit()->setPlainText(QStringLiteral("half written"));
        const Conversation& chat = bench.book.current();
        emit bench.view().editRequested(second, QStringLiteral("two"));
        QCOMPARE(bench.chat().composer()->edit()->toPlainText(), QStringLiteral("two"));
        QCOMPARE(bench.chat().unsent().text, QStringLiteral("half written")); // nothing was changed
        // Taken back: what was being written is there again.
        QVERIFY(bench.chat().stop());
        QCOMPARE(bench.chat().composer()->edit()->toPlainText(), QStringLiteral("half written"));
        QVERIFY(!bench.chat().stop());

        emit bench.view().editRequested(second, QStringLiteral("two"));
        bench.chat().composer()->edit()->setPlainText(QStringLiteral("two, but"));
        QCOMPARE(bench.chat().unsent().text, QStringLiteral("two, but\n\nhalf written"));
        const quint64 third = bench.send(QStringLiteral("two, but better"));
        QCOMPARE(bench.chat().composer()->edit()->toPlainText(), QStringLiteral("half written"));
        QCOMPARE(bench.source.requests.back().messages.size(), size_t(3));
        bench.source.finish(third, QStringLiteral("better"));
        // It stands beside the old one, and arrows lead from one to the other.
        QCOMPARE(chat.turns().size(), size_t(2));
        QCOMPARE(chat.siblingsOf(third), (std::vector<quint64>{second, third}));
        emit bench.view().branchRequested(third, -1);
        QVERIFY(chat.isShown(second) && !chat.isShown(third));
        emit bench.view().branchRequested(second, 1);
        QVERIFY(chat.isShown(third));
        emit bench.view().editRequested(999, QStringLiteral("x"));
        QCOMPARE(bench.chat().composer()->edit()->toPlainText(), QStringLiteral("half written"));
        // A message that is taken out can be put back.
        emit bench.view().deleteRequested(first);
        QCOMPARE(chat.turns().size(), size_t(1));
        QVERIFY(bench.turns.undoRemove());
        QCOMPARE(chat.turns().size(), size_t(2));
    }

    /// Pictures of a message that is taken out are no reason to refuse a film any more.
    void aMessageTakenOutFreesTheChatOfItsPictures()
    {
        Bench bench;
        Composer& composer = *bench.chat().composer();
        const auto read = [&] {
            return QTest::qWaitFor([&] { return !composer.isReading(); }, 30'000);
        };
        composer.attach(sample("objects.png"));
        QVERIFY(read());
        const quint64 first = bench.send(QStringLiteral("What is it?"));
        bench.source.finish(first, QStringLiteral("A cross."));
        composer.attach(sample("grow.mp4"));
        QVERIFY(read());
        composer.edit()->setPlainText(QStringLiteral("And this?"));
        const QString refusal = composer.obstacle();
        QVERIFY(!refusal.isEmpty());
        emit bench.view().deleteRequested(first);
        QCOMPARE(composer.obstacle(), QString());
        QVERIFY(bench.turns.undoRemove());
        QCOMPARE(composer.obstacle(), refusal);
    }

    void copies()
    {
        Bench bench;
        const quint64 turn = bench.send(QStringLiteral("the *question*"));
        bench.source.write(turn, QStringLiteral("the **answer** $x$"));
        bench.source.finish(turn, QStringLiteral("the **answer** $x$"));
        emit bench.view().copyQuestionRequested(turn);
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("the *question*"));
        emit bench.view().copyRequested(turn);
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("the **answer** $x$"));
    }

    void statisticsNameTheDevice()
    {
        Bench bench;
        const quint64 turn = bench.send(QStringLiteral("q"));
        bench.source.write(turn, QStringLiteral("a"));
        bench.source.finish(turn, QStringLiteral("a"));
        QCOMPARE(bench.book.current().find(turn)->device, QStringLiteral("Some processor"));
        const QString statistics =
            bench.page(QStringLiteral("(document.querySelector('.statistics') || {}).textContent"))
                .toString();
        for (const char* part : {"7 ", "120 tok/s", "first word 0.21 s", "Some processor"})
            QVERIFY2(statistics.contains(QLatin1String(part)), qPrintable(statistics));
    }

    void answersNow()
    {
        Bench bench;
        const quint64 turn = bench.send(QStringLiteral("q"));
        bench.source.think(turn, QStringLiteral("hm"), 3);
        QVERIFY(
            bench
                .page(QStringLiteral("(b => b && !b.hidden && b.offsetParent ? (b.click(), true) "
                                     ": null)(document.querySelector('.pill'))"))
                .toBool());
        QTRY_COMPARE(bench.source.answersNow, 1);
        QVERIFY(bench.page(QStringLiteral("document.querySelector('.pill').disabled")).toBool());
        bench.source.write(turn, QStringLiteral("a"));
        bench.source.finish(turn, QStringLiteral("a"));
        emit bench.view().answerNowRequested(turn); // too late
        QCOMPARE(bench.source.answersNow, 1);
    }

    void findsInTheChat()
    {
        Bench bench;
        QTest::keyClick(&bench.window, Qt::Key_F, Qt::ControlModifier);
        QVERIFY(bench.chat().findBar()->isHidden()); // an empty chat has nothing to find
        const quint64 turn = bench.send(QStringLiteral("a ring?"));
        bench.source.write(turn, QStringLiteral("A ring, and a second ring."));
        bench.source.finish(turn, QStringLiteral("A ring, and a second ring."));
        QVERIFY(!bench.page(QStringLiteral("document.querySelector('.statistics')")).isNull());
        QTest::keyClick(&bench.window, Qt::Key_F, Qt::ControlModifier);
        FindBar& bar = *bench.chat().findBar();
        QTRY_VERIFY(bar.isVisible());
        bar.edit()->setText(QStringLiteral("ring"));
        QTRY_COMPARE_WITH_TIMEOUT(bar.resultText(), QStringLiteral("1 of 3"), 30'000);
        QTest::keyClick(bar.edit(), Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(bar.resultText(), QStringLiteral("2 of 3"), 30'000);
        QTest::keyClick(bar.edit(), Qt::Key_Return, Qt::ShiftModifier);
        QTRY_COMPARE_WITH_TIMEOUT(bar.resultText(), QStringLiteral("1 of 3"), 30'000);
        bar.edit()->setText(QStringLiteral("cross"));
        QTRY_COMPARE_WITH_TIMEOUT(bar.resultText(), QStringLiteral("Not found"), 30'000);
        QTest::keyClick(bar.edit(), Qt::Key_Escape);
        QVERIFY(bar.isHidden());
        QCOMPARE(bench.source.cancels, 0); // Esc was the line's
        for (QWidget* child : bar.findChildren<QWidget*>()) {
            if (child->focusPolicy() != Qt::NoFocus && child->parent() == &bar)
                QVERIFY2(!child->accessibleName().isEmpty(), child->metaObject()->className());
        }
    }

    void opensPictures()
    {
        Bench bench;
        bench.chat().composer()->attach(sample("objects.png"));
        bench.chat().composer()->attach(sample("pair.png"));
        QTRY_VERIFY_WITH_TIMEOUT(!bench.chat().composer()->isReading(), 30'000);
        const quint64 turn = bench.send(QStringLiteral("q"));
        emit bench.view().pictureActivated(turn, 1);
        PictureViewer* viewer = bench.chat().actions()->viewer();
        QVERIFY(viewer);
        QSignalSpy loaded(viewer, &PictureViewer::loaded);
        QCOMPARE(viewer->index(), 1);
        QTRY_COMPARE_WITH_TIMEOUT(loaded.count(), 1, 30'000);
        PictureCanvas& canvas = *viewer->canvas();
        QVERIFY(canvas.isFitted());
        const double fitted = canvas.scale();
        QVERIFY(canvas.rect().toRectF().adjusted(-1, -1, 1, 1).contains(canvas.pictureRect()));

        QTest::keyClick(viewer, Qt::Key_Plus);
        QVERIFY(canvas.scale() > fitted);
        QVERIFY(!canvas.isFitted());
        for (int i = 0; i < 40; ++i)
            QTest::keyClick(viewer, Qt::Key_Plus);
        QVERIFY(canvas.scale() <= 32);
        // Dragged as far as one likes, the picture still covers the window.
        for (int i = 0; i < 200; ++i)
            QTest::keyClick(viewer, Qt::Key_Up);
        QVERIFY(canvas.pictureRect().contains(canvas.rect().toRectF()));
        QTest::keyClick(viewer, Qt::Key_0);
        QCOMPARE(canvas.scale(), fitted);
        QTest::keyClick(viewer, Qt::Key_1);
        QCOMPARE(canvas.scale(), 1 / canvas.devicePixelRatioF());
        // The point under the pointer stays there.
        const QPointF at(120, 90);
        const auto part = [&] {
            const QRectF r = canvas.pictureRect();
            return QPointF((at.x() - r.x()) / r.width(), (at.y() - r.y()) / r.height());
        };
        canvas.zoomBy(16, canvas.rect().toRectF().center());
        const QPointF before = part();
        canvas.zoomBy(1.5, at);
        QVERIFY((part() - before).manhattanLength() < 0.01);

        QTest::keyClick(viewer, Qt::Key_Right); // there is none
        QCOMPARE(viewer->index(), 1);
        QTest::keyClick(viewer, Qt::Key_Left);
        QCOMPARE(viewer->index(), 0);
        QVERIFY(canvas.isFitted());
        QTRY_COMPARE_WITH_TIMEOUT(loaded.count(), 2, 30'000);
        QTest::keyClick(viewer, Qt::Key_Escape);
        QTRY_VERIFY(!bench.chat().actions()->viewer());
    }

    void picturesThatAreGoneSaySo()
    {
        PictureViewer viewer;
        QSignalSpy failed(&viewer, &PictureViewer::failed);
        QImage thumbnail(20, 10, QImage::Format_RGB32);
        thumbnail.fill(Qt::red);
        viewer.setPictures(
            {{QStringLiteral("/nowhere/<b>a.png"), QStringLiteral("<b>a.png"), thumbnail}}, 0);
        viewer.show();
        QTRY_COMPARE_WITH_TIMEOUT(failed.count(), 1, 30'000);
        QVERIFY(!failed[0][0].toString().isEmpty());
        viewer.setMark(QRectF(0.1, 0.1, 0.5, 0.5), QStringLiteral("a"));
        viewer.grab(); // the thumbnail stays, with the place on it
    }

    void aFilmOpensWithItsFrames()
    {
        Bench bench;
        MediaFile film;
        film.kind = MediaFile::Kind::Film;
        film.path = sample("grow.mp4");
        film.size = QSize(320, 240);
        film.duration = 3;
        film.frameCount = 90;
        film.frameRate = 30;
        film.chosen = {15, 45, 60};
        MediaFile gone = film;
        gone.path = QStringLiteral("/nothing/gone.mp4");
        const quint64 turn = bench.turns.send({QStringLiteral("What happens?"), {film, gone}}, {},
                                              QStringLiteral("Any-1B"));
        bench.source.finish(turn, QStringLiteral("It grows."));
        QTRY_VERIFY_WITH_TIMEOUT(bench.window.chat()->transcript() && bench.view().isReady(),
                                 60'000);
        QTRY_COMPARE(
            bench.page(QStringLiteral("document.querySelectorAll('button.picture').length"))
                .toInt(),
            2);
        QVERIFY(bench.page(QStringLiteral("document.querySelector('button.picture').title"))
                    .toString()
                    .contains(QStringLiteral("film")));
        bench.page(QStringLiteral("document.querySelectorAll('button.picture')[0].click(); 1"));
        QTRY_VERIFY(bench.chat().preview() && bench.chat().preview()->isVisible());
        FilmPreview& preview = *bench.chat().preview();
        QCOMPARE(preview.path(), film.path);
        QCOMPARE(preview.index(), qint64(15)); // the first frame that the model got
        QStringList times;
        for (const Button* chip : preview.sentFrames())
            times << chip->text();
        QCOMPARE(times, (QStringList{QStringLiteral("00:00.5"), QStringLiteral("00:01.5"),
                                     QStringLiteral("00:02.0")}));
        preview.sentFrames().last()->click();
        QCOMPARE(preview.index(), qint64(60));
        QTRY_VERIFY_WITH_TIMEOUT(preview.isExact(), 30'000);
        preview.close();
        QTRY_VERIFY(!bench.chat().preview());
        // One that is gone says so where it stands, also when the page is made again.
        bench.page(QStringLiteral("document.querySelectorAll('button.picture')[1].click(); 1"));
        const QString badge = QStringLiteral(
            "document.querySelectorAll('.picture')[1].querySelector('.badge').textContent");
        QTRY_COMPARE(bench.page(badge).toString(),
                     QStringLiteral("gone.mp4 is not there any more, or cannot be read."));
        QVERIFY(!bench.chat().preview());
        bench.view().page()->start();
        QTRY_VERIFY(!bench.page(QStringLiteral("1")).isNull());
        QTRY_COMPARE_WITH_TIMEOUT(
            bench.page(badge).toString(),
            QStringLiteral("gone.mp4 is not there any more, or cannot be read."), 30'000);
    }

    void aFilmOpensFromPlainText()
    {
        qputenv("ARGALI_TRANSCRIPT", "plain");
        const auto back = qScopeGuard([] { qunsetenv("ARGALI_TRANSCRIPT"); });
        Bench bench;
        MediaFile film;
        film.kind = MediaFile::Kind::Film;
        film.path = sample("grow.mp4");
        film.size = QSize(320, 240);
        film.duration = 3;
        film.frameCount = 90;
        film.frameRate = 30;
        film.chosen = {15, 45, 60};
        MediaFile gone = film;
        gone.path = QStringLiteral("/nothing/gone.mp4");
        gone.duration = 9;
        const quint64 turn = bench.turns.send({QStringLiteral("What happens?"), {film, gone}}, {},
                                              QStringLiteral("Any-1B"));
        bench.source.write(turn, QStringLiteral("It grows."));
        bench.source.finish(turn, QStringLiteral("It grows."));
        QVERIFY(bench.view().isPlain());
        QTextBrowser& browser = *bench.view().plain()->browser();
        QTRY_VERIFY(browser.toPlainText().contains(QStringLiteral("It grows.")));
        const auto click = [&](const QString& badge) {
            QTextCursor place = browser.document()->find(badge);
            place.setPosition(place.selectionStart() + 1);
            QTest::mouseClick(browser.viewport(), Qt::LeftButton, {},
                              browser.cursorRect(place).center());
        };
        click(gone.badge());
        QVERIFY(!bench.chat().preview());
        QTRY_VERIFY(browser.toPlainText().contains(
            QStringLiteral("gone.mp4 is not there any more, or cannot be read.")));
        click(film.badge());
        QVERIFY(bench.chat().preview() && bench.chat().preview()->isVisible());
        QCOMPARE(bench.chat().preview()->path(), film.path);
        QCOMPARE(bench.chat().preview()->index(), qint64(15));
        QCOMPARE(bench.chat().preview()->sentFrames().size(), 3);
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    TestChatActions test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_chatactions.moc"
