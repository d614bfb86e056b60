#include <QApplication>
#include <QDateTime>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QSignalSpy>
#include <QTest>

#include "gui/chat/conversationlist.h"
#include "gui/history/chatrow.h"
#include "gui/history/undoline.h"

using namespace argali::gui;

namespace {

ConversationHead head(quint64 id, const char* title, int daysAgo)
{
    ConversationHead h;
    h.id = id;
    h.heading = QString::fromUtf8(title);
    h.changed = QDateTime::currentDateTime().addDays(-daysAgo).toMSecsSinceEpoch();
    return h;
}

struct Bench {
    Bench()
    {
        book.addEarlier({head(11, "two days", 2), head(12, "yesterday", 1), head(13, "old", 400),
                         head(14, "weeks", 20)},
                        {{5, QStringLiteral("Work")}});
        list.resize(248, 700);
        list.show();
        list.fillNow();
    }
    QStringList rows()
    {
        list.fillNow();
        QStringList all;
        for (int i = 0; i < list.list()->count(); ++i)
            all.append(list.list()->item(i)->text());
        return all;
    }
    int row(const char* text)
    {
        const qsizetype at = rows().indexOf(QString::fromUtf8(text));
        if (at >= 0)
            list.list()->setCurrentRow(int(at));
        return int(at);
    }
    ConversationBook book;
    ConversationList list{book};
};

} // namespace

class TestConversationList final : public QObject {
    Q_OBJECT
private slots:
    void groupsByDate()
    {
        Bench bench;
        const QStringList rows = bench.rows();
        QCOMPARE(rows.mid(0, 10),
                 (QStringList{QStringLiteral("Folders"), QStringLiteral("Work"),
                              QStringLiteral("Today"), QStringLiteral("New chat"),
                              QStringLiteral("Yesterday"), QStringLiteral("yesterday"),
                              QStringLiteral("Last 7 days"), QStringLiteral("two days"),
                              QStringLiteral("Last 30 days"), QStringLiteral("weeks")}));
        QCOMPARE(rows.size(), 12); // a month, and the one in it
        bench.book.setPinned(13, true);
        QCOMPARE(bench.rows().mid(0, 2),
                 (QStringList{QStringLiteral("Pinned"), QStringLiteral("old")}));
        bench.book.setFolder(12, 5);
        QVERIFY(!bench.rows().contains(QStringLiteral("Yesterday")));
        QCOMPARE(bench.rows().indexOf(QStringLiteral("yesterday")),
                 bench.rows().indexOf(QStringLiteral("Work")) + 1);
    }

    void keysDoEverything()
    {
        Bench bench;
        QListWidget* list = bench.list.list();
        QSignalSpy opened(&bench.list, &ConversationList::opened);
        QSignalSpy removed(&bench.list, &ConversationList::removeRequested);
        bench.row("yesterday");
        QTest::keyClick(list, Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened.first().first().toULongLong(), quint64(12));
        QTest::keyClick(list, Qt::Key_Delete);
        QCOMPARE(removed.first().first().toULongLong(), quint64(12));
        QTest::keyClick(list, Qt::Key_Down); // moving opens nothing
        QCOMPARE(opened.count(), 1);
        bench.book.setFolder(12, 5);
        bench.row("Work");
        QTest::keyClick(list, Qt::Key_Left);
        QVERIFY(!bench.rows().contains(QStringLiteral("yesterday")));
        bench.row("Work");
        QTest::keyClick(list, Qt::Key_Space);
        QVERIFY(bench.rows().contains(QStringLiteral("yesterday")));
        bench.row("Work");
        QTest::keyClick(list, Qt::Key_Delete); // the folder goes, its chats stay
        QVERIFY(bench.book.folders().isEmpty());
        QVERIFY(bench.rows().contains(QStringLiteral("yesterday")));
        bench.row("Today");
        QTest::keyClick(list, Qt::Key_Return);
        QTest::keyClick(list, Qt::Key_Delete);
        QCOMPARE(opened.count() + removed.count(), 2);
    }

    void titlesAreWrittenInTheirPlace()
    {
        Bench bench;
        bench.row("yesterday");
        QTest::keyClick(bench.list.list(), Qt::Key_F2);
        auto* editor = bench.list.list()->findChild<QLineEdit*>();
        QVERIFY(editor);
        QVERIFY(!editor->accessibleName().isEmpty());
        bench.book.setPinned(11, true); // a change of the list does not take the editor away
        bench.list.fillNow();
        QCOMPARE(bench.list.list()->findChild<QLineEdit*>(), editor);
        editor->setText(QStringLiteral("<img src=x onerror=alert(1)>"));
        QTest::keyClick(editor, Qt::Key_Return);
        QTRY_COMPARE(bench.book.byId(12)->title(), QStringLiteral("<img src=x onerror=alert(1)>"));
        QTRY_VERIFY(!bench.list.list()->findChild<QLineEdit*>());
        QVERIFY(bench.rows().contains(QStringLiteral("<img src=x onerror=alert(1)>")));
        // An emptied title is the first question again; one that was left alone is none.
        bench.book.setTitle(12, QString());
        bench.row("yesterday");
        QTest::keyClick(bench.list.list(), Qt::Key_F2);
        editor = bench.list.list()->findChild<QLineEdit*>();
        QTest::keyClick(editor, Qt::Key_Return);
        QTest::qWait(20);
        QCOMPARE(bench.book.byId(12)->head().title, QString());
    }

