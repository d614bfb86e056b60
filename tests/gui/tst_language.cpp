#include <QApplication>
#include <QDialog>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPointer>
#include <QSignalSpy>
#include <QTest>

#include "gui/chat/composeredit.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/emptystate.h"
#include "gui/chat/filmstrip.h"
#include "gui/chat/picturecanvas.h"
#include "gui/chat/pictureviewer.h"
#include "gui/chat/samplecard.h"
#include "gui/chat/seenpicture.h"
#include "gui/chat/transcriptactions.h"
#include "gui/chat/transcriptview.h"
#include "gui/film/filmpreview.h"
#include "gui/history/undoline.h"
#include "gui/settings/generalpage.h"
#include "gui/settings/presetrow.h"
#include "gui/settings/samplingpanel.h"
#include "gui/settings/settingsdialog.h"
#include "gui/shortcutlist.h"
#include "gui/statusline.h"
#include "gui/widgets/button.h"
#include "gui/widgets/combobox.h"
#include "gui/windowkeeper.h"
#include "tests/support/windowbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

const QString english = QStringLiteral("en");
const QString chinese = QStringLiteral("zh_CN");

/// A kept window.
struct Bench : WindowWorld {
    std::unique_ptr<WindowKeeper> keeper;

    Bench()
    {
        settings.set(settings::language, english);
        keeper = std::make_unique<WindowKeeper>(parts());
        window().resize(1280, 800);
        window().showModel(anyModel());
        window().show();
    }
    MainWindow& window() const { return keeper->window(); }
    ChatWidget& chat() const { return *window().chat(); }
    Composer& composer() const { return *window().chat()->composer(); }
    bool change(const QString& code)
    {
        QSignalSpy replaced(keeper.get(), &WindowKeeper::replaced);
        settings.set(settings::language, code);
        return QTest::qWaitFor([&] { return replaced.count() == 1; }, 5000);
    }
    QString headline() const { return composer().edit()->accessibleName(); }
};

} // namespace

class TestLanguage final : public QObject {
    Q_OBJECT
private slots:
    void eachHasItsNameAndItsFile()
    {
        const QList<Language::Offer> offers = Language::offered();
        QCOMPARE(offers.size(), 2);
        for (const Language::Offer& offer : offers) {
            const Language language(offer.code);
            QCOMPARE(language.code(), offer.code);
            QVERIFY(!offer.name.isEmpty());
        }
        const Language unknown(QStringLiteral("tlh"));
        QCOMPARE(unknown.code(), english);
    }

    void backToTheSystems()
    {
        const QLocale before = QLocale::system();
        {
            const Language language(chinese);
            QCOMPARE(QLocale().language(), QLocale::Chinese);
        }
        const Language language{QString()};
        QCOMPARE(QLocale(), before);
    }

    void theWholeWindowChanges()
    {
        Bench bench;
        QCOMPARE(bench.headline(), QStringLiteral("Question"));
        QVERIFY(bench.change(chinese));
        QCOMPARE(bench.headline(), QStringLiteral("问题"));
        QVERIFY(bench.window().isVisible());
        QCOMPARE(QApplication::topLevelWidgets().count(&bench.window()), 1);
        int windows = 0;
        for (QWidget* widget : QApplication::topLevelWidgets())
            windows += qobject_cast<MainWindow*>(widget) != nullptr;
        QCOMPARE(windows, 1); // the old one is gone
        QVERIFY(bench.window().status()->modelText().contains(QStringLiteral("Any-1B")));
        QVERIFY(bench.change(english));
        QCOMPARE(bench.headline(), QStringLiteral("Question"));
    }

