// Each key that is listed does what the list says, in the real window.
#include <functional>
#include <map>
#include <memory>

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QInputMethodEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPointer>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>
#include <QTextBrowser>
#include <QTranslator>
#include <QTreeWidget>
#include <QTreeWidgetItemIterator>

#include "gui/chat/attachmenttile.h"
#include "gui/chat/composeredit.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/filmstrip.h"
#include "gui/chat/findbar.h"
#include "gui/chat/picturecanvas.h"
#include "gui/chat/pictureviewer.h"
#include "gui/chat/plaintranscript.h"
#include "gui/chat/seenpicture.h"
#include "gui/chat/transcriptactions.h"
#include "gui/chat/transcriptpage.h"
#include "gui/chat/transcriptview.h"
#include "gui/film/filmframes.h"
#include "gui/film/filmpreview.h"
#include "gui/history/undoline.h"
#include "gui/shortcutlist.h"
#include "gui/shortcuts.h"
#include "gui/statusline.h"
#include "gui/widgets/button.h"
#include "tests/support/windowbench.h"

using namespace argali;
using namespace argali::gui;

namespace {

struct Bench : WindowBench {
    Bench() { composer().focusText(); }
    ConversationList& list() { return *window.conversations(); }
    ComposerEdit& edit() { return *composer().edit(); }
    FilmFrames* film()
    {
        attach("grow.mp4");
        FilmFrames* view = composer().strip()->view();
        view->setFocus();
        view->setCurrent(3);
        return view;
    }
    FilmPreview* preview()
    {
        attach("grow.mp4");
        emit composer().previewRequested(composer().strip()->film(), 1);
        (void)QTest::qWaitForWindowActive(chat().preview());
        return chat().preview();
    }
    PictureViewer* viewer()
    {
        attach("objects.png");
        attach("pair.png");
        attach("text.png");
        ask(QStringLiteral("What is it?"));
        emit chat().transcript()->pictureActivated(source.lastTurn(), 1);
        PictureViewer* viewer = chat().actions()->viewer();
        QSignalSpy loaded(viewer, &PictureViewer::loaded);
        loaded.wait(patience);
        (void)QTest::qWaitForWindowActive(viewer);
        return viewer;
    }
};

/// A language in which keys have other names.
class OtherKeys final : public QTranslator {
public:
    bool isEmpty() const override { return false; }
    QString translate(const char* context, const char* source, const char*, int) const override
    {
        return qstrcmp(context, "QShortcut") == 0
                   ? QStringLiteral("<%1>").arg(QLatin1String(source))
                   : QString();
    }
};

/// Where a key is pressed, and whether it has done what its row says.
struct Effect {
    QWidget* target = nullptr;
    std::function<bool()> happened;
};
using Prepare = std::function<Effect(Bench&)>;

Effect onFilm(Bench& bench, std::function<bool(qint64 frame, int place, int count)> right)
{
    FilmFrames* view = bench.film();
    FilmStrip* strip = bench.composer().strip();
    const qint64 before = strip->frameSet().indices().at(3);
    const qint64 total = strip->frameSet().size();
    return {view, [=] {
                const KeyFrameSet& set = strip->frameSet();
                return right(set.indices().at(view->current()) - before, view->current(),
                             int(set.size() - total));
            }};
}

Effect onPreview(Bench& bench, std::function<bool(qint64 moved)> right)
{
    FilmPreview* preview = bench.preview();
    const double before = preview->seconds();
    const double each = bench.composer().strip()->frameSet().timeOf(1) -
                        bench.composer().strip()->frameSet().timeOf(0);
    return {preview, [=] { return right(qRound((preview->seconds() - before) / each)); }};
}

Effect onCanvas(Bench& bench, std::function<bool(double zoom, QPointF moved)> right,
                bool enlarged = false)
{
    PictureViewer* viewer = bench.viewer();
    PictureCanvas* canvas = viewer->canvas();
    if (enlarged)
        canvas->zoomBy(8);
    const QRectF before = canvas->pictureRect();
    return {viewer, [=] {
                const QRectF now = canvas->pictureRect();
                return right(now.width() / before.width(), now.center() - before.center());
            }};
}

/// For every row of the table what shows that its keys work.
std::map<Shortcut, Prepare> effects();

} // namespace

