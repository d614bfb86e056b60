// How quick a history of a thousand chats is.
#include <QApplication>
#include <QElapsedTimer>
#include <QListWidget>
#include <QTemporaryDir>

#include "gui/chat/conversationlist.h"
#include "tests/gui/historybench.h"

using namespace argali::gui;

class TestHistorySpeed final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;

private slots:
    /// A thousand chats of twenty turns, one of which has "needle" and 针线.
    void initTestCase()
    {
        HistorySession session(m_dir.path());
        const QString words = QStringLiteral(
            "The ring lies on the table beside a blue cup. 戒指在桌子上，旁边有一个蓝色的杯子。 ");
        for (int c = 0; c < 1000; ++c) {
            HistoryBatch batch;
            ConversationHead head;
            head.id = session.book.newId();
            head.heading = QStringLiteral("Chat number %1").arg(c);
            head.created = head.changed =
                QDateTime::currentMSecsSinceEpoch() - qint64(c) * 7'200'000;
            batch.heads.push_back(head);
            quint64 parent = 0;
            for (int t = 0; t < 20; ++t) {
                Turn turn;
                turn.id = session.book.newId();
                turn.parent = std::exchange(parent, turn.id);
                turn.created = head.created;
                turn.question = QStringLiteral("Question %1 of %2?").arg(t).arg(c);
                turn.answer.state = Answer::State::Finished;
                turn.answer.text =
                    words.repeated(4) +
                    (c == 500 && t == 7 ? QStringLiteral("a needle, 针线") : QString());
                batch.turns.push_back({head.id, true, turn});
            }
            session.store.add(batch, {});
        }
        QSignalSpy added(&session.store, &HistoryStore::added);
        const quint64 last = session.store.add({}, {});
        QVERIFY(QTest::qWaitFor(
            [&] { return !added.isEmpty() && added.last().first().toULongLong() == last; },
            120'000));
    }

    void searches_data()
    {
        QTest::addColumn<QString>("words");
        QTest::addColumn<int>("hits");
        QTest::newRow("one place") << QStringLiteral("needle") << 1;
        QTest::newRow("everywhere") << QStringLiteral("ring") << HistoryWorker::mostHits;
        QTest::newRow("several words") << QStringLiteral("needle table ring") << 1;
        QTest::newRow("titles") << QStringLiteral("number 77") << 19;
        QTest::newRow("nowhere") << QStringLiteral("elephant") << 0;
        QTest::newRow("two characters") << QStringLiteral("针线") << 1;
        QTest::newRow("two letters") << QStringLiteral("zq") << 0;
    }
    void searches()
    {
        QFETCH(QString, words);
        QFETCH(int, hits);
        HistorySession session(m_dir.path());
        qint64 best = 1'000'000;
        for (int i = 0; i < 5; ++i) {
            QElapsedTimer watch;
            watch.start();
            QCOMPARE(session.search(words).size(), hits);
            best = std::min(best, watch.elapsed());
        }
        qInfo("%lld ms", static_cast<long long>(best));
        QVERIFY2(best < 100, qPrintable(QString::number(best)));
    }

    void startShowsTheList()
    {
        qint64 best = 1'000'000;
        qint64 blocked = 1'000'000;
        for (int i = 0; i < 3; ++i) {
            ConversationBook book;
            FakeReplySource source;
            TurnController turns{book, source};
            HistoryStore store(m_dir.filePath(QStringLiteral("history.sqlite")),
                               m_dir.filePath(QStringLiteral("media")), book, turns);
            ConversationList list(book);
            list.resize(248, 800);
            list.show();
            QElapsedTimer watch;
            QElapsedTimer tick;
            qint64 longest = 0;
            QTimer ticks;
            connect(&ticks, &QTimer::timeout, this,
                    [&] { longest = std::max(longest, tick.restart()); });
            watch.start();
            tick.start();
            ticks.start(1);
            store.open();
            QVERIFY(QTest::qWaitFor([&] { return list.list()->count() > 1000; }, 10'000));
            best = std::min(best, watch.elapsed());
            QTest::qWait(50); // until it is drawn
            blocked = std::min(blocked, longest);
        }
        qInfo("list after %lld ms, longest block %lld ms", static_cast<long long>(best),
              static_cast<long long>(blocked));
        QVERIFY2(best < 300, qPrintable(QString::number(best)));
        QVERIFY2(blocked < 100, qPrintable(QString::number(blocked)));
    }
};

QTEST_MAIN(TestHistorySpeed)

#include "tst_historyspeed.moc"
