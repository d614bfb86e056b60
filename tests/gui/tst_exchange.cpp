// Export and import as the window offers them.
#include <QAbstractButton>
#include <QApplication>
#include <QFileDialog>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>

#include "gui/application.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/transcriptview.h"
#include "gui/exchange/exchangecontrol.h"
#include "gui/exchange/exchangeline.h"
#include "gui/exchange/exportdialog.h"
#include "gui/history/chatrow.h"
#include "gui/widgets/button.h"
#include "gui/widgets/segmentedcontrol.h"
#include "gui/widgets/toggleswitch.h"
#include "tests/gui/exchangebench.h"
#include "tests/support/testfolders.h"

using namespace argali;
using namespace argali::gui;

namespace {

/// The window over a history on disk.
struct Bench {
    explicit Bench(const QString& folder)
        : settings(folder + QStringLiteral("/argali.ini")),
          loader(folder + QStringLiteral("/pasted")),
          drafts(folder + QStringLiteral("/draft.json")),
          store(folder + QStringLiteral("/history.sqlite"), folder + QStringLiteral("/media"), book,
                turns),
          window({settings, loader, source, book, turns, drafts, {}, &store})
    {
        QSignalSpy opened(&store, &HistoryStore::opened);
        store.open();
        opened.wait(10'000);
        window.resize(1280, 800);
        window.show();
    }
    void ask(const char* question)
    {
        const quint64 id =
            turns.send({QString::fromUtf8(question), {}}, {}, QStringLiteral("Any-1B"));
        source.finish(id, QStringLiteral("An answer."));
    }
    ExchangeLine& line() { return *window.findChild<ExchangeLine*>(); }
    /// The action of the menu that belongs to a row, or to the whole list.
    QAction* action(const QString& row, const QString& words)
    {
        delete m_menu.data();
        ConversationList& list = *window.conversations();
        list.fillNow();
        for (int i = 0; i < list.list()->count(); ++i) {
            if (list.list()->item(i)->text() == row)
                emit list.list()->customContextMenuRequested(
                    list.list()->visualItemRect(list.list()->item(i)).center());
        }
        for (Button* button : list.findChildren<Button*>()) {
            if (row.isEmpty() && button->accessibleName() == QLatin1String("More"))
                button->click();
        }
        m_menu = list.findChild<QMenu*>();
        for (QAction* each : m_menu ? m_menu->actions() : QList<QAction*>()) {
            if (each->text() == words)
                return each;
        }
        return nullptr;
    }
    void trigger(const QString& row, const QString& words)
    {
        QAction* found = action(row, words);
        QVERIFY2(found, qPrintable(words));
        found->trigger();
        delete m_menu.data();
    }
    template <class Dialog> Dialog* dialog()
    {
        if (!QTest::qWaitFor([&] { return window.findChild<Dialog*>() != nullptr; }, 5000))
            return nullptr;
        return window.findChild<Dialog*>();
    }

    Settings settings;
    FakeReplySource source;
    MediaLoader loader;
    DraftStore drafts;
    ConversationBook book;
    TurnController turns{book, source};
    HistoryStore store;
    MainWindow window;
    QPointer<QMenu> m_menu;
};

} // namespace

class TestExchange final : public QObject {
    Q_OBJECT
    TestFolders folder;

private slots:
    void initTestCase() { QApplication::setAttribute(Qt::AA_DontUseNativeDialogs); }