class TestShortcuts final : public QObject {
    Q_OBJECT
private slots:
    void noTwoCollide()
    {
        for (const bool sendWithEnter : {true, false}) {
            QMap<QPair<int, QString>, QString> owners;
            QSet<int> listed;
            for (const Shortcuts::Group& group : Shortcuts::table(sendWithEnter)) {
                for (const Shortcuts::Row& row : group.rows) {
                    QVERIFY(!row.keys.isEmpty());
                    QVERIFY2(!listed.contains(int(row.id)), qPrintable(row.words));
                    listed.insert(int(row.id));
                    for (const QKeySequence& key : row.keys) {
                        QString& owner = owners[{int(row.context), key.toString()}];
                        QVERIFY2(owner.isEmpty(),
                                 qPrintable(owner + QStringLiteral(" and ") + row.words));
                        owner = row.words;
                    }
                }
            }
            QCOMPARE(listed.size(), int(Shortcut::Quit) + 1);
        }
    }

    /// The window has no key that is not in the table.
    void everyActionIsInTheTable()
    {
        Bench bench;
        QSet<QString> known;
        for (const Shortcuts::Group& group : Shortcuts::table()) {
            for (const Shortcuts::Row& row : group.rows) {
                for (const QKeySequence& key : row.keys)
                    known.insert(key.toString());
            }
        }
        int keys = 0;
        for (const QAction* action : bench.window.actions()) {
            for (const QKeySequence& key : action->shortcuts()) {
                QVERIFY2(known.contains(key.toString()), qPrintable(key.toString()));
                ++keys;
            }
        }
        QVERIFY(keys > 15);
    }

    void worksAsListed_data()
    {
        QTest::addColumn<int>("id");
        QTest::addColumn<QKeySequence>("key");
        Bench bench;
        for (const Shortcuts::Group& group : Shortcuts::table()) {
            for (const Shortcuts::Row& row : group.rows) {
                if (!Shortcuts::works(bench.window, row))
                    continue;
                for (const QKeySequence& key : row.keys)
                    QTest::addRow("%s: %s",
                                  qPrintable(group.heading + QLatin1Char('/') + row.words),
                                  qPrintable(key.toString()))
                        << int(row.id) << key;
            }
        }
    }
    void worksAsListed()
    {
        QFETCH(int, id);
        QFETCH(QKeySequence, key);
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        const std::map<Shortcut, Prepare> all = effects();
        const auto found = all.find(Shortcut(id));
        QVERIFY2(found != all.end(), "a key is listed that nobody has tried");
        const Effect effect = found->second(bench);
        QVERIFY(effect.target);
        QVERIFY2(!effect.happened(), "it happens without the key");
        QTest::keyClick(effect.target, key[0].key(), key[0].keyboardModifiers());
        QTRY_VERIFY_WITH_TIMEOUT(effect.happened(), 5000);
    }

    /// Keys of the window, pressed where a question is written.
    void worksInATextField()
    {
        for (const auto& [id, prepare] : effects()) {
            const Shortcut wanted = id;
            if (wanted == Shortcut::Paste || wanted == Shortcut::UndoDelete)
                continue; // a text field has its own
            for (const Shortcuts::Group& group : Shortcuts::table()) {
                for (const Shortcuts::Row& row : group.rows) {
                    if (row.id != wanted || row.context != ShortcutContext::Window)
                        continue;
                    Bench bench;
                    QVERIFY(QTest::qWaitForWindowActive(&bench.window));
                    const Effect effect = prepare(bench);
                    bench.composer().focusText();
                    bench.edit().insertPlainText(QStringLiteral("text"));
                    const QKeyCombination key = row.keys.first()[0];
                    QTest::keyClick(&bench.edit(), key.key(), key.keyboardModifiers());
                    QVERIFY2(QTest::qWaitFor(effect.happened, 5000), qPrintable(row.words));
                }
            }
        }
    }

