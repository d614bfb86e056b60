#include <unistd.h>

#include <QDir>
#include <QScopeGuard>
#include <QTemporaryDir>

#include "tests/gui/historybench.h"
#include "tests/support/testdata.h"

using namespace argali;
using namespace argali::gui;

namespace {

AnswerOptions someOptions()
{
    AnswerOptions options = AnswerOptions::builtIn();
    options.sampling.enabled = true;
    options.sampling.temperature = 1.25F;
    options.sampling.topP = 0.9F;
    options.sampling.topK = 40;
    options.sampling.minP = 0.03F;
    options.sampling.repetitionPenalty = 1.15F;
    options.sampling.seed = 77;
    options.thinking = true;
    options.hasBudget = false;
    options.thinkingBudget = 700;
    options.longestAnswer = 500;
    options.systemPrompt = QStringLiteral("Reime \"kurz\",\n图像 🐏");
    return options;
}

Conversation* openTitled(HistorySession& session, const QString& title)
{
    for (int i = 0; i < session.book.count(); ++i) {
        if (session.book.at(i).title() == title)
            return session.open(i);
    }
    return nullptr;
}

} // namespace

class TestHistoryOptions final : public QObject {
    Q_OBJECT
    QTemporaryDir m_dir;
    QString folder() const
    {
        const QString name = m_dir.filePath(QString::fromLatin1(QTest::currentTestFunction()));
        QDir().mkpath(name);
        return name;
    }
    QString database() const { return folder() + QStringLiteral("/history.sqlite"); }
    void takeVersion1() const
    {
        const QString from = QString::fromStdString(argali::test::testData().string()) +
                             QStringLiteral("/history/version1.sqlite");
        QVERIFY(QFile::copy(from, database()));
        QVERIFY(QFile::setPermissions(database(), QFile::ReadOwner | QFile::WriteOwner));
    }

private slots:
    void eachChatKeepsItsOwn()
    {
        {
            HistorySession session(folder());
            session.book.setOptions(session.book.current().id(), someOptions()); // before any turn
            session.ask(QStringLiteral("one"), QStringLiteral("yes"));
            session.book.startNew();
            session.ask(QStringLiteral("two"), QStringLiteral("no"));
            AnswerOptions other = AnswerOptions::builtIn();
            other.longestAnswer = 10'000;
            session.book.setOptions(session.book.current().id(), other);
        }
        for (int round = 0; round < 2; ++round) {
            HistorySession session(folder());
            const Conversation* one = openTitled(session, QStringLiteral("one"));
            QVERIFY(one && one->options);
            QVERIFY(one->options->isLike(someOptions()));
            // What is written of a chat that is not open leaves its options alone.
            for (int i = 0; i < session.book.count(); ++i) {
                if (!session.book.at(i).isLoaded())
                    session.book.setPinned(session.book.at(i).id(), round == 0);
            }
            session.settle();
            const Conversation* two = openTitled(session, QStringLiteral("two"));
            QVERIFY(two && two->options);
            QCOMPARE(two->options->longestAnswer, 10'000);
            QCOMPARE(two->options->systemPrompt, QString());
        }
    }

    void changeIsOnDiskWithinTwoSeconds()
    {
        HistorySession session(folder());
        session.ask(QStringLiteral("a"), QStringLiteral("b"));
        session.settle();
        session.book.setOptions(session.book.current().id(), someOptions());
        QTRY_VERIFY_WITH_TIMEOUT(
            sqlValue(database(), QStringLiteral("SELECT options FROM conversations"))
                .toString()
                .contains(QStringLiteral("1.25")),
            2000);
        // Another program that finds the file as a kill would leave it.
        const QString copy = folder() + QStringLiteral("/killed");
        QDir().mkpath(copy);
        for (const char* end : {"", "-wal"})
            QVERIFY(QFile::copy(database() + QLatin1String(end),
                                copy + QStringLiteral("/history.sqlite") + QLatin1String(end)));
        HistorySession after(copy);
        QVERIFY(after.open(1)->options->isLike(someOptions()));
    }

    void hostileOptionsAreHeldToTheirRanges_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::newRow("large") << QByteArray(
            R"({"temperature":1e300,"topP":9,"topK":1e18,"minP":7,"repetitionPenalty":1e9,)"
            R"("thinkingBudget":1e15,"longestAnswer":1e300,"seed":"18446744073709551615"})");
        QTest::newRow("small") << QByteArray(
            R"({"temperature":-1,"topP":-9,"topK":-1e18,"minP":-7,"repetitionPenalty":-1,)"
            R"("thinkingBudget":-1e15,"longestAnswer":-1,"seed":"-4"})");
        QTest::newRow("other kinds") << QByteArray(
            R"({"temperature":"x","topP":[],"topK":{},"sampling":7,"longestAnswer":null,"seed":5,)"
            R"("systemPrompt":[1]})");
        QTest::newRow("long prompt") << "{\"systemPrompt\":\"" + QByteArray(200'000, 'x') + "\"}";
        QTest::newRow("too long to look at")
            << "{\"systemPrompt\":\"" + QByteArray(2'000'000, 'x') + "\"}";
        QTest::newRow("broken") << QByteArray(R"({"temperature":)");
        QTest::newRow("nested") << QByteArray(5000, '[');
        QTest::newRow("array") << QByteArray("[1]");
        QTest::newRow("empty") << QByteArray();
    }
    void hostileOptionsAreHeldToTheirRanges()
    {
        QFETCH(QByteArray, json);
        const QString place =
            folder() + QLatin1Char('/') + QString::fromLatin1(QTest::currentDataTag());
        QDir().mkpath(place);
        {
            HistorySession session(place);
            session.ask(QStringLiteral("a"), QStringLiteral("b"));
        }
        sqlValue(
            place + QStringLiteral("/history.sqlite"),
            QStringLiteral("UPDATE conversations SET options='%1'").arg(QString::fromLatin1(json)));
        HistorySession session(place);
        const Conversation& chat = *session.open(1);
        QCOMPARE(chat.turns().size(), size_t(1));
        QVERIFY(chat.options); // its own, or those of its last turn
        const AnswerOptions& read = *chat.options;
        QVERIFY(read.isLike(read.held()));
        QVERIFY(read.sampling.temperature >= 0 && read.sampling.temperature <= 2);
        QVERIFY(read.sampling.topP >= 0.05F && read.sampling.topP <= 1);
        QVERIFY(read.sampling.topK >= 0 && read.sampling.topK <= 200);
        QVERIFY(!read.sampling.seed);
        QVERIFY(read.longestAnswer >= read.thinkingBudget + answerReserve);
        QVERIFY(read.longestAnswer <= settings::longestAnswer.maximum);
        QVERIFY(read.systemPrompt.size() <= longestPrompt);
    }

    void historyOfVersion1()
    {
        takeVersion1();
        {
            HistorySession session(folder());
            QVERIFY(!session.store.trouble());
            QCOMPARE(session.store.access(), HistoryDatabase::Access::Full);
            QCOMPARE(session.book.count(), 5); // with the new empty one
            QCOMPARE(session.book.folders().size(), 2);
            QCOMPARE(session.book.folders().at(1).name, QStringLiteral("图像"));
            const Conversation* rings = openTitled(session, QStringLiteral("Rings"));
            QVERIFY(rings);
            QVERIFY(rings->head().pinned);
            QCOMPARE(rings->head().folder, session.book.folders().at(0).id);
            QCOMPARE(rings->allTurns().size(), size_t(3));
            QCOMPARE(rings->turns().size(), size_t(2));
            QCOMPARE(rings->turns()[0].answer.text, QStringLiteral("A ring 🐏."));
            QCOMPARE(rings->turns()[0].media.first().size, QSize(24, 18));
            QVERIFY(!rings->turns()[0].media.first().thumbnail.isNull());
            QCOMPARE(rings->turns()[1].answer.text, QStringLiteral("It shrinks."));
            QCOMPARE(rings->branchOf(rings->turns()[1].id).count, 2);
            QVERIFY(rings->turns()[1].media.first().isFilm());
            QCOMPARE(rings->turns()[1].media.first().frames, 5);
            // Its options are those of its last turn.
            AnswerOptions last = AnswerOptions::builtIn();
            last.sampling.enabled = true;
            last.sampling.temperature = 0.5F;
            last.sampling.topK = 40;
            last.sampling.seed = 42;
            last.thinking = true;
            last.thinkingBudget = 256;
            last.longestAnswer = 1024;
            last.systemPrompt = QStringLiteral("Be brief.");
            QVERIFY(rings->options && rings->options->isLike(last));
            const Conversation* story = openTitled(session, QStringLiteral("Tell me a story"));
            QVERIFY(story && story->options);
            QVERIFY(!story->options->sampling.seed); // it was drawn for that answer
            QCOMPARE(story->options->longestAnswer, 3008);
            const Conversation* failed = openTitled(session, QStringLiteral("Too much?"));
            QCOMPARE(failed->turns().front().answer.state, Answer::State::Failed);
            const Conversation* cut = openTitled(session, QStringLiteral("Long?"));
            QVERIFY(cut->turns().front().answer.interrupted);
            QCOMPARE(session.search(QStringLiteral("shrinks")).size(), 1);
            session.book.setOptions(story->id(), someOptions());
        }
        QCOMPARE(sqlValue(database(), QStringLiteral("PRAGMA user_version")).toInt(), 2);
        const QString backup = folder() + QStringLiteral("/history-before-2.sqlite");
        QCOMPARE(sqlValue(backup, QStringLiteral("PRAGMA user_version")).toInt(), 1);
        QCOMPARE(sqlValue(backup, QStringLiteral("SELECT count(*) FROM turns")).toInt(), 6);
        QCOMPARE(sqlValue(backup, QStringLiteral("SELECT count(*) FROM turn_media")).toInt(), 3);
        HistorySession session(folder());
        const Conversation* story = openTitled(session, QStringLiteral("Tell me a story"));
        QVERIFY(story->options->isLike(someOptions()));
    }

    void version1IsReadWhereNothingCanBeWritten()
    {
        takeVersion1();
        const bool isRoot = geteuid() == 0; // rights do not hold for it
        const auto readable = QFile::ReadOwner | QFile::ExeOwner | QFile::ReadGroup |
                              QFile::ExeGroup | QFile::ReadOther | QFile::ExeOther;
        QVERIFY(QFile::setPermissions(database(), readable));
        QVERIFY(QFile::setPermissions(m_dir.path(), readable | QFile::WriteOwner));
        QVERIFY(QFile::setPermissions(folder(), readable));
        if (isRoot)
            QCOMPARE(seteuid(65534), 0);
        const auto back = qScopeGuard([&] {
            if (isRoot)
                (void)seteuid(0);
            QFile::setPermissions(folder(), readable | QFile::WriteOwner);
        });
        HistorySession session(folder());
        QCOMPARE(session.store.access(), HistoryDatabase::Access::ReadOnly);
        const Conversation* rings = openTitled(session, QStringLiteral("Rings"));
        QVERIFY(rings);
        QCOMPARE(rings->turns().size(), size_t(2));
        QCOMPARE(rings->options->systemPrompt, QStringLiteral("Be brief."));
    }

    void version3IsReadOnlyAndKeepsWhatItHas()
    {
        {
            HistorySession session(folder());
            session.ask(QStringLiteral("a"), QStringLiteral("b"));
            session.book.setOptions(session.book.current().id(), someOptions());
        }
        sqlValue(database(), QStringLiteral("PRAGMA user_version=3"));
        {
            HistorySession session(folder());
            QCOMPARE(session.store.access(), HistoryDatabase::Access::ReadOnly);
            const Conversation& chat = *session.open(1);
            QVERIFY(chat.options->isLike(someOptions()));
            session.book.setOptions(chat.id(), AnswerOptions::builtIn());
        }
        QVERIFY(sqlValue(database(), QStringLiteral("SELECT options FROM conversations"))
                    .toString()
                    .contains(QStringLiteral("1.25")));
        // One that keeps them elsewhere can be read all the same.
        sqlValue(database(), QStringLiteral("ALTER TABLE conversations DROP COLUMN options"));
        HistorySession session(folder());
        QCOMPARE(session.open(1)->turns().size(), size_t(1));
        QVERIFY(session.book.current().options);
    }
};

QTEST_GUILESS_MAIN(TestHistoryOptions)
#include "tst_historyoptions.moc"
