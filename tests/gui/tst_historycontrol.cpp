// The list of chats in the window: a place that was found comes into sight, a trouble is said once.
#include <QApplication>
#include <QLineEdit>
#include <QListWidget>
#include <QTemporaryDir>
#include <QTextBlock>
#include <QTextBrowser>

#include "gui/application.h"
#include "gui/chat/chatwidget.h"
#include "gui/chat/conversationlist.h"
#include "gui/chat/plaintranscript.h"
#include "gui/chat/transcriptpage.h"
#include "gui/history/chatrow.h"
#include "gui/mainwindow.h"
#include "gui/statusline.h"
#include "tests/gui/historybench.h"
#include "tests/gui/pagetest.h"

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
        window.resize(1280, 700);
        window.show();
    }
    void open()
    {
        QSignalSpy opened(&store, &HistoryStore::opened);
        store.open();
        opened.wait(10'000);
    }
    quint64 ask(const QString& question, const QString& answer)
    {
        const quint64 id = turns.send({question, {}}, {}, QStringLiteral("Any-1B"));
        source.finish(id, answer);
        return id;
    }
    /// What a script says on the page.
    QVariant page(const QString& script)
    {
        PageAnswer<QVariant> answer;
        window.chat()->transcript()->page()->runJavaScript(
            script, QWebEngineScript::ApplicationWorld, answer.taker());
        return answer.value();
    }
    /// How far below the upper edge of the page a turn begins.
    double topOf(quint64 turn)
    {
        return page(QStringLiteral(
                        "argali.turns.views.has('%1') ? argali.turns.views.get('%1').section."
                        "getBoundingClientRect().top : 1e6")
                        .arg(turn))
            .toDouble();
    }

    Settings settings;
    FakeReplySource source;
    MediaLoader loader;
    DraftStore drafts;
    ConversationBook book;
    TurnController turns{book, source};
    HistoryStore store;
    MainWindow window;
};

} // namespace

class TestHistoryControl final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    QString folder() const
    {
        const QString path = m_dir.filePath(QString::fromLatin1(QTest::currentTestFunction()));
        QDir().mkpath(path);
        return path;
    }

private slots:
    /// From the words in the search field to the turn on the real page.
    void aHitScrollsToItsTurn()
    {
        quint64 wanted = 0;
        quint64 hidden = 0;
        {
            Bench bench(folder());
            bench.open();
            for (int i = 0; i < 40; ++i) {
                const quint64 id =
                    bench.ask(QStringLiteral("Question %1").arg(i),
                              QStringLiteral("%1 $x^2$\n\n")
                                  .arg(i == 12 ? QStringLiteral("needle") : QStringLiteral("hay"))
                                  .repeated(12));
                if (i == 12)
                    wanted = id;
            }
            hidden = bench.turns.regenerate(bench.book.current().turns()[20].id, {}, {});
            bench.source.finish(hidden, QStringLiteral("thread"));
            bench.turns.showSibling(hidden, -1);
            QTRY_VERIFY(bench.store.isAllWritten());
        }
        Bench bench(folder());
        bench.open();
        ConversationList& list = *bench.window.conversations();
        const auto find = [&](const char* words) {
            list.searchField()->setFocus();
            list.searchField()->setText(QString::fromLatin1(words));
            QTRY_VERIFY(list.list()->count() == 2 &&
                        list.list()->item(1)->data(KindRole).toInt() == int(ChatRowKind::Hit));
            QTest::keyClick(list.searchField(), Qt::Key_Return);
            QTRY_VERIFY(bench.window.chat()->transcript() &&
                        bench.window.chat()->transcript()->isReady());
        };
        find("needle"); // the chat is closed: it is read, laid out, and then the turn is gone to
        QTRY_VERIFY2_WITH_TIMEOUT(std::abs(bench.topOf(wanted)) < 30,
                                  qPrintable(QString::number(bench.topOf(wanted))), 30'000);
        // It stays while formulas and turns above are drawn, and does not jump to the end.
        QTest::qWait(400);
        QVERIFY2(std::abs(bench.topOf(wanted)) < 30,
                 qPrintable(QString::number(bench.topOf(wanted))));
        QVERIFY(!bench.page(QStringLiteral("argali.scroll.isFollowing()")).toBool());
        // In the chat that is open, after the user has gone elsewhere.
        bench.window.chat()->transcript()->scrollToEnd();
        QTRY_VERIFY(bench.topOf(wanted) < -500);
        list.searchField()->clear();
        find("needle");
        QTRY_VERIFY(std::abs(bench.topOf(wanted)) < 30);
        // One on a branch that is not shown: the branch, and then the turn.
        list.searchField()->clear();
        find("thread");
        QVERIFY(bench.book.current().isShown(hidden));
        QTRY_VERIFY(bench.topOf(hidden) > -5 &&
                    bench.topOf(hidden) < 600); // the last: as high as it goes
    }

    void plainTextScrollsToo()
    {
        std::vector<std::unique_ptr<TranscriptTurn>> turns;
        for (quint64 i = 1; i <= 40; ++i)
            turns.push_back(std::make_unique<TranscriptTurn>(
                i, QStringLiteral("Question %1\nsecond line").arg(i),
                QList<TranscriptTurn::Picture>()));
        PlainTranscript plain(turns);
        plain.resize(400, 300);
        plain.show();
        plain.showAll();
        plain.scrollTo(20);
        QString top; // of what is seen
        for (int y = 0; y < 80; y += 10)
            top += plain.browser()->cursorForPosition(QPoint(30, y)).block().text();
        QVERIFY2(top.contains(QStringLiteral("Question 20")) &&
                     !top.contains(QStringLiteral("Question 18")),
                 qPrintable(top));
    }

    void aTroubleIsSaidOnce()
    {
        QFile file(folder() + QStringLiteral("/history.sqlite"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray("no database ").repeated(1000));
        file.close();
        Bench bench(folder());
        bench.open();
        QVERIFY(bench.store.trouble());
        const QString sentence = bench.store.trouble()->sentence();
        QCOMPARE(bench.window.conversations()->notice(), sentence);
        QVERIFY(!bench.window.status()->phaseText().contains(sentence));
    }

    void withTheListClosedTheStatusSaysIt()
    {
        QFile file(folder() + QStringLiteral("/history.sqlite"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray("no database ").repeated(1000));
        file.close();
        Bench bench(folder());
        bench.window.setSideOpen(false);
        bench.open();
        QCOMPARE(bench.window.status()->phaseText(), bench.store.trouble()->sentence());
    }
};

int main(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    TestHistoryControl test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_historycontrol.moc"
