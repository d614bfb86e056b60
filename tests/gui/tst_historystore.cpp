#include <csignal>
#include <sys/resource.h>
#include <unistd.h>

#include <QDir>
#include <QElapsedTimer>
#include <QScopeGuard>
#include <QTemporaryDir>

#include "tests/gui/historybench.h"

using namespace argali;
using namespace argali::gui;

class TestHistoryStore final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    QString folder() const
    {
        const QString name = m_dir.filePath(QString::fromLatin1(QTest::currentTestFunction()));
        QDir().mkpath(name);
        return name;
    }
    QString database() const { return folder() + QStringLiteral("/history.sqlite"); }
    static MediaFile picture(const QString& path, int colour = 1)
    {
        QImage image(40, 30, QImage::Format_RGB32);
        image.fill(QColor(colour, 20, 30));
        image.save(path);
        MediaFile file;
        file.path = path;
        file.size = image.size();
        file.thumbnail = image;
        return file;
    }

private slots:
    void everythingComesBack()
    {
        quint64 first = 0;
        quint64 again = 0;
        const MediaFile file = picture(folder() + QStringLiteral("/a b ä图.png"));
        {
            HistorySession session(folder());
            AnswerOptions options;
            options.thinking = true;
            options.thinkingBudget = 256;
            options.sampling.enabled = true;
            options.sampling.temperature = 0.5F;
            options.sampling.seed = 0xfedcba9876543210U;
            options.systemPrompt = QStringLiteral("Be brief.");
            first = session.turns.send({QStringLiteral("What is it?"), {file}}, options,
                                       QStringLiteral("Any-1B"));
            session.source.think(first, QStringLiteral("Hm"), 3);
            ChatResult result;
            result.text = "A ring 🐏.";
            result.thinking = "Hm";
            result.finishReason = FinishReason::Length;
            result.contextReached = true;
            result.usage = {100, 80, 3, 12};
            result.timings.decodeTokensPerSecond = 120.5;
            result.timings.firstToken = std::chrono::milliseconds(210);
            session.source.finish(first, result);
            session.ask(QStringLiteral("And then?"), QStringLiteral("Nothing."));
            again = session.turns.regenerate(first, {}, QStringLiteral("Other-2B"));
            session.source.fail(again, Failure(Error::Code::Device, QStringLiteral("lost")));
            session.turns.showSibling(again, -1);
            const quint64 chat = session.book.current().id();
            session.book.setTitle(chat, QStringLiteral("Rings"));
            session.book.setPinned(chat, true);
            session.book.setFolder(chat, session.book.addFolder(QStringLiteral("Work")));
            session.book.startNew();
            session.ask(QStringLiteral("Another chat"), QStringLiteral("Yes."));
        } // what waits is written when the program ends
        HistorySession session(folder());
        QCOMPARE(session.book.count(), 3); // with the new empty one
        QVERIFY(session.book.current().isEmpty());
        QCOMPARE(session.book.at(1).title(), QStringLiteral("Another chat"));
        QVERIFY(!session.book.at(2).isLoaded());
        QCOMPARE(session.book.at(2).title(), QStringLiteral("Rings"));
        QCOMPARE(session.book.at(2).head().heading, QStringLiteral("What is it?"));
        QCOMPARE(session.book.at(2).firstMedia(), std::optional(MediaFile::Kind::Picture));
        QVERIFY(session.book.at(2).head().pinned);
        QCOMPARE(session.book.folders().value(0).name, QStringLiteral("Work"));
        QCOMPARE(session.book.at(2).head().folder, session.book.folders().value(0).id);
        const Conversation& chat = *session.open(2);
        QCOMPARE(&session.book.current(), &chat);
        QCOMPARE(chat.turns().size(), size_t(2));
        QCOMPARE(chat.allTurns().size(), size_t(3));
        const Turn& turn = chat.turns().front();
        QCOMPARE(turn.id, first);
        QCOMPARE(chat.branchOf(first).count, 2);
        QCOMPARE(turn.answer.text, QStringLiteral("A ring 🐏."));
        QCOMPARE(turn.answer.thinking, QStringLiteral("Hm"));
        QVERIFY(turn.answer.thinkingDone);
        QCOMPARE(turn.answer.thinkingTokens, 3);
        QCOMPARE(turn.answer.finishReason, FinishReason::Length);
        QVERIFY(turn.answer.contextReached);
        QCOMPARE(turn.answer.usage.completionTokens, int64_t(12));
        QCOMPARE(turn.answer.timings.decodeTokensPerSecond, 120.5);
        QCOMPARE(turn.model, QStringLiteral("Any-1B"));
        QCOMPARE(turn.options.systemPrompt, QStringLiteral("Be brief."));
        QVERIFY(turn.options.sampling.seed == 0xfedcba9876543210U);
        QCOMPARE(turn.options.sampling.temperature, 0.5F);
        QCOMPARE(turn.options.thinkingBudget, 256);
        QCOMPARE(turn.media.size(), 1);
        QCOMPARE(turn.media.first().size, QSize(40, 30));
        QCOMPARE(turn.media.first().thumbnail.size(), QSize(40, 30));
        QCOMPARE(turn.media.first().name(), QStringLiteral("a b ä图.png"));
        const Turn* failed = chat.find(again);
        QCOMPARE(failed->answer.state, Answer::State::Failed);
        QCOMPARE(failed->answer.failure.code(), Error::Code::Device);
        // The next question goes on from there, without the thinking.
        session.turns.send({QStringLiteral("More?"), {}}, {}, {});
        QCOMPARE(session.source.requests.back().messages.size(), size_t(5));
        QCOMPARE(session.source.requests.back().messages[1].content[0].text,
                 std::string("A ring 🐏."));
    }

    void mediaOnceAndGoneWithTheLastReference()
    {
        const QString media = folder() + QStringLiteral("/media");
        const auto kept = [&] {
            return QDir(media).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size();
        };
        const MediaFile file = picture(folder() + QStringLiteral("/one.png"));
        const QString other = folder() + QStringLiteral("/same.png");
        QVERIFY(QFile::copy(file.path, other));
        MediaFile same = file;
        same.path = other;
        {
            HistorySession session(folder());
            session.ask(QStringLiteral("a"), QStringLiteral("b"), {file});
            session.book.startNew();
            session.ask(QStringLiteral("c"), QStringLiteral("d"), {same});
            QTRY_COMPARE(kept(), 1);
            session.settle();
        }
        QVERIFY(QFile::remove(file.path) && QFile::remove(other)); // the chats have their own
        HistorySession session(folder());
        const Conversation& chat = *session.open(1);
        const MediaFile copy = chat.turns().front().media.first();
        QVERIFY(QFileInfo::exists(copy.path));
        QVERIFY(copy.path.startsWith(media));
        // Asked again it is the same file, and not copied once more.
        const quint64 again = session.turns.regenerate(chat.turns().front().id, {}, {});
        session.source.finish(again, QStringLiteral("e"));
        session.settle();
        QCOMPARE(kept(), 1);
        session.book.remove(session.book.indexOf(chat));
        session.book.forgetRemoved();
        session.settle();
        QTest::qWait(100);
        QCOMPARE(kept(), 1); // the other chat has it still
        session.book.remove(1);
        QVERIFY(session.book.undoRemove());
        session.book.remove(1);
        QTest::qWait(100);
        QCOMPARE(kept(), 1); // can be undone
        session.store.draftMedia = [&] { return QStringList{copy.path}; };
        session.store.purge();
        QTest::qWait(100);
        QCOMPARE(kept(), 1);
        session.store.draftMedia = nullptr;
        session.book.forgetRemoved();
        QTRY_COMPARE(kept(), 0);
    }

    void removedTurnsAndChatsStayAway()
    {
        {
            HistorySession session(folder());
            const quint64 gone = session.ask(QStringLiteral("secret one"), QStringLiteral("b"));
            session.ask(QStringLiteral("kept"), QStringLiteral("c"));
            session.settle();
            session.turns.remove(gone);
            session.book.startNew();
            session.ask(QStringLiteral("secret two"), QStringLiteral("d"));
            session.settle();
            session.book.remove(0);
            session.settle();
            QCOMPARE(session.search(QStringLiteral("secret")).size(), 0);
        }
        HistorySession session(folder());
        QCOMPARE(session.book.count(), 2);
        QCOMPARE(session.open(1)->turns().size(), size_t(1));
        QCOMPARE(session.book.current().turns().front().question, QStringLiteral("kept"));
    }

    void whatIsSentIsThereAtOnceAndHalfAnAnswerIsInterrupted()
    {
        HistorySession session(folder());
        const quint64 id = session.turns.send({QStringLiteral("Long?"), {}}, {}, {});
        QTRY_COMPARE_WITH_TIMEOUT(
            sqlValue(database(), QStringLiteral("SELECT count(*) FROM turns")).toInt(), 1, 500);
        QElapsedTimer watch;
        watch.start();
        session.source.write(id, QStringLiteral("Half an ans"));
        // Steady writing must not put it off.
        while (
            sqlValue(database(), QStringLiteral("SELECT answer FROM turns")).toString().isEmpty() &&
            watch.elapsed() < 5000) {
            session.source.write(id, QStringLiteral("w"));
            QTest::qWait(20);
        }
        QVERIFY2(watch.elapsed() < 2000, qPrintable(QString::number(watch.elapsed())));
        // Another program that finds the file as a crash would leave it.
        const QString copy = folder() + QStringLiteral("/crashed");
        QDir().mkpath(copy);
        for (const char* end : {"", "-wal"})
            QVERIFY(QFile::copy(database() + QLatin1String(end),
                                copy + QStringLiteral("/history.sqlite") + QLatin1String(end)));
        HistorySession after(copy);
        const Turn& turn = after.open(1)->turns().front();
        QVERIFY(turn.answer.text.startsWith(QStringLiteral("Half an answ")));
        QVERIFY(turn.answer.interrupted);
        QVERIFY(!turn.answer.isRunning());
        QVERIFY(turn.answer.note(turn.options).startsWith(QStringLiteral("Interrupted")));
        QCOMPARE(after.search(QStringLiteral("half an")).size(), 1);
    }

    void chatThatDidNotOpenIsNamed()
    {
        {
            HistorySession session(folder());
            session.ask(QStringLiteral("a"), QStringLiteral("b"));
        }
        sqlValue(database(),
                 QStringLiteral("INSERT INTO state SELECT 'opening', id FROM conversations"));
        {
            HistorySession session(folder());
            QCOMPARE(session.unopened, session.book.at(1).id());
            QVERIFY(session.book.current().isEmpty());
            QCOMPARE(session.open(1)->turns().size(), size_t(1));
        } // it ended in order
        HistorySession session(folder());
        QCOMPARE(session.unopened, quint64(0));
    }

    void oddRowsAreReadAsWellAsTheyCan()
    {
        {
            HistorySession session(folder());
            session.ask(QStringLiteral("a"), QStringLiteral("b"),
                        {picture(folder() + QStringLiteral("/a.png"))});
        }
        sqlValue(
            database(),
            QStringLiteral(
                "UPDATE turns SET parent=id, state=99, details='[1', model=x'00ff', thinking=7"));
        sqlValue(database(),
                 QStringLiteral("UPDATE turn_media SET details='{\"frames\":1e300,\"width\":"
                                "\"x\"}', thumbnail=x'0102'"));
        sqlValue(database(), QStringLiteral("UPDATE media SET copy='../../../etc/passwd'"));
        sqlValue(database(),
                 QStringLiteral("UPDATE conversations SET media=77, folder=5, title='a\n\tb'"));
        HistorySession session(folder());
        QCOMPARE(session.book.at(1).title(), QStringLiteral("a b"));
        const Conversation& chat = *session.open(1);
        QCOMPARE(chat.turns().size(), size_t(1));
        // The file itself, or a copy that was made anew meanwhile; never where the row leads.
        const QFileInfo read(chat.turns().front().media.first().path);
        QVERIFY2(read.canonicalFilePath().startsWith(QFileInfo(folder()).canonicalFilePath() +
                                                     QLatin1Char('/')),
                 qPrintable(read.filePath()));
    }

    void newerDatabaseIsReadOnly()
    {
        {
            HistorySession session(folder());
            session.ask(QStringLiteral("a"), QStringLiteral("b"));
        }
        sqlValue(database(), QStringLiteral("PRAGMA user_version=999"));
        HistorySession session(folder());
        QCOMPARE(session.store.access(), HistoryDatabase::Access::ReadOnly);
        QVERIFY(session.store.trouble()->sentence().contains(QStringLiteral("newer")));
        QCOMPARE(session.open(1)->turns().size(), size_t(1));
        session.ask(QStringLiteral("still works"), QStringLiteral("yes"));
        QCOMPARE(session.search(QStringLiteral("a")).size(), 2);
        QTest::qWait(50);
        QCOMPARE(sqlValue(database(), QStringLiteral("SELECT count(*) FROM turns")).toInt(), 1);
        QCOMPARE(sqlValue(database(), QStringLiteral("PRAGMA user_version")).toInt(), 999);
    }

    void damagedDatabaseIsPutAside_data()
    {
        QTest::addColumn<int>("from");
        QTest::newRow("head") << 0;
        QTest::newRow("inside") << 4096;
    }
    void damagedDatabaseIsPutAside()
    {
        QFETCH(int, from);
        const QString place =
            folder() + QLatin1Char('/') + QString::fromLatin1(QTest::currentDataTag());
        QDir().mkpath(place);
        const QString name = place + QStringLiteral("/history.sqlite");
        {
            HistorySession session(place);
            session.ask(QStringLiteral("a"), QStringLiteral("b"));
        }
        QFile file(name);
        QVERIFY(file.open(QIODevice::ReadWrite));
        file.seek(from);
        file.write(QByteArray(8192, 'x'));
        file.close();
        {
            HistorySession session(place);
            QCOMPARE(session.store.access(), HistoryDatabase::Access::Full);
            QVERIFY(session.store.trouble());
            QVERIFY(session.store.trouble()->sentence().contains(QStringLiteral("damaged")));
            QCOMPARE(session.book.count(), 1);
            session.ask(QStringLiteral("new life"), QStringLiteral("yes"));
        }
        QCOMPARE(QDir(place).entryList({QStringLiteral("history-damaged-*.sqlite")}).size(), 1);
        HistorySession session(place);
        QVERIFY(!session.store.trouble());
        QCOMPARE(session.book.at(1).title(), QStringLiteral("new life"));
    }

    void folderThatCannotBeMade()
    {
        QFile blocker(folder() + QStringLiteral("/blocker"));
        QVERIFY(blocker.open(QIODevice::WriteOnly));
        HistorySession session(folder() + QStringLiteral("/blocker/argali"));
        QCOMPARE(session.store.access(), HistoryDatabase::Access::None);
        QVERIFY(!session.store.trouble()->sentence().isEmpty());
        session.ask(QStringLiteral("works"), QStringLiteral("yes"));
        QCOMPARE(session.book.current().turns().size(), size_t(1));
        QCOMPARE(session.search(QStringLiteral("works")).size(), 0);
    }

    void folderThatCannotBeWritten()
    {
        {
            HistorySession session(folder());
            session.ask(QStringLiteral("a"), QStringLiteral("b"));
        }
        const bool isRoot = geteuid() == 0; // rights do not hold for it
        QVERIFY(QFile::setPermissions(database(),
                                      QFile::ReadOwner | QFile::ReadGroup | QFile::ReadOther));
        const auto readable = QFile::ReadOwner | QFile::ExeOwner | QFile::ReadGroup |
                              QFile::ExeGroup | QFile::ReadOther | QFile::ExeOther;
        QVERIFY(QFile::setPermissions(m_dir.path(), readable | QFile::WriteOwner));
        QVERIFY(QFile::setPermissions(folder(), readable));
        if (isRoot)
            QCOMPARE(seteuid(65534), 0);
        const auto back = qScopeGuard([&] {
            if (isRoot)
                (void)seteuid(0);
            QFile::setPermissions(folder(), readable | QFile::WriteOwner);
        });
        {
            HistorySession session(folder());
            QCOMPARE(session.store.access(), HistoryDatabase::Access::ReadOnly);
            QVERIFY(session.store.trouble()->sentence().contains(folder()));
            QCOMPARE(session.open(1)->turns().size(), size_t(1));
            session.ask(QStringLiteral("works"), QStringLiteral("yes"));
        }
    }

    void fullDiskLosesNothing()
    {
        std::signal(SIGXFSZ, SIG_IGN);
        {
            HistorySession session(folder());
            session.ask(QStringLiteral("first"), QStringLiteral("b"));
            session.settle();
            rlimit old{};
            getrlimit(RLIMIT_FSIZE, &old);
            rlimit small = old;
            small.rlim_cur = 4096; // no file grows any more
            QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
            session.ask(QStringLiteral("second"), QString(300'000, QLatin1Char('x')));
            QTRY_VERIFY(session.store.trouble());
            QVERIFY(
                session.store.trouble()->sentence().contains(QStringLiteral("cannot be saved")));
            session.ask(QStringLiteral("third"), QStringLiteral("d"));
            QCOMPARE(setrlimit(RLIMIT_FSIZE, &old), 0);
            QTRY_VERIFY_WITH_TIMEOUT(!session.store.trouble(), 8000); // tried again
        }
        HistorySession session(folder());
        QCOMPARE(session.open(1)->turns().size(), size_t(3));
    }

    void olderSchemasAreBroughtUpAfterABackup()
    {
        // The way of a file from each version to the newest, on schemas made for it.
        const QString schemas = folder() + QStringLiteral("/schema");
        QDir().mkpath(schemas);
        const auto script = [&](int number, const char* sql) {
            QFile file(schemas + QStringLiteral("/%1.sql").arg(number, 3, 10, QLatin1Char('0')));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(sql);
        };
        script(1, "CREATE TABLE conversations(id INTEGER PRIMARY KEY, name TEXT);\n\n"
                  "INSERT INTO conversations(name) VALUES('one;');\n");
        for (int to = 2; to <= 4; ++to) {
            for (int from = 1; from < to; ++from) {
                const QString name = folder() + QStringLiteral("/%1-%2.sqlite").arg(from).arg(to);
                for (int number = 2; number <= 4; ++number) {
                    QFile::remove(schemas +
                                  QStringLiteral("/%1.sql").arg(number, 3, 10, QLatin1Char('0')));
                    if (number <= from)
                        script(number, "ALTER TABLE conversations ADD COLUMN more TEXT;\n\n");
                    if (number == 2)
                        continue;
                }
                if (from >= 3)
                    script(3, "UPDATE conversations SET more='x';\n");
                {
                    HistoryDatabase old(name, schemas);
                    QVERIFY(!old.open());
                    QCOMPARE(old.version(), from);
                }
                if (from < 2 && to >= 2)
                    script(2, "ALTER TABLE conversations ADD COLUMN more TEXT;\n\n");
                if (from < 3 && to >= 3)
                    script(3, "UPDATE conversations SET more='x';\n");
                if (to >= 4)
                    script(4, "CREATE TABLE t(a);\n\nCREATE TRIGGER g AFTER INSERT ON t BEGIN\n"
                              "  DELETE FROM t;\nEND;\n");
                {
                    HistoryDatabase now(name, schemas);
                    QVERIFY(!now.open());
                    QCOMPARE(now.version(), to);
                    QCOMPARE(now.access(), HistoryDatabase::Access::Full);
                }
                const QString backup =
                    folder() + QStringLiteral("/%1-%2-before-%2.sqlite").arg(from).arg(to);
                QCOMPARE(sqlValue(backup, QStringLiteral("PRAGMA user_version")).toInt(), from);
                QCOMPARE(
                    sqlValue(backup, QStringLiteral("SELECT name FROM conversations")).toString(),
                    QStringLiteral("one;"));
            }
        }
        // One that cannot be done leaves everything as it was, and readable.
        const QString name = folder() + QStringLiteral("/1-2.sqlite");
        script(3, "DELETE FROM conversations;\n\nSELECT nothing FROM nowhere;\n");
        for (const int number : {4})
            QFile::remove(schemas + QStringLiteral("/%1.sql").arg(number, 3, 10, QLatin1Char('0')));
        HistoryDatabase stuck(name, schemas);
        QVERIFY(stuck.open());
        QCOMPARE(sqlValue(name, QStringLiteral("SELECT count(*) FROM conversations")).toInt(), 1);
        QCOMPARE(sqlValue(name, QStringLiteral("PRAGMA user_version")).toInt(), 2);
    }

    void searchFindsPartsOfWordsInEveryScript_data()
    {
        QTest::addColumn<QString>("words");
        QTest::addColumn<int>("hits");
        QTest::newRow("word") << QStringLiteral("kettle") << 1;
        QTest::newRow("part of a word") << QStringLiteral("ETTL") << 1;
        QTest::newRow("two words") << QStringLiteral("copper  kettle") << 1;
        QTest::newRow("words in question and answer") << QStringLiteral("boils kettle") << 1;
        QTest::newRow("one that is not there") << QStringLiteral("kettle nowhere") << 0;
        QTest::newRow("one Chinese character") << QStringLiteral("羊") << 1;
        QTest::newRow("two") << QStringLiteral("盘羊") << 1;
        QTest::newRow("three") << QStringLiteral("只盘羊") << 1;
        QTest::newRow("wildcards") << QStringLiteral("%") << 1;
        QTest::newRow("wildcard of one") << QStringLiteral("_") << 0;
        QTest::newRow("backslash") << QStringLiteral("\\") << 1;
        QTest::newRow("operators") << QStringLiteral("copper OR\" NEAR(") << 0;
        QTest::newRow("quotes") << QStringLiteral("\"quoted\"") << 1;
        QTest::newRow("nothing") << QStringLiteral("  ") << 0;
        QTest::newRow("title") << QStringLiteral("my title") << 1;
        QTest::newRow("very long") << QString(100'000, QLatin1Char('k')) << 0;
        QTest::newRow("nul") << QString(QChar(0)) + QStringLiteral("abc") << 0;
    }
    void searchFindsPartsOfWordsInEveryScript()
    {
        QFETCH(QString, words);
        QFETCH(int, hits);
        const bool isNew = !QFile::exists(database());
        HistorySession session(folder());
        if (isNew) {
            session.ask(QStringLiteral("Is this a Copper Kettle?"), QStringLiteral("It boils."));
            session.ask(QStringLiteral("这里有几只盘羊？"),
                        QStringLiteral("<b>100 %</b> \"quoted\" a\\b"));
            session.book.setTitle(session.book.current().id(), QStringLiteral("My title"));
            session.settle();
        }
        QCOMPARE(session.search(words).size(), hits);
    }

    void excerptsAreMarkedPlainText()
    {
        HistorySession session(folder());
        session.ask(QStringLiteral("x"), QString(500, QLatin1Char('a')) +
                                             QStringLiteral("\n<script>alert(1)</script> needle ") +
                                             QString(500, QLatin1Char('b')));
        session.settle();
        const SearchHit hit = session.search(QStringLiteral("NEEDLE")).value(0);
        QVERIFY(
            hit.excerpt.contains(QStringLiteral("</script>"))); // as it stands, for a plain label
        QVERIFY(hit.excerpt.size() < 160);
        QVERIFY(!hit.excerpt.contains(QLatin1Char('\n')));
        QCOMPARE(hit.marks.size(), 1);
        QCOMPARE(hit.excerpt.mid(hit.marks[0].first, hit.marks[0].second),
                 QStringLiteral("needle"));
        QCOMPARE(hit.turn, session.book.current().turns().back().id);
    }
};

QTEST_GUILESS_MAIN(TestHistoryStore)
#include "tst_historystore.moc"