    void aTextFieldHasItsOwn()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        bench.ask(QStringLiteral("One"));
        QTest::keyClick(&bench.edit(), Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(bench.window.undoLine()->isOffering());
        QTest::keyClicks(&bench.edit(), QStringLiteral("abc"));
        QTest::keyClick(&bench.edit(), Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(bench.window.undoLine()->isOffering()); // the text was meant
        QVERIFY(bench.edit().toPlainText() != QStringLiteral("abc"));
        while (bench.edit().document()->isUndoAvailable())
            QTest::keyClick(&bench.edit(), Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(bench.window.undoLine()->isOffering());
        QTest::keyClick(&bench.edit(), Qt::Key_Z,
                        Qt::ControlModifier); // nothing of its own is left
        QVERIFY(!bench.window.undoLine()->isOffering());
        QCOMPARE(bench.book.current().title(), QStringLiteral("One"));
        // A title that is being written.
        QTest::keyClick(&bench.window, Qt::Key_F2);
        auto* title = bench.list().list()->findChild<QLineEdit*>();
        QVERIFY(title);
        QTest::keyClicks(title, QStringLiteral("Other"));
        QTest::keyClick(title, Qt::Key_Left, Qt::ShiftModifier);
        QTest::keyClick(title, Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(bench.list().list()->findChild<QLineEdit*>());
        QVERIFY(title->text() != QStringLiteral("Other"));
        QTest::keyClick(title, Qt::Key_Escape);
    }

    /// While it has the focus; elsewhere Esc stops the answer.
    void escClosesALine()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        bench.ask(QStringLiteral("One"));
        QTest::keyClick(&bench.edit(), Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
        UndoLine& line = *bench.window.undoLine();
        const QList<Button*> buttons = line.findChildren<Button*>();
        for (Button* button : buttons) {
            QVERIFY(line.isOffering());
            button->setFocus();
            QTest::keyClick(button, Qt::Key_Escape);
            QVERIFY2(!line.isOffering(), qPrintable(button->accessibleName()));
            bench.ask(QStringLiteral("Another"));
            QTest::keyClick(&bench.edit(), Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
        }
        QCOMPARE(buttons.size(), 2);
        QVERIFY(line.isOffering());
        // Tab comes to what can be done before it comes to the end.
        buttons.last()->setFocus();
        QTest::keyClick(buttons.last(), Qt::Key_Tab);
        QCOMPARE(QApplication::focusWidget(), buttons.first());
        QVERIFY(buttons.first()->accessibleName().startsWith(QStringLiteral("Close")));
    }

    void sentencesNameKeysAsTheLanguageDoes()
    {
        OtherKeys language;
        QVERIFY(QCoreApplication::installTranslator(&language));
        const QString esc = QStringLiteral("<Esc> ");
        {
            Bench bench;
            int stops = 0;
            for (const QLabel* label : bench.window.status()->findChildren<QLabel*>())
                stops += label->text().startsWith(esc);
            QCOMPARE(stops, 1);
            bench.ask(QStringLiteral("One"));
            bench.chat().editLast();
            QVERIFY(bench.composer().note().contains(esc));
            bench.chat().stop();
            bench.window.showLoading(QStringLiteral("/models/next"));
            bench.edit().setPlainText(QStringLiteral("Two"));
            bench.chat().send();
            QVERIFY(bench.chat().isWaitingToSend());
            QVERIFY(bench.composer().note().contains(esc));
            bench.chat().stop();
            bench.composer().attach(sample("objects.png"));
            bench.chat().send();
            QVERIFY(bench.composer().isReading());
            QVERIFY(bench.composer().note().contains(esc));
            bench.chat().stop();
            bench.composer().clear();
            bench.window.showModel(anyModel());
            bench.edit().setPlainText(QStringLiteral("Three"));
            bench.chat().send();
            bench.edit().setPlainText(QStringLiteral("Four"));
            bench.chat().send();
            QVERIFY(bench.composer().note().contains(esc));
            bench.source.finish(bench.source.lastTurn(), QStringLiteral("A."));
            const QString tip = bench.film()->tip(0);
            for (const char* key : {"<Left>", "<Right>", "<Shift>", "<Up>", "<Down>", "<Del>"})
                QVERIFY2(tip.contains(QLatin1String(key)), qPrintable(tip));
        }
        QCoreApplication::removeTranslator(&language);
    }

    void enterAndCtrlEnter()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        auto* send = bench.composer().findChild<Button*>(QString(), Qt::FindDirectChildrenOnly);
        for (Button* each : bench.composer().findChildren<Button*>()) {
            if (each->accessibleName() == QLatin1String("Send"))
                send = each;
        }
        QVERIFY(send->toolTip().contains(QStringLiteral("(Enter)")));
        bench.settings.set(settings::sendWithEnter, false);
        QVERIFY(send->toolTip().contains(Shortcuts::text(Shortcut::Send, false)));
        QVERIFY(Shortcuts::text(Shortcut::Send, false).startsWith(QStringLiteral("Ctrl")));
        QTest::keyClicks(&bench.edit(), QStringLiteral("a"));
        QTest::keyClick(&bench.edit(), Qt::Key_Return);
        QTest::keyClick(&bench.edit(), Qt::Key_Enter, Qt::KeypadModifier);
        QTest::keyClick(&bench.edit(), Qt::Key_Return, Qt::ShiftModifier);
        QTest::keyClicks(&bench.edit(), QStringLiteral("b"));
        QCOMPARE(bench.edit().toPlainText(), QStringLiteral("a\n\n\nb"));
        QVERIFY(bench.source.turns.isEmpty());
        QTest::keyClick(&bench.edit(), Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(bench.source.turns.size(), 1);
        bench.source.finish(bench.source.lastTurn(), QStringLiteral("x"));
        // An input method's Enter belongs to it, either way.
        for (const bool sends : {false, true}) {
            bench.settings.set(settings::sendWithEnter, sends);
            QInputMethodEvent begin(QStringLiteral("ni"), {});
            QApplication::sendEvent(&bench.edit(), &begin);
            QTest::keyClick(&bench.edit(), Qt::Key_Return);
            QTest::keyClick(&bench.edit(), Qt::Key_Return, Qt::ControlModifier);
            QVERIFY(bench.edit().toPlainText().isEmpty());
            QCOMPARE(bench.source.turns.size(), 1);
            QInputMethodEvent end(QString(), {});
            QApplication::sendEvent(&bench.edit(), &end);
        }
        QTest::keyClicks(&bench.edit(), QStringLiteral("c"));
        QTest::keyClick(&bench.edit(), Qt::Key_Return);
        QCOMPARE(bench.source.turns.size(), 2);
    }

    void changingAQuestionTwiceLosesNothing()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        bench.ask(QStringLiteral("One"));
        bench.edit().setPlainText(QStringLiteral("not sent"));
        const auto press = [&] {
            QTest::keyClick(&bench.edit(), Qt::Key_E, Qt::ControlModifier | Qt::ShiftModifier);
        };
        press();
        QCOMPARE(bench.edit().toPlainText(), QStringLiteral("One"));
        bench.edit().insertPlainText(QStringLiteral(" more"));
        press();
        QCOMPARE(bench.edit().toPlainText(), QStringLiteral("One more"));
        QTest::keyClick(&bench.edit(), Qt::Key_Escape);
        QCOMPARE(bench.edit().toPlainText(), QStringLiteral("not sent"));
    }

    void zoomIsKeptAndReachesBothTranscripts()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        bench.ask(QStringLiteral("One"));
        TranscriptView* view = bench.chat().transcript();
        QTRY_VERIFY_WITH_TIMEOUT(view->isReady(), 60'000);
        for (int i = 0; i < 20; ++i)
            QTest::keyClick(&bench.window, Qt::Key_Plus, Qt::ControlModifier);
        QCOMPARE(bench.settings.value(settings::zoom), 300);
        QTRY_COMPARE(view->page()->zoomFactor(), 3.0);
        for (int i = 0; i < 30; ++i)
            QTest::keyClick(&bench.window, Qt::Key_Minus, Qt::ControlModifier);
        QCOMPARE(bench.settings.value(settings::zoom), 50);
        QTRY_COMPARE(view->page()->zoomFactor(), 0.5);
        bench.settings.set(settings::zoom, 99); // by hand
        QTest::keyClick(&bench.window, Qt::Key_Plus, Qt::ControlModifier);
        QCOMPARE(bench.settings.value(settings::zoom), 100);
        PageStart plain;
        plain.drawing = PageStart::Drawing::Plain;
        TranscriptView other(nullptr, plain);
        auto* text = other.findChild<PlainTranscript*>();
        QVERIFY(text);
        const double before = text->browser()->font().pointSizeF();
        other.setZoom(200);
        QCOMPARE(text->browser()->font().pointSizeF(), 2 * before);
        // A page that died begins with the zoom, too.
        bench.settings.set(settings::zoom, 150);
        view->page()->triggerAction(QWebEnginePage::Reload);
        QTest::qWait(500);
        QTRY_COMPARE(view->page()->zoomFactor(), 1.5);
    }

    void theListHasWhatWorks()
    {
        Bench bench;
        QVERIFY(QTest::qWaitForWindowActive(&bench.window));
        QTest::keyClick(&bench.window, Qt::Key_Slash, Qt::ControlModifier);
        ShortcutList* list = bench.window.shortcutList();
        QVERIFY(list && list->isVisible());
        QVERIFY(!list->isModal());
        QSet<int> shown;
        const auto rows = [&](bool onlyShown) {
            int count = 0;
            for (QTreeWidgetItemIterator it(list->list()); *it; ++it) {
                if (!(*it)->parent() || (onlyShown && (*it)->isHidden()))
                    continue;
                shown.insert((*it)->data(0, ShortcutList::IdRole).toInt());
                count += !(*it)->text(1).isEmpty();
            }
            return count;
        };
        int wanted = 0;
        for (const Shortcuts::Group& group : Shortcuts::table()) {
            for (const Shortcuts::Row& row : group.rows)
                wanted += Shortcuts::works(bench.window, row);
        }
        QCOMPARE(rows(false), wanted);
        QCOMPARE(shown.size(), wanted);
        // What no part of the window does is not listed, until one does.
        const bool hasSettings = shown.contains(int(Shortcut::OpenSettings));
        bool opens = false;
        for (const QAction* action : bench.window.actions())
            opens = opens || action->shortcuts().contains(QKeySequence(Qt::CTRL | Qt::Key_Comma));
        QCOMPARE(hasSettings, opens);
        QTest::keyClicks(list->searchField(), QStringLiteral("sidebar no such words"));
        QCOMPARE(rows(true), 0);
        list->searchField()->setText(QStringLiteral("ctrl+k"));
        QCOMPARE(rows(true), 1);
        list->searchField()->clear();
        QCOMPARE(rows(true), wanted);
        const QPointer<ShortcutList> open(list);
        list->activateWindow();
        QTRY_COMPARE(QApplication::activeWindow(), list);
        QTest::keyClick(list->searchField(), Qt::Key_Escape);
        QTRY_VERIFY(!open);
        QVERIFY(!bench.window.shortcutList());
    }

    void tooltipsNameTheirKeys()
    {
        Bench bench;
        bench.ask(QStringLiteral("One"));
        bench.chat().openFind();
        bench.attach("objects.png");
        const std::map<QString, Shortcut> named{
            {QStringLiteral("List of chats"), Shortcut::ToggleSide},
            {QStringLiteral("Answer panel"), Shortcut::TogglePanel},
            {QStringLiteral("Attach"), Shortcut::Attach},
            {QStringLiteral("Send"), Shortcut::Send},
            {QStringLiteral("Earlier place"), Shortcut::FindEarlier},
            {QStringLiteral("Next place"), Shortcut::FindNext},
            {QStringLiteral("Close"), Shortcut::FindClose},
            {QStringLiteral("Remove objects.png"), Shortcut::RemovePicture},
            {QStringLiteral("Remove this frame"), Shortcut::RemoveFrame},
        };
        QSet<QString> seen;
        for (const QAbstractButton* button : bench.window.findChildren<QAbstractButton*>()) {
            const auto it = named.find(button->accessibleName());
            if (it == named.end())
                continue;
            seen.insert(it->first);
            QVERIFY2(button->toolTip().contains(Shortcuts::text(it->second)),
                     qPrintable(button->toolTip()));
        }
        QCOMPARE(seen.size(), qsizetype(named.size()));
        QVERIFY(
            bench.list().searchField()->toolTip().contains(Shortcuts::text(Shortcut::SearchChats)));
    }

    /// No key in a tooltip is written by hand beside the table.
    void noTooltipNamesAnotherKey()
    {
        Bench bench;
        bench.film();
        QSet<QString> known;
        for (const Shortcuts::Group& group : Shortcuts::table()) {
            for (const Shortcuts::Row& row : group.rows) {
                for (const QKeySequence& key : row.keys)
                    known.insert(key.toString(QKeySequence::NativeText));
            }
        }
        static const QRegularExpression keys(
            QStringLiteral("(?:Ctrl|Alt|Shift)\\+[^ )<,.]+|\\bF\\d+\\b|\\b(?:Esc|Del)\\b"));
        for (const QWidget* widget : bench.window.findChildren<QWidget*>()) {
            auto found = keys.globalMatch(widget->toolTip());
            while (found.hasNext())
                QVERIFY2(known.contains(found.next().captured()), qPrintable(widget->toolTip()));
        }
    }
};

namespace {

std::map<Shortcut, Prepare> effects()
{
    std::map<Shortcut, Prepare> all;
    const auto on = [&](Shortcut id, Prepare prepare) { all[id] = std::move(prepare); };
    on(Shortcut::NewChat, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        return {&b.window, [&b] { return b.book.current().isEmpty(); }};
    });
    on(Shortcut::NewFolder, [](Bench& b) -> Effect {
        b.window.setSideOpen(false);
        return {&b.window, [&b] { return b.book.folders().size() == 1 && b.window.isSideOpen(); }};
    });
    on(Shortcut::SearchChats, [](Bench& b) -> Effect {
        return {&b.window, [&b] { return b.list().searchField()->hasFocus(); }};
    });
    on(Shortcut::RenameChat, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        return {&b.window, [&b] {
                    const auto* editor = b.list().list()->findChild<QLineEdit*>();
                    return editor && editor->text() == QStringLiteral("One");
                }};
    });
    on(Shortcut::DeleteChat, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        return {&b.window,
                [&b] { return b.book.current().isEmpty() && b.window.undoLine()->isOffering(); }};
    });
    on(Shortcut::UndoDelete, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        emit b.list().removeRequested(b.book.current().id());
        return {&b.window, [&b] { return !b.book.current().isEmpty(); }};
    });
    on(Shortcut::OpenRow, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        b.book.startNew();
        b.list().fillNow();
        QListWidget* list = b.list().list();
        list->setFocus();
        for (int i = 0; i < list->count(); ++i) {
            if (list->item(i)->text() == QStringLiteral("One"))
                list->setCurrentRow(i);
        }
        return {list, [&b] { return !b.book.current().isEmpty(); }};
    });
    on(Shortcut::RenameRow, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        const quint64 folder = b.book.addFolder(QStringLiteral("Papers"));
        Q_UNUSED(folder)
        b.list().fillNow();
        QListWidget* list = b.list().list();
        list->setFocus();
        for (int i = 0; i < list->count(); ++i) {
            if (list->item(i)->text() == QStringLiteral("Papers"))
                list->setCurrentRow(i);
        }
        return {list, [list] { // the row, and not the chat that is open
                    const auto* editor = list->findChild<QLineEdit*>();
                    return editor && editor->text() == QStringLiteral("Papers");
                }};
    });
    on(Shortcut::DeleteRow, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        b.list().fillNow();
        b.list().list()->setFocus();
        return {b.list().list(), [&b] { return b.window.undoLine()->isOffering(); }};
    });
    on(Shortcut::Send, [](Bench& b) -> Effect {
        b.edit().setPlainText(QStringLiteral("One"));
        return {&b.edit(), [&b] { return b.source.turns.size() == 1; }};
    });
    on(Shortcut::NewLine, [](Bench& b) -> Effect {
        return {&b.edit(), [&b] {
                    return b.edit().toPlainText() == QStringLiteral("\n") &&
                           b.source.turns.isEmpty();
                }};
    });
    on(Shortcut::Attach, [](Bench& b) -> Effect {
        return {&b.window, [&b] { return b.window.findChild<QFileDialog*>() != nullptr; }};
    });
    on(Shortcut::Paste, [](Bench& b) -> Effect {
        auto* mime = new QMimeData;
        mime->setUrls({QUrl::fromLocalFile(sample("objects.png"))});
        QGuiApplication::clipboard()->setMimeData(mime);
        b.list().list()->setFocus();
        return {b.list().list(), [&b] { return b.composer().entries().size() == 1; }};
    });
    on(Shortcut::EditLast, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        return {&b.window,
                [&b] { return b.edit().toPlainText().startsWith(QStringLiteral("One")); }};
    });
    on(Shortcut::Regenerate, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        return {&b.window, [&b] { return b.source.turns.size() == 2; }};
    });
    on(Shortcut::Stop, [](Bench& b) -> Effect {
        b.edit().setPlainText(QStringLiteral("One"));
        b.chat().send();
        return {&b.window, [&b] { return b.source.cancels == 1; }};
    });
    on(Shortcut::Find, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        return {&b.window, [&b] { return b.chat().findBar()->edit()->hasFocus(); }};
    });
    const auto onFind = [](Bench& b, const QString& text, bool backward) -> Effect {
        b.ask(QStringLiteral("One"));
        b.chat().openFind();
        FindBar* bar = b.chat().findBar();
        bar->edit()->setText(text);
        auto spy = std::make_shared<QSignalSpy>(bar, &FindBar::searchRequested);
        return {bar->edit(), [=] {
                    return spy->count() == 1 && spy->first().at(0) == text &&
                           spy->first().at(1) == backward;
                }};
    };
    on(Shortcut::FindNext, [=](Bench& b) { return onFind(b, QStringLiteral("n"), false); });
    on(Shortcut::FindEarlier, [=](Bench& b) { return onFind(b, QStringLiteral("n"), true); });
    on(Shortcut::FindClose, [](Bench& b) -> Effect {
        b.ask(QStringLiteral("One"));
        b.chat().openFind();
        return {b.chat().findBar()->edit(), [&b] { return !b.chat().findBar()->isVisible(); }};
    });
    const auto onZoom = [](Bench& b, int before, int after) -> Effect {
        b.settings.set(settings::zoom, before);
        b.ask(QStringLiteral("One"));
        return {&b.window, [&b, after] {
                    return b.settings.value(settings::zoom) == after &&
                           qFuzzyCompare(b.chat().transcript()->page()->zoomFactor(),
                                         after / 100.0);
                }};
    };
    on(Shortcut::ZoomIn, [=](Bench& b) { return onZoom(b, 100, 110); });
    on(Shortcut::ZoomOut, [=](Bench& b) { return onZoom(b, 100, 90); });
    on(Shortcut::ZoomReset, [=](Bench& b) { return onZoom(b, 175, 100); });
    const auto onPicture = [](Bench& b, int place, std::function<bool()> right) -> Effect {
        b.attach("objects.png");
        b.attach("pair.png");
        QTest::qWait(50); // until they are laid out
        AttachmentTile* tile = nullptr;
        for (AttachmentTile* each : b.composer().findChildren<AttachmentTile*>()) {
            if (each->ticket() == b.composer().entries().at(place).ticket && !each->isHidden())
                tile = each;
        }
        if (tile)
            tile->setFocus();
        return {tile, std::move(right)};
    };
    const auto firstIs = [](Bench& b, const char* name) {
        return b.composer().entries().first().name == QLatin1String(name);
    };
    on(Shortcut::PictureRight,
       [=](Bench& b) { return onPicture(b, 0, [=, &b] { return firstIs(b, "pair.png"); }); });
    on(Shortcut::PictureLeft,
       [=](Bench& b) { return onPicture(b, 1, [=, &b] { return firstIs(b, "pair.png"); }); });
    on(Shortcut::RemovePicture, [=](Bench& b) {
        return onPicture(b, 0, [&b] { return b.composer().entries().size() == 1; });
    });
    on(Shortcut::ViewPicture, [=](Bench& b) {
        const Effect effect =
            onPicture(b, 0, [&b] { return b.window.findChild<SeenPicture*>() != nullptr; });
        RequestCost cost{100, 50, 4096, 100, 50, {}};
        cost.parts = {{{512, 384}, {96, 64}, 1, 8, 12, 26}, {{512, 384}, {96, 64}, 1, 8, 12, 26}};
        (void)QTest::qWaitFor([&] { return b.source.questions.size() > 0; }, 5000);
        b.source.tellCost(cost);
        return effect;
    });
    const auto moves = [&](Shortcut id, qint64 by) {
        on(id, [by](Bench& b) {
            return onFilm(b, [by](qint64 moved, int, int) { return moved == by; });
        });
    };
    moves(Shortcut::FrameLeft, -1);
    moves(Shortcut::FrameRight, 1);
    moves(Shortcut::FrameTenLeft, -10);
    moves(Shortcut::FrameTenRight, 10);
    const auto goes = [&](Shortcut id, int place) {
        on(id, [place](Bench& b) {
            return onFilm(b, [place](qint64, int now, int) { return now == place; });
        });
    };
    goes(Shortcut::EarlierFrame, 2);
    goes(Shortcut::LaterFrame, 4);
    goes(Shortcut::FirstFrame, 0);
    goes(Shortcut::LastFrame, 7);
    on(Shortcut::RemoveFrame,
       [](Bench& b) { return onFilm(b, [](qint64, int, int more) { return more == -1; }); });
    on(Shortcut::ViewFrame, [](Bench& b) -> Effect {
        return {b.film(), [&b] { return b.chat().preview() != nullptr; }};
    });
    const auto steps = [&](Shortcut id, qint64 by) {
        on(id, [by](Bench& b) { return onPreview(b, [by](qint64 moved) { return moved == by; }); });
    };
    steps(Shortcut::PlayLeft, -1);
    steps(Shortcut::PlayRight, 1);
    steps(Shortcut::PlayTenLeft, -10);
    steps(Shortcut::PlayTenRight, 10);
    on(Shortcut::Play, [](Bench& b) -> Effect { // or says why it cannot
        FilmPreview* preview = b.preview();
        return {preview, [=] { return preview->isPlaying() || !preview->note().isEmpty(); }};
    });
    on(Shortcut::AddFrame, [](Bench& b) -> Effect {
        FilmPreview* preview = b.preview();
        auto spy = std::make_shared<QSignalSpy>(preview, &FilmPreview::frameAdded);
        return {preview, [=] { return spy->count() == 1; }};
    });
    const auto shows = [&](Shortcut id, int index) {
        on(id, [index](Bench& b) -> Effect {
            PictureViewer* viewer = b.viewer();
            return {viewer, [=] { return viewer->index() == index; }};
        });
    };
    shows(Shortcut::ViewerLeft, 0);
    shows(Shortcut::ViewerRight, 2);
    on(Shortcut::ViewerUp, [](Bench& b) {
        return onCanvas(
            b, [](double, QPointF moved) { return moved.y() > 0; }, true);
    });
    on(Shortcut::ViewerDown, [](Bench& b) {
        return onCanvas(
            b, [](double, QPointF moved) { return moved.y() < 0; }, true);
    });
    on(Shortcut::ViewerZoomIn,
       [](Bench& b) { return onCanvas(b, [](double zoom, QPointF) { return zoom > 1.2; }); });
    on(Shortcut::ViewerZoomOut, [](Bench& b) {
        return onCanvas(
            b, [](double zoom, QPointF) { return zoom < 0.9; }, true);
    });
    on(Shortcut::ViewerFit, [](Bench& b) {
        return onCanvas(
            b, [](double zoom, QPointF) { return zoom < 0.5; }, true);
    });
    on(Shortcut::ViewerPixels, [](Bench& b) {
        return onCanvas(
            b, [](double zoom, QPointF) { return zoom < 0.5; }, true);
    });
    on(Shortcut::ToggleSide, [](Bench& b) -> Effect {
        return {&b.window, [&b] { return !b.window.isSideOpen(); }};
    });
    on(Shortcut::TogglePanel, [](Bench& b) -> Effect {
        return {&b.window, [&b] { return !b.window.isPanelOpen(); }};
    });
    on(Shortcut::OpenSettings, [](Bench& b) -> Effect {
        return {&b.window, [&b] { return b.window.settingsDialog() != nullptr; }};
    });
    on(Shortcut::ListShortcuts, [](Bench& b) -> Effect {
        return {&b.window, [&b] { return b.window.shortcutList() != nullptr; }};
    });
    on(Shortcut::Quit, [](Bench& b) -> Effect {
        return {&b.window, [&b] { return !b.window.isVisible(); }};
    });
    return all;
}

} // namespace

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    TestShortcuts test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_shortcuts.moc"