    void newFolderIsNamedAtOnce()
    {
        Bench bench;
        const quint64 folder = bench.list.addFolder();
        auto* editor = bench.list.list()->findChild<QLineEdit*>();
        QVERIFY(editor);
        editor->setText(QStringLiteral("Play & more"));
        QTest::keyClick(editor, Qt::Key_Return);
        QTRY_COMPARE(bench.book.folders().last().name, QStringLiteral("Play & more"));
        QCOMPARE(bench.book.folders().last().id, folder);
    }

    void searching()
    {
        Bench bench;
        QSignalSpy asked(&bench.list, &ConversationList::searchRequested);
        QSignalSpy opened(&bench.list, &ConversationList::opened);
        bench.list.focusSearch();
        QTest::keyClicks(bench.list.searchField(), QStringLiteral("ring"));
        QTRY_COMPARE(asked.count(), 1); // once for what was typed in one go
        SearchHit hit;
        hit.conversation = 12;
        hit.turn = 77;
        hit.excerpt = QStringLiteral("<b>a ring</b>");
        hit.marks = {{5, 4}};
        SearchHit gone;
        gone.conversation = 4711;
        bench.list.showHits({hit, gone});
        QCOMPARE(bench.list.list()->count(), 2);
        const QListWidgetItem* item = bench.list.list()->item(1);
        QCOMPARE(item->data(ExcerptRole).toString(), QStringLiteral("<b>a ring</b>"));
        QVERIFY(item->data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("<b>")));
        QVERIFY(!bench.list.grab().isNull());
        QTest::keyClick(bench.list.searchField(), Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        QCOMPARE(opened.first().at(1).toULongLong(), quint64(77));
        QTest::keyClick(bench.list.list(), Qt::Key_Escape);
        QVERIFY(bench.list.searchField()->text().isEmpty());
        QVERIFY(bench.rows().contains(QStringLiteral("Today")));
        bench.list.showHits({hit}); // too late
        QVERIFY(bench.rows().contains(QStringLiteral("Today")));
        QTest::keyClicks(bench.list.searchField(), QStringLiteral("x"));
        bench.list.showHits({});
        QCOMPARE(bench.rows(), QStringList{QStringLiteral("Nothing found")});
    }

    void menusAreComplete()
    {
        Bench bench;
        bench.row("yesterday");
        QTest::keyClick(bench.list.list(), Qt::Key_Menu);
        auto* menu = bench.list.findChild<QMenu*>();
        QVERIFY(menu);
        QStringList names;
        for (const QAction* action : menu->actions()) {
            if (!action->isSeparator())
                names.append(action->text());
        }
        QCOMPARE(names.size(), 5);
        for (QAction* action : menu->actions()) {
            if (action->text() == QLatin1String("Pin"))
                action->trigger();
        }
        QVERIFY(bench.book.byId(12)->head().pinned);
        menu->close();
    }

    void thousandChatsAreQuick()
    {
        Bench bench;
        std::vector<ConversationHead> heads;
        for (int i = 0; i < 1000; ++i)
            heads.push_back(head(quint64(1000 + i), "chat", i));
        bench.book.addEarlier(heads, {});
        QElapsedTimer watch;
        watch.start();
        bench.list.fillNow();
        QVERIFY2(watch.elapsed() < 200, qPrintable(QString::number(watch.elapsed())));
    }

    void notices()
    {
        Bench bench;
        bench.list.setNotice(QStringLiteral("Something <b>bad</b>"), QStringLiteral("<details>"));
        QCOMPARE(bench.list.notice(), QStringLiteral("Something <b>bad</b>"));
        bench.list.setNotice({});
        QVERIFY(bench.list.notice().isEmpty());
    }

    void undoLineCallsOneOfTheTwo()
    {
        UndoLine line;
        int undone = 0;
        int forgotten = 0;
        const auto offer = [&] {
            line.offer(
                QStringLiteral("gone"), [&] { ++undone; }, [&] { ++forgotten; });
        };
        offer();
        QVERIFY(!line.isHidden());
        offer(); // the one before is over
        QCOMPARE(forgotten, 1);
        line.undo();
        line.undo();
        QCOMPARE(undone, 1);
        QVERIFY(line.isHidden());
        offer();
        QTest::keyClick(&line, Qt::Key_Escape);
        line.forget();
        QCOMPARE(forgotten, 2);
        QCOMPARE(undone, 1);
    }
};

QTEST_MAIN(TestConversationList)
#include "tst_conversationlist.moc"
