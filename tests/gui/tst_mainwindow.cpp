#include <memory>
#include <optional>

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QDoubleSpinBox>
#include <QDropEvent>
#include <QFile>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QUrl>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/emptystate.h"
#include "gui/chat/samplecard.h"
#include "gui/chat/transcriptview.h"
#include "gui/mainwindow.h"
#include "gui/models/modelchooser.h"
#include "gui/settings/samplingpanel.h"
#include "gui/statusline.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/valueslider.h"
#include "tests/support/windowbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

void drop(QWidget& target, const QList<QUrl>& urls)
{
    QMimeData mime;
    mime.setUrls(urls);
    const QPoint at = target.rect().center();
    QDragEnterEvent enter(at, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&target, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent event(at, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&target, &event);
}

struct Bench : WindowBench {
    using WindowBench::WindowBench;
    void write(const char* text) { composer().edit()->setPlainText(QString::fromUtf8(text)); }
    QString page(quint64 turn) { return pageText(*chat().transcript(), turn); }
};

} // namespace

class TestMainWindow final : public QObject {
    Q_OBJECT
private slots:
    /// The whole way: the real page and the real pocket model.
    void aPictureInATrueAnswerOut()
    {
        QTemporaryDir dir;
        Application application({Places::under(dir.path()), {}, StartupTrace(false)});
        QSignalSpy ready(&application, &Application::modelReady);
        application.start();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, 60'000);
        MainWindow& window = application.window();
        QCOMPARE(window.status()->modelText(), QStringLiteral("Pocket model ready"));
        drop(window, {QUrl::fromLocalFile(sample("objects.png"))});
        QTest::keyClicks(window.chat()->composer()->edit(),
                         QStringLiteral("What shape is the green object?"));
        QTest::keyClick(window.chat()->composer()->edit(), Qt::Key_Return);
        QTRY_VERIFY_WITH_TIMEOUT(window.chat()->transcript() &&
                                     !window.chat()->composer()->isBusy() &&
                                     window.chat()->composer()->isEmpty(),
                                 120'000);
        const QString text = pageText(*window.chat()->transcript());
        QVERIFY2(text.contains(QStringLiteral("The green object is a cross.")), qPrintable(text));
        QVERIFY(text.contains(QStringLiteral("What shape is the green object?")));
    }

    void sampleCardAsks()
    {
        QTemporaryDir dir;
        Application application({Places::under(dir.path()), {}, StartupTrace(false)});
        application.start();
        MainWindow& window = application.window();
        const QList<SampleCard*> cards = window.chat()->emptyState()->cards();
        QCOMPARE(cards.size(), 4);
        cards.first()->click(); // before the model is ready: it is asked as soon as it is
        QTRY_VERIFY_WITH_TIMEOUT(
            window.chat()->transcript() && window.chat()->transcript()->isReady() &&
                !window.chat()->composer()->isBusy() && window.chat()->composer()->isEmpty(),
            120'000);
        const QString text = pageText(*window.chat()->transcript());
        QVERIFY2(text.contains(QStringLiteral("medium green cross")), qPrintable(text));
    }

    /// Also where nothing was written, and however often the program starts.
    void optionsOfChatsWithoutATurnComeBack()
    {
        QTemporaryDir dir;
        const QString first = QStringLiteral("Answer in one sentence.");
        const QString second = QStringLiteral("Answer in rhymes.");
        {
            Application application({Places::under(dir.path()), {}, StartupTrace(false)});
            application.start();
            MainWindow& window = application.window();
            window.panel()->systemPrompt()->setPlainText(first);
            emit window.conversations()->newRequested();
            window.panel()->systemPrompt()->setPlainText(second);
            QTest::keyClicks(window.chat()->composer()->edit(), QStringLiteral("Sing!"));
        }
        for (int i = 0; i < 3; ++i) {
            Application application({Places::under(dir.path()), {}, StartupTrace(false)});
            application.start();
            MainWindow& window = application.window();
            QCOMPARE(window.panel()->systemPrompt()->toPlainText(), second);
            QCOMPARE(window.chat()->composer()->draft().text, QStringLiteral("Sing!"));
            const auto* list = window.conversations()->findChild<QListWidget*>();
            QTRY_COMPARE(list->count(), 2); // the history was read
        }
        QFile kept(Places::under(dir.path()).draftFile);
        QVERIFY(kept.open(QIODevice::ReadOnly));
        const QByteArray bytes = kept.readAll();
        QVERIFY(bytes.contains(first.toUtf8()) && bytes.contains(second.toUtf8()));
    }

    void chatWithATurnIsNoNewOne()
    {
        Bench bench;
        bench.window.panel()->systemPrompt()->setPlainText(QStringLiteral("Answer in rhymes."));
        QCOMPARE(bench.drafts.drafts().size(), 1);
        bench.write("What is it?");
        bench.chat().send();
        QVERIFY(bench.drafts.drafts().isEmpty());
        bench.window.panel()->systemPrompt()->setPlainText(QStringLiteral("Answer."));
        QVERIFY(bench.drafts.drafts().isEmpty());
    }

    void streamsIntoThePage()
    {
        Bench bench;
        bench.write("What is it?");
        bench.chat().send();
        QVERIFY(bench.composer().isEmpty());
        const quint64 turn = bench.source.lastTurn();
        bench.source.write(turn, QStringLiteral("A **ri"));
        bench.source.write(turn, QStringLiteral("ng**."));
        bench.source.finish(turn, QStringLiteral("A **ring**."));
        QTRY_VERIFY_WITH_TIMEOUT(bench.page(turn).contains(QStringLiteral("A ring.")), 30'000);
    }

    void failureStandsInTheAnswersPlaceAndTheDraftComesBack()
    {
        Bench bench;
        bench.write("What is it?");
        bench.composer().attach(sample("objects.png"));
        QVERIFY(QTest::qWaitFor([&] { return !bench.composer().isReading(); }, 20'000));
        bench.chat().send();
        bench.source.fail(bench.source.lastTurn(),
                          Failure(Error::Code::ContextOverflow, QStringLiteral("5,000 of 4,096")));
        QCOMPARE(bench.composer().draft().text, QStringLiteral("What is it?"));
        QVERIFY(
            QTest::qWaitFor([&] { return bench.composer().draft().media.size() == 1; }, 20'000));
        QVERIFY(bench.page(0).contains(Failure(Error::Code::ContextOverflow, {}).sentence()));
        // Sent again, the failed turn is gone from the page.
        bench.chat().send();
        QCOMPARE(bench.source.turns.size(), 2);
        bench.source.write(bench.source.lastTurn(), QStringLiteral("A ring."));
        bench.source.finish(bench.source.lastTurn(), QStringLiteral("A ring."));
        const QString text = bench.page(0);
        QVERIFY2(text.contains(QStringLiteral("A ring.")), qPrintable(text));
        QVERIFY2(!text.contains(QStringLiteral("longer than")), qPrintable(text));
        QCOMPARE(text.count(QStringLiteral("What is it?")), 1);
    }

    void sendingWaitsForTheModel()
    {
        Bench bench(false);
        bench.window.showLoading({});
        bench.write("Early?");
        bench.chat().send();
        QVERIFY(bench.source.turns.isEmpty());
        QVERIFY(bench.chat().isWaitingToSend());
        QCOMPARE(bench.composer().draft().text, QStringLiteral("Early?"));
        bench.window.showLoadFailure(QStringLiteral("/m"), Failure(Error::Code::BadModel, {}),
                                     false);
        QVERIFY(bench.source.turns.isEmpty());
        QCOMPARE(bench.composer().draft().text, QStringLiteral("Early?")); // kept
        QVERIFY(!bench.composer().note().isEmpty());
        bench.window.showLoading({});
        bench.chat().send();
        bench.window.showModel(anyModel());
        QCOMPARE(bench.source.turns.size(), 1);
        QVERIFY(bench.composer().isEmpty());
    }

    void whoGoesOnWritingIsNotDone()
    {
        Bench bench(false);
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        bench.window.showLoading({});
        bench.write("Early");
        bench.chat().send();
        bench.write("Early and more");
        bench.window.showModel(anyModel());
        QVERIFY(bench.source.turns.isEmpty());
        bench.window.showLoading({});
        bench.chat().send();
        QVERIFY(bench.chat().isWaitingToSend());
        QTest::keyClick(&bench.window, Qt::Key_Escape);
        bench.window.showModel(anyModel());
        QVERIFY(bench.source.turns.isEmpty());
        QCOMPARE(bench.composer().draft().text, QStringLiteral("Early and more"));
    }

    void failedModelLeavesTheFormer()
    {
        Bench bench;
        bench.window.showLoading(QStringLiteral("/models/broken"));
        QCOMPARE(bench.window.status()->modelText(), QStringLiteral("Loading"));
        bench.window.showLoadFailure(QStringLiteral("/models/broken"),
                                     Failure(Error::Code::BadModel, {}), true);
        QCOMPARE(bench.window.status()->modelText(), QStringLiteral("Any-1B ready"));
        QVERIFY(bench.window.status()->phaseText().contains(QStringLiteral("broken")));
        bench.write("Still there?");
        bench.chat().send();
        QCOMPARE(bench.source.turns.size(), 1);
    }

    void tooLongForTheContextIsRefusedWithNumbers()
    {
        Bench bench;
        bench.write("What is it?");
        QTRY_VERIFY_WITH_TIMEOUT(!bench.source.questions.isEmpty(), 5000);
        bench.source.tellCost({5000, 4800, 4096});
        QVERIFY(bench.chat().costText().contains(bench.window.locale().toString(5000)));
        bench.chat().send();
        QVERIFY(bench.source.turns.isEmpty());
        QVERIFY(bench.composer().note().contains(bench.window.locale().toString(5000)));
        QVERIFY(bench.composer().note().contains(bench.window.locale().toString(4096)));
        QCOMPARE(bench.composer().draft().text, QStringLiteral("What is it?"));
    }

    void keyboard()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        bench.write("One");
        QTest::keyClick(&bench.window, Qt::Key_N, Qt::ControlModifier);
        QCOMPARE(bench.book.count(), 2);
        QVERIFY(bench.composer().isEmpty());
        bench.book.open(1);
        QCOMPARE(bench.composer().draft().text, QStringLiteral("One")); // each chat keeps its draft
        bench.chat().send();
        const quint64 turn = bench.source.lastTurn();
        QTest::keyClick(&bench.window, Qt::Key_Escape);
        QCOMPARE(bench.source.cancels, 1);
        QCOMPARE(bench.window.status()->phaseText(), QStringLiteral("Stopping…"));
        bench.source.finish(turn, QStringLiteral("x"), FinishReason::Cancelled);
        QTest::keyClick(&bench.window, Qt::Key_R, Qt::ControlModifier);
        QCOMPARE(bench.source.turns.size(), 2);
        QVERIFY(bench.source.lastTurn() != turn);
        QTest::keyClick(&bench.window, Qt::Key_B, Qt::ControlModifier);
        QVERIFY(!bench.window.isSideOpen());
        QTest::keyClick(&bench.window, Qt::Key_Q, Qt::ControlModifier);
        QVERIFY(!bench.window.isVisible());
        QVERIFY(!bench.settings.value(settings::sideOpen));
    }

    void themeChangesWhileItRuns()
    {
        Bench bench;
        const auto brightness = [](QWidget* widget, QPoint at) {
            return widget->grab().toImage().pixelColor(at).lightness();
        };
        bench.settings.set(settings::theme, int(Theme::Choice::Light));
        QVERIFY(brightness(bench.window.panel(), {5, 400}) > 200);
        QVERIFY(brightness(bench.window.status(), {600, 3}) > 200);
        bench.settings.set(settings::theme, int(Theme::Choice::Dark));
        QVERIFY(brightness(bench.window.panel(), {5, 400}) < 60);
        QVERIFY(brightness(bench.window.status(), {600, 3}) < 60);
        const auto meanBrightness = [](QWidget* widget) { // whatever stands in it
            const QImage picture = widget->grab().toImage().scaled(1, 1, Qt::IgnoreAspectRatio,
                                                                   Qt::SmoothTransformation);
            return picture.pixelColor(0, 0).lightness();
        };
        for (QWidget* field : bench.window.panel()->findChildren<QDoubleSpinBox*>())
            QVERIFY(meanBrightness(field) < 100); // the style sheet follows, too
        bench.settings.set(settings::theme, int(Theme::Choice::System));
        QEvent change(QEvent::ThemeChange);
        QApplication::sendEvent(&bench.window, &change);
        QVERIFY(brightness(bench.window.panel(), {5, 400}) > 200);
    }

    void pasteFromAnywhere()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        auto* mime = new QMimeData;
        mime->setUrls({QUrl::fromLocalFile(sample("objects.png"))});
        QGuiApplication::clipboard()->setMimeData(mime);
        bench.window.chooser()->button()->setFocus();
        QTest::keyClick(bench.window.chooser()->button(), Qt::Key_V, Qt::ControlModifier);
        QCOMPARE(bench.composer().entries().size(), 1);
    }

    void enterWhileAnAnswerIsWritten()
    {
        Bench bench;
        bench.write("One");
        bench.chat().send();
        bench.write("Two");
        bench.chat().send();
        QCOMPARE(bench.source.turns.size(), 1);
        QCOMPARE(bench.composer().draft().text, QStringLiteral("Two"));
    }

    void narrowWindowsCloseWhatDoesNotFit()
    {
        Bench bench;
        const auto resize = [&](int width) {
            // What was closed counts for the least width until the window has laid itself out
            // again.
            for (int i = 0; i < 100; ++i) {
                bench.window.resize(width, 700);
                QTest::qWait(20);
                if (bench.window.width() == width)
                    break;
            }
        };
        QVERIFY(bench.window.isSideOpen() && bench.window.isPanelOpen());
        resize(880);
        QVERIFY(bench.window.isSideOpen() && !bench.window.isPanelOpen());
        resize(660);
        QVERIFY2(!bench.window.isSideOpen() && !bench.window.isPanelOpen(),
                 qPrintable(QString::number(bench.window.width())));
        bench.window.setPanelOpen(true); // may still be wanted
        QVERIFY(bench.window.isPanelOpen());
        resize(1280);
        QVERIFY(bench.window.isSideOpen() && bench.window.isPanelOpen());
        bench.window.setPanelOpen(false);
        resize(880);
        resize(600);
        QCOMPARE(bench.window.width(), 600);
        resize(1280);
        QVERIFY(!bench.window.isPanelOpen()); // closed by hand it stays closed
    }

    void draftSurvives()
    {
        QTemporaryDir dir;
        {
            Settings store(dir.filePath(QStringLiteral("argali.ini")));
            FakeReplySource source;
            MediaLoader loader(dir.filePath(QStringLiteral("pasted")));
            DraftStore drafts(dir.filePath(QStringLiteral("draft.json")));
            ConversationBook book;
            TurnController turns(book, source);
            MainWindow window({store, loader, source, book, turns, drafts, {}});
            window.chat()->composer()->edit()->setPlainText(QStringLiteral("Not sent yet"));
            QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(dir.filePath(QStringLiteral("draft.json"))),
                                     2000);
        }
        Application application({Places::under(dir.path()), {}, StartupTrace(false)});
        application.start();
        QCOMPARE(application.window().chat()->composer()->draft().text,
                 QStringLiteral("Not sent yet"));
    }

    void filesAtTheStartAreAttached()
    {
        QTemporaryDir dir;
        const QString missing = dir.filePath(QStringLiteral("gone.png"));
        Application application({Places::under(dir.path()),
                                 {},
                                 StartupTrace(false),
                                 {sample("objects.png"), sample("chart.png"), missing}});
        application.start();
        const Composer& composer = *application.window().chat()->composer();
        QTRY_COMPARE_WITH_TIMEOUT(composer.draft().media.size(), 2, 30'000);
        QCOMPARE(composer.draft().media.first().path, sample("objects.png"));
        // What cannot be read stands there too, and says so.
        QTRY_VERIFY_WITH_TIMEOUT(composer.entries().last().state == ComposerEntry::State::Broken,
                                 30'000);
        QCOMPARE(composer.entries().size(), 3);
    }

    void badModelFolderAtTheStartGivesThePocketModel()
    {
        QTemporaryDir dir;
        Application application({Places::under(dir.path()),
                                 dir.filePath(QStringLiteral("no-model")), StartupTrace(false)});
        QSignalSpy ready(&application, &Application::modelReady);
        application.start();
        QTRY_COMPARE_WITH_TIMEOUT(ready.count(), 1, 60'000);
        QCOMPARE(application.window().status()->modelText(), QStringLiteral("Pocket model ready"));
        QVERIFY(application.window().status()->phaseText().contains(QStringLiteral("no-model")));
    }

    void modelMenu()
    {
        Bench bench;
        bench.settings.set(settings::recentModels,
                           {bench.dir.path(), QStringLiteral("/gone/Other-7B")});
        bench.window.chooser()->showMenu();
        QMenu* menu = bench.window.chooser()->menu();
        QVERIFY(menu->isVisible());
        QSignalSpy chosen(&bench.window, &MainWindow::modelChosen);
        int disabled = 0;
        for (QAction* action : menu->actions()) {
            disabled += !action->isSeparator() && !action->isEnabled();
            if (action->text() == QFileInfo(bench.dir.path()).fileName())
                action->trigger();
        }
        QVERIFY(disabled >= 2); // the folder that is gone, and the lines about model and device
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.first().first().toString(), bench.dir.path());
        menu->hide();
    }

    void everythingHasAName()
    {
        Bench bench;
        bench.composer().attach(sample("objects.png"));
        bench.composer().attach(sample("grow.mp4"));
        QVERIFY(QTest::qWaitFor([&] { return !bench.composer().isReading(); }, 20'000));
        bench.settings.set(settings::thinking, true);
        bench.settings.set(settings::sampling, true);
        int visited = 0;
        for (QWidget* widget : bench.window.findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisibleTo(&bench.window) ||
                widget->objectName() == QLatin1String("qt_spinbox_lineedit"))
                continue;
            QAccessibleInterface* access = QAccessible::queryAccessibleInterface(widget);
            const QString name = access ? access->text(QAccessible::Name) : QString();
            QVERIFY2(!name.isEmpty(), qPrintable(QLatin1String(widget->metaObject()->className()) +
                                                 QLatin1Char(' ') + widget->objectName()));
            ++visited;
        }
        QVERIFY(visited > 15);
    }

    void tabReachesEverything()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        QSet<QWidget*> reached;
        bench.composer().focusText();
        for (int i = 0; i < 120; ++i) {
            if (QWidget* now = QApplication::focusWidget())
                reached.insert(now);
            QTest::keyClick(QApplication::focusWidget() ? QApplication::focusWidget()
                                                        : &bench.window,
                            Qt::Key_Tab);
        }
        for (Button* button : bench.window.findChildren<Button*>()) {
            if (button->isVisibleTo(&bench.window) && button->isEnabled())
                QVERIFY2(reached.contains(button),
                         qPrintable(button->accessibleName() + button->text()));
        }
        QVERIFY(reached.contains(bench.composer().edit()));
    }

    void everyIconButtonSaysWhatItDoes()
    {
        Bench bench;
        for (Button* button : bench.window.findChildren<Button*>()) {
            if (button->text().isEmpty())
                QVERIFY2(!button->toolTip().isEmpty(), qPrintable(button->accessibleName()));
        }
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestMainWindow test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_mainwindow.moc"