    void samplesSpeakIt()
    {
        Bench bench;
        const auto questions = [&] {
            QStringList all;
            for (const SampleCard* card : bench.chat().emptyState()->cards())
                all.append(card->sample().questions.first());
            return all;
        };
        const auto ofTheFile = [](const QString& language) {
            QStringList all;
            for (const Sample& sample : chosenSamples(*pocketSamples(language), 3, 1))
                all.append(sample.questions.first());
            return all;
        };
        QCOMPARE(questions().size(), 4);
        QCOMPARE(questions(), ofTheFile(QStringLiteral("en")));
        QVERIFY(bench.change(chinese));
        QCOMPARE(questions(), ofTheFile(QStringLiteral("zh_CN")));
        QVERIFY2(questions().join(QString()).contains(QStringLiteral("？")) &&
                     !questions().join(QString()).contains(QLatin1Char('?')),
                 qPrintable(questions().join(QLatin1Char('|'))));
    }

    void anAnswerGoesOnThroughIt()
    {
        Bench bench;
        bench.composer().edit()->setPlainText(QStringLiteral("What is it?"));
        bench.chat().send();
        const quint64 turn = bench.source.lastTurn();
        bench.source.think(turn, QStringLiteral("It has a hole."), 5);
        bench.source.write(turn, QStringLiteral("One "), 6);
        QVERIFY(bench.change(chinese));
        QVERIFY(bench.composer().isBusy());
        bench.source.write(turn, QStringLiteral("**two** "), 7);
        QVERIFY(bench.change(english));
        bench.source.write(turn, QStringLiteral("three"), 8);
        QCOMPARE(bench.source.cancels, 0);
        QTRY_VERIFY_WITH_TIMEOUT(
            pageText(*bench.chat().transcript()).contains(QStringLiteral("One two three")), 30'000);
        bench.source.write(turn, QStringLiteral(" four."), 9);
        ChatResult result;
        result.thinking = "It has a hole.";
        result.text = "One **two** three four.";
        bench.source.finish(turn, result);
        QVERIFY(!bench.composer().isBusy());
        QCOMPARE(bench.book.current().find(turn)->answer.text,
                 QStringLiteral("One **two** three four."));
        QTRY_VERIFY_WITH_TIMEOUT(
            pageText(*bench.chat().transcript()).contains(QStringLiteral("One two three four.")),
            30'000);
        QCOMPARE(pageText(*bench.chat().transcript()).count(QStringLiteral("What is it?")), 1);
    }

    void nothingThatIsBeingWrittenIsLost()
    {
        Bench bench;
        bench.composer().edit()->setPlainText(QStringLiteral("What grows here?"));
        bench.composer().attach(sample("grow.mp4"));
        bench.composer().attach(sample("samples.json")); // cannot be read
        bench.composer().attach(sample("objects.png"));  // cannot go with a film to every model
        QVERIFY(QTest::qWaitFor([&] { return !bench.composer().isReading(); }, 30'000));
        bench.composer().strip()->setFilm(bench.composer().strip()->film());
        QTextCursor cursor = bench.composer().edit()->textCursor();
        cursor.setPosition(5);
        cursor.setPosition(10, QTextCursor::KeepAnchor);
        bench.composer().edit()->setTextCursor(cursor);
        const QList<ComposerEntry> before = bench.composer().entries();
        for (const QString& code : {chinese, english}) {
            QVERIFY(bench.change(code));
            QCOMPARE(bench.composer().edit()->toPlainText(), QStringLiteral("What grows here?"));
            QCOMPARE(bench.composer().edit()->textCursor().selectedText(), QStringLiteral("grows"));
            const QList<ComposerEntry>& after = bench.composer().entries();
            QCOMPARE(after.size(), before.size());
            for (qsizetype i = 0; i < after.size(); ++i) {
                QCOMPARE(after[i].state, before[i].state);
                QCOMPARE(after[i].file.path, before[i].file.path);
                QCOMPARE(after[i].file.frames, before[i].file.frames);
                QCOMPARE(after[i].file.thumbnail.size(), before[i].file.thumbnail.size());
                QCOMPARE(after[i].problem.isEmpty(), before[i].problem.isEmpty());
                QCOMPARE(after[i].problem == before[i].problem,
                         code == english || before[i].problem.isEmpty());
            }
            QVERIFY(bench.composer().strip()->isVisible());
        }
    }

    /// Files that are being read arrive in the new window, and are sent by it once.
    void whatWaitsIsSentOnce()
    {
        Bench bench;
        bench.composer().attach(sample("objects.png"));
        bench.composer().edit()->setPlainText(QStringLiteral("What is it?"));
        bench.chat().send();
        QVERIFY(bench.chat().isWaitingToSend());
        bench.settings.set(settings::language, chinese);
        QTRY_COMPARE_WITH_TIMEOUT(bench.source.turns.size(), 1, 30'000);
        QTRY_COMPARE(bench.headline(), QStringLiteral("问题"));
        QTest::qWait(300);
        QCOMPARE(bench.source.turns.size(), 1);
        QCOMPARE(bench.source.requests.front().messages.back().content.size(), size_t(2));
        QVERIFY(bench.composer().isEmpty());
    }

    /// What another model cannot take of the chat stands there still, and goes when it is mended.
    void aWarningOfASwitch()
    {
        Bench bench;
        LoadedModel blind = anyModel();
        blind.folder = QStringLiteral("/models/Blind-1B");
        blind.info.seesPictures = blind.info.seesFilms = false;
        bench.composer().attach(sample("objects.png"));
        QVERIFY(QTest::qWaitFor([&] { return !bench.composer().isReading(); }, 30'000));
        bench.window().showModel(blind);
        const QString said = bench.composer().note();
        QVERIFY(said.contains(QStringLiteral("cannot take what is attached")));
        QVERIFY(bench.change(chinese));
        QVERIFY(bench.composer().note().contains(blind.name()));
        QVERIFY(bench.composer().note() != said);
        QVERIFY(bench.change(english));
        QCOMPARE(bench.composer().note(), said);
        bench.window().showModel(anyModel());
        QCOMPARE(bench.composer().note(), QString());
        // Read and put away by the user, it does not come back.
        bench.window().showModel(blind);
        QCOMPARE(bench.composer().note(), said);
        bench.composer().showNote({});
        QVERIFY(bench.change(chinese));
        QCOMPARE(bench.composer().note(), QString());
        // Of what was asked before; and a model that was chosen in another language is another one.
        bench.window().showModel(anyModel());
        bench.composer().edit()->setPlainText(QStringLiteral("What is it?"));
        bench.chat().send();
        bench.source.finish(bench.source.lastTurn(), QStringLiteral("A."));
        QVERIFY(bench.change(english));
        bench.window().showModel(blind);
        QVERIFY(bench.composer().note().contains(QStringLiteral("This chat has pictures")));
        QVERIFY(bench.change(chinese));
        QVERIFY(!bench.composer().note().isEmpty());
        // Another chat has nothing to be warned of.
        bench.parts().book.startNew();
        QCOMPARE(bench.composer().note(), QString());
        QVERIFY(bench.change(english));
        QCOMPARE(bench.composer().note(), QString());
    }

    void anEarlierQuestionBeingChanged()
    {
        Bench bench;
        bench.composer().edit()->setPlainText(QStringLiteral("First"));
        bench.chat().send();
        bench.source.finish(bench.source.lastTurn(), QStringLiteral("A."));
        bench.composer().edit()->setPlainText(QStringLiteral("Not sent"));
        emit bench.chat().transcript()->editRequested(bench.source.lastTurn(), {});
        QCOMPARE(bench.composer().draft().text, QStringLiteral("First"));
        QVERIFY(bench.change(chinese));
        QCOMPARE(bench.composer().draft().text, QStringLiteral("First"));
        QVERIFY(!bench.composer().note().isEmpty());
        QVERIFY(bench.chat().stop()); // Esc takes it back
        QCOMPARE(bench.composer().draft().text, QStringLiteral("Not sent"));
    }

    void aPresetNameBeingTyped()
    {
        Bench bench;
        PresetStore& store = PresetStore::of(bench.settings);
        QCOMPARE(store.put(QStringLiteral("Brief"), AnswerOptions::builtIn()), QString());
        const auto row = [&]() -> PresetRow& { return *bench.window().panel()->presets(); };
        QVERIFY(bench.change(chinese));
        QVERIFY(!row().nameField()->isVisible()); // nobody asked
        QVERIFY(bench.change(english));
        emit row().menu()->aboutToShow();
        for (QAction* action : row().menu()->actions()) {
            if (action->text() == QStringLiteral("Save as a preset…"))
                action->trigger();
        }
        QTest::keyClicks(row().nameField(), QStringLiteral("Half a na"));
        row().nameField()->setCursorPosition(4);
        for (const QString& code : {chinese, english}) {
            QVERIFY(bench.change(code));
            QVERIFY(row().nameField()->isVisible());
            QCOMPARE(row().nameField()->text(), QStringLiteral("Half a na"));
            QCOMPARE(row().nameField()->cursorPosition(), 4);
            QCOMPARE(bench.window().focusWidget(), row().nameField());
            QCOMPARE(row().note(), QString());
        }
        // One that is there: the question whether to overwrite it is asked in the new language.
        row().nameField()->setText(QStringLiteral("Brief"));
        QTest::keyClick(row().nameField(), Qt::Key_Return);
        const QString asked = row().note();
        QVERIFY(asked.contains(QStringLiteral("Brief")));
        bench.composer().focusText();
        QVERIFY(bench.change(chinese));
        QCOMPARE(bench.window().focusWidget(), bench.composer().edit());
        QVERIFY(row().note().contains(QStringLiteral("Brief")));
        QVERIFY(row().note() != asked);
        QCOMPARE(store.presets().size(), 1);
        AnswerOptions other = AnswerOptions::builtIn();
        other.longestAnswer += 100;
        bench.chat().options().set(other);
        row().accept()->click();
        QCOMPARE(store.presets().size(), 1);
        QCOMPARE(store.presets().first().options.longestAnswer, other.longestAnswer);
        QVERIFY(!row().nameField()->isVisible());
    }

    void aDeletedPresetCanStillBeHadBack()
    {
        Bench bench;
        PresetStore& store = PresetStore::of(bench.settings);
        AnswerOptions brief = AnswerOptions::builtIn();
        brief.longestAnswer += 100;
        QCOMPARE(store.put(QStringLiteral("Brief"), brief), QString());
        const auto row = [&]() -> PresetRow& { return *bench.window().panel()->presets(); };
        bench.chat().options().set(brief);
        emit row().menu()->aboutToShow();
        for (QAction* action : row().menu()->actions()) {
            if (action->text() == QStringLiteral("Delete"))
                action->trigger();
        }
        QVERIFY(store.presets().isEmpty());
        const QString said = row().note();
        QVERIFY(said.contains(QStringLiteral("Brief")));
        QVERIFY(bench.change(chinese));
        QVERIFY(row().note().contains(QStringLiteral("Brief")));
        QVERIFY(row().note() != said);
        row().undo()->click();
        QCOMPARE(store.presets().size(), 1);
        QCOMPARE(store.presets().first().options.longestAnswer, brief.longestAnswer);
        QCOMPARE(row().note(), QString());
    }

    /// Pictures and films that are looked at, beside the window.
    void whatIsOpenStaysOpen()
    {
        Bench bench;
        bench.composer().attach(sample("objects.png"));
        QVERIFY(QTest::qWaitFor([&] { return !bench.composer().isReading(); }, 30'000));
        bench.composer().edit()->setPlainText(QStringLiteral("What is it?"));
        bench.chat().send();
        bench.source.finish(bench.source.lastTurn(), QStringLiteral("A cross."));
        emit bench.chat().transcript()->pictureActivated(bench.source.lastTurn(), 0);
        QPointer<PictureViewer> viewer = bench.chat().actions()->viewer();
        QVERIFY(viewer);
        QSignalSpy loaded(viewer, &PictureViewer::loaded);
        QVERIFY(loaded.wait(30'000));
        viewer->canvas()->zoomBy(3);
        viewer->setGeometry(70, 60, 500, 400);
        const double scale = viewer->canvas()->scale();
        bench.book.startNew();
        bench.composer().attach(sample("grow.mp4"));
        QVERIFY(QTest::qWaitFor([&] { return !bench.composer().isReading(); }, 30'000));
        emit bench.composer().previewRequested(bench.composer().strip()->film(), 1);
        QPointer<FilmPreview> preview = bench.chat().preview();
        QVERIFY(preview);
        preview->goTo(2.5);
        const qint64 index = preview->index();
        bench.window().listShortcuts();

        QVERIFY(bench.change(chinese));
        QVERIFY(viewer && viewer->isVisible() && preview && preview->isVisible());
        QCOMPARE(viewer->parentWidget(), &bench.window());
        QCOMPARE(viewer->geometry(), QRect(70, 60, 500, 400));
        QCOMPARE(viewer->canvas()->scale(), scale);
        QTRY_VERIFY(viewer->windowTitle() != QStringLiteral("Picture"));
        QVERIFY(bench.chat().actions()->viewer() == viewer);
        QVERIFY(bench.chat().preview() == preview);
        QCOMPARE(preview->parentWidget(), &bench.window());
        QCOMPARE(preview->index(), index);
        QTRY_VERIFY(preview->view()->accessibleName() != QStringLiteral("Frame of the film"));
        QVERIFY(bench.window().shortcutList() && bench.window().shortcutList()->isVisible());
        // What is done in it is done in the new window, and once.
        FilmStrip* strip = bench.composer().strip();
        QTRY_COMPARE(strip->film().path, preview->path());
        const qint64 frames = strip->frameSet().size();
        emit preview->frameAdded(2.9);
        QCOMPARE(strip->frameSet().size(), frames + 1);
        preview->close();
        viewer->close();
        QTRY_VERIFY(!bench.chat().preview() && !bench.chat().actions()->viewer());
    }

    void whatTheModelSeesStaysOpen()
    {
        Bench bench;
        MediaFile file;
        file.path = sample("objects.png");
        VisualCost cost;
        cost.fed = {64, 64};
        QPointer<SeenPicture> seen = new SeenPicture(bench.loader, file, cost, 0, &bench.window());
        seen->show();
        const QString title = seen->windowTitle();
        QVERIFY(bench.change(chinese));
        QVERIFY(seen && seen->isVisible());
        QCOMPARE(seen->parentWidget(), &bench.window());
        QTRY_VERIFY(seen->windowTitle() != title);
        QTRY_VERIFY_WITH_TIMEOUT(!seen->picture().isNull(), 30'000);
    }

    void theWindowStaysWhereAndAsItIs()
    {
        Bench bench;
        bench.window().setGeometry(60, 40, 1100, 720);
        bench.window().setPanelOpen(false);
        bench.window().conversations()->searchField()->setText(QStringLiteral("bars"));
        QVERIFY(bench.change(chinese));
        QCOMPARE(bench.window().geometry(), QRect(60, 40, 1100, 720));
        QVERIFY(bench.window().isSideOpen());
        QVERIFY(!bench.window().isPanelOpen());
        QCOMPARE(bench.window().conversations()->searchField()->text(), QStringLiteral("bars"));
        bench.window().resize(660, 700); // where the list is only open because it was asked for
        bench.window().setSideOpen(true);
        QVERIFY(bench.change(english));
        QVERIFY(bench.window().isSideOpen());
    }

    void aDeletedChatCanStillComeBack()
    {
        Bench bench;
        bench.composer().edit()->setPlainText(QStringLiteral("Keep me?"));
        bench.chat().send();
        bench.source.finish(bench.source.lastTurn(), QStringLiteral("Yes."));
        emit bench.window().conversations()->removeRequested(bench.book.current().id());
        QVERIFY(bench.window().undoLine()->isOffering());
        QVERIFY(bench.change(chinese));
        QVERIFY(bench.window().undoLine()->isOffering());
        QVERIFY(bench.window().undoLine()->sentence().contains(QStringLiteral("Keep me?")));
        bench.window().undoLine()->undo();
        QCOMPARE(bench.book.current().title(), QStringLiteral("Keep me?"));
        // Two in a row: the second one can come back, too.
        bench.book.startNew();
        bench.composer().edit()->setPlainText(QStringLiteral("Me too?"));
        bench.chat().send();
        bench.source.finish(bench.source.lastTurn(), QStringLiteral("Yes."));
        emit bench.window().conversations()->removeRequested(bench.book.at(1).id());
        emit bench.window().conversations()->removeRequested(bench.book.current().id());
        QVERIFY(bench.window().undoLine()->sentence().contains(QStringLiteral("Me too?")));
        bench.window().undoLine()->undo();
        QCOMPARE(bench.book.current().title(), QStringLiteral("Me too?"));
    }

    void aFailureIsSaidAgain()
    {
        Bench bench;
        bench.window().showLoading(QStringLiteral("/models/broken"));
        bench.window().showLoadFailure(QStringLiteral("/models/broken"),
                                       Failure(Error::Code::BadModel, {}), true);
        const QString before = bench.window().status()->phaseText();
        QVERIFY(bench.change(chinese));
        const QString after = bench.window().status()->phaseText();
        QVERIFY(after.contains(QStringLiteral("broken")));
        QVERIFY(after != before);
        QVERIFY(bench.window().status()->modelText().contains(QStringLiteral("Any-1B")));
    }

    void whileAModelIsLoaded()
    {
        Bench bench;
        bench.window().showLoading(QStringLiteral("/models/next"));
        QVERIFY(bench.change(chinese));
        QSignalSpy stop(bench.keeper.get(), &WindowKeeper::stopLoadingRequested);
        bench.window().activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&bench.window()));
        QTest::keyClick(&bench.window(), Qt::Key_Escape);
        QCOMPARE(stop.count(), 1);
        bench.window().showLoadStopped(true);
        QVERIFY(bench.window().status()->modelText().contains(QStringLiteral("Any-1B")));
    }

    /// From the place where it is chosen; the dialog is there again, on the same page.
    void fromTheSettings()
    {
        Bench bench;
        bench.window().openSettings(QStringLiteral("general"));
        auto* page = qobject_cast<GeneralPage*>(
            bench.window().settingsDialog()->pageWidget(QStringLiteral("general")));
        QVERIFY(page);
        QCOMPARE(page->language()->currentData().toString(), english);
        QSignalSpy replaced(bench.keeper.get(), &WindowKeeper::replaced);
        QSignalSpy closed(qApp, &QGuiApplication::lastWindowClosed);
        page->language()->setFocus();
        QTest::keyClick(page->language(), Qt::Key_End);
        QTRY_COMPARE(replaced.count(), 1);
        QVERIFY(bench.window().settingsDialog());
        QCOMPARE(bench.window().settingsDialog()->page(), QStringLiteral("general"));
        QVERIFY(bench.window().settingsDialog()->isVisible());
        QCOMPARE(bench.window().settingsDialog()->windowTitle(),
                 QCoreApplication::translate("argali::gui::SettingsDialog", "Settings"));
        QTest::qWait(50);
        QCOMPARE(closed.count(), 0); // it would end the program
    }

    /// A file dialog, a menu or a question is not torn away.
    void waitsForWhatIsOpen()
    {
        Bench bench;
        QDialog question(&bench.window());
        question.open();
        QSignalSpy replaced(bench.keeper.get(), &WindowKeeper::replaced);
        bench.settings.set(settings::language, chinese);
        QTest::qWait(500);
        QCOMPARE(replaced.count(), 0);
        question.reject();
        question.setParent(nullptr);
        QTRY_COMPARE(replaced.count(), 1);
    }

    void aChangeTakenBackAtOnceChangesNothing()
    {
        Bench bench;
        QSignalSpy replaced(bench.keeper.get(), &WindowKeeper::replaced);
        bench.settings.set(settings::language, chinese);
        bench.settings.set(settings::language, english);
        QTest::qWait(100);
        QCOMPARE(replaced.count(), 0);
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestLanguage test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_language.moc"