    /// From the menu through both dialogs to the file, and back by a drop on the list.
    void outAndInAgain()
    {
        Bench bench(folder("home"));
        bench.ask("First question");
        bench.trigger(QStringLiteral("First question"), QStringLiteral("Export…"));
        auto* options = bench.dialog<ExportDialog>();
        QVERIFY(options);
        options->formats()->segment(int(ExportOptions::Format::Json))->click();
        QVERIFY(options->explanation().contains(QStringLiteral("imported again")));
        QVERIFY(!options->thinkingSwitch()->isChecked());
        options->thinkingSwitch()->click();
        QTest::keyClick(options, Qt::Key_Return);
        auto* files = bench.dialog<QFileDialog>();
        QVERIFY(files);
        QCOMPARE(QFileInfo(files->selectedFiles().value(0)).fileName(),
                 QStringLiteral("First question.json"));
        const QString path = folder("out") + QStringLiteral("/First question.json");
        emit files->fileSelected(path);
        files->reject();
        QTRY_VERIFY(bench.line().sentence().contains(path));
        QVERIFY(bench.line().sentence().startsWith(QStringLiteral("1 ")));
        QVERIFY(!bench.line().folderButton()->isHidden());
        QVERIFY(fileBytes(path).contains("argali-chat"));

        ConversationList& list = *bench.window.conversations();
        QSignalSpy requested(&list, &ConversationList::importRequested);
        QMimeData mime;
        mime.setUrls({QUrl::fromLocalFile(path), QUrl::fromLocalFile(folder("out"))});
        QDragEnterEvent enter(QPoint(20, 20), Qt::CopyAction, &mime, Qt::LeftButton,
                              Qt::NoModifier);
        QApplication::sendEvent(&list, &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop(QPointF(20, 20), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&list, &drop);
        QTRY_COMPARE(bench.line().sentence(), QStringLiteral("1 chat(s) imported."));
        QVERIFY(!bench.line().isBad());
        list.fillNow();
        QCOMPARE(list.list()->findItems(QStringLiteral("First question"), Qt::MatchExactly).size(),
                 2);
        QTest::keyClick(&bench.line(), Qt::Key_Escape);
        QCOMPARE(bench.line().sentence(), QString());

        QMimeData picture;
        picture.setUrls({QUrl::fromLocalFile(QStringLiteral("/x/picture.png"))});
        QDragEnterEvent other(QPoint(20, 20), Qt::CopyAction, &picture, Qt::LeftButton,
                              Qt::NoModifier);
        QApplication::sendEvent(&list, &other);
        QVERIFY(other.isAccepted()); // by the window, for the chat
        QCOMPARE(requested.count(), 1);
    }

    void allAndAFolder()
    {
        Bench bench(folder("home"));
        bench.ask("One");
        bench.book.startNew();
        bench.ask("Two");
        bench.book.startNew(); // empty
        bench.book.setFolder(bench.book.at(2).id(), bench.book.addFolder(QStringLiteral("Work")));
        QVERIFY(
            !bench.action(QStringLiteral("New chat"), QStringLiteral("Export…"))); // nothing in it
        QSignalSpy requested(bench.window.conversations(), &ConversationList::exportRequested);
        bench.trigger(QStringLiteral("Work"), QStringLiteral("Export the chats of this folder…"));
        QCOMPARE(requested.last().first().value<QList<quint64>>(),
                 QList<quint64>{bench.book.at(2).id()});
        QCOMPARE(requested.last().last().toString(), QStringLiteral("One"));
        delete bench.dialog<ExportDialog>();
        bench.trigger({}, QStringLiteral("Export all chats…"));
        QCOMPARE(requested.last().first().value<QList<quint64>>().size(), 2);
        auto* options = bench.dialog<ExportDialog>();
        emit options->chosen({ExportOptions::Format::Markdown, false});
        options->accept();
        auto* files = bench.dialog<QFileDialog>();
        QCOMPARE(files->fileMode(), QFileDialog::Directory);
        emit files->fileSelected(folder("out"));
        files->reject();
        QTRY_VERIFY(bench.line().sentence().startsWith(QStringLiteral("2 ")));
        const QStringList made = QDir(folder("out")).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
        QCOMPARE(made.size(), 1);
        QCOMPARE(QDir(folder("out") + QLatin1Char('/') + made.first()).entryList(QDir::Files),
                 (QStringList{QStringLiteral("One.md"), QStringLiteral("Two.md")}));
    }

    void anEndingThatWasNotAskedAbout()
    {
        Bench bench(folder("home"));
        bench.ask("One");
        const QString there = folder("out") + QStringLiteral("/x.md");
        QVERIFY(writeBytes(there, "mine"));
        bench.window.exchange()->exportTo({bench.book.current().id()}, {},
                                          folder("out") + QStringLiteral("/x"));
        QTRY_VERIFY(bench.line().sentence().contains(QStringLiteral("x 2.md")));
        QCOMPARE(fileBytes(there), QByteArray("mine"));
    }

    void troubleIsSaid()
    {
        Bench bench(folder("home"));
        bench.ask("One");
        bench.window.exchange()->exportTo({bench.book.current().id()}, {},
                                          QStringLiteral("/proc/x.md"));
        QTRY_VERIFY(bench.line().isBad());
        QVERIFY(bench.line().sentence().contains(QStringLiteral("/proc")));
        QVERIFY(writeBytes(folder() + QStringLiteral("/bad.json"), "{}"));
        QVERIFY(writeBytes(folder() + QStringLiteral("/worse.json"), "["));
        bench.window.exchange()->import(
            {folder() + QStringLiteral("/bad.json"), folder() + QStringLiteral("/worse.json")});
        QTRY_VERIFY(bench.line().sentence().contains(QStringLiteral("“bad.json” is not a chat")));
        QVERIFY(bench.line().sentence().startsWith(QStringLiteral("2 ")));
        QVERIFY(bench.line().isBad());
    }

    void cancelAndOneAtATime()
    {
        Bench bench(folder("home"));
        QList<quint64> chats;
        for (int i = 0; i < 80; ++i) {
            bench.book.startNew();
            bench.ask("Question");
            chats << bench.book.current().id();
        }
        bench.window.exchange()->exportTo(chats, {}, folder("out"));
        QVERIFY(bench.window.exchange()->isBusy());
        QAction* import = bench.action({}, QStringLiteral("Import chats…"));
        QVERIFY(import && !import->isEnabled());
        delete bench.m_menu.data();
        bench.line().dismiss(); // what is under way stays in sight
        QVERIFY(!bench.line().sentence().isEmpty());
        bench.line().cancelButton()->click();
        QTRY_VERIFY(bench.line().sentence().contains(QStringLiteral("cancelled")));
        QVERIFY(
            QDir(folder("out")).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
        import = bench.action({}, QStringLiteral("Import chats…"));
        QVERIFY(import && import->isEnabled());
    }

    void closingTheWindowInTheMidst()
    {
        const QString out = folder("out");
        {
            Bench bench(folder("home"));
            QList<quint64> chats;
            for (int i = 0; i < 50; ++i) {
                bench.book.startNew();
                bench.ask("Question");
                chats << bench.book.current().id();
            }
            bench.window.exchange()->exportTo(chats, {}, out);
            QTest::qWait(5);
        }
        const QStringList left =
            QDir(out).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
        QVERIFY2(left.isEmpty() || left.first().startsWith(QStringLiteral("Argali chats")),
                 qPrintable(left.join(QLatin1Char(' '))));
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestExchange test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_exchange.moc"
