#include <QSignalSpy>
#include <QTest>

#include "gui/chat/turncontroller.h"
#include "tests/support/fakereplysource.h"

using namespace argali;
using namespace argali::gui;

namespace {
const QString model = QStringLiteral("Any-1B");
Draft question(const char* text)
{
    return {QString::fromUtf8(text), {}};
}
} // namespace

class TestTurnController final : public QObject {
    Q_OBJECT
private slots:
    void answerIsStored()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        QSignalSpy text(&turns, &TurnController::textAppended);
        QSignalSpy finished(&turns, &TurnController::finished);
        const quint64 id = turns.send(question("What?"), {}, model);
        QVERIFY(turns.isBusy());
        QCOMPARE(source.lastTurn(), id);
        source.write(id, QStringLiteral("A "));
        source.write(id, QStringLiteral("ring. "));
        source.finish(id, QStringLiteral("A ring."));
        QVERIFY(!turns.isBusy());
        QCOMPARE(text.count(), 2);
        QCOMPARE(finished.count(), 1);
        const Turn& turn = book.current().turns().back();
        QCOMPARE(turn.answer.text, QStringLiteral("A ring."));
        QCOMPARE(turn.answer.state, Answer::State::Finished);
        QCOMPARE(turn.model, model);
    }

    void thinkingComesApart()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        QSignalSpy thought(&turns, &TurnController::thinkingAppended);
        QSignalSpy done(&turns, &TurnController::thinkingFinished);
        AnswerOptions options;
        options.thinking = true;
        options.thinkingBudget = 128;
        const quint64 id = turns.send(question("?"), options, model);
        source.think(id, QStringLiteral("Hm, "), 2);
        source.think(id, QStringLiteral("a ring"), 128);
        QCOMPARE(done.count(), 0);
        source.write(id, QStringLiteral("A ring."), 140);
        QCOMPARE(done.count(), 1);
        QCOMPARE(thought.count(), 2);
        ChatResult result;
        result.text = "A ring.";
        result.thinking = "Hm, a ring";
        result.budgetReached = true;
        result.usage.thinkingTokens = 128;
        source.finish(id, result);
        const Answer& answer = book.current().turns().back().answer;
        QCOMPARE(answer.thinking, QStringLiteral("Hm, a ring"));
        QCOMPARE(answer.thinkingTokens, 128);
        QVERIFY(answer.budgetReached);
        QVERIFY(answer.thinkingDone);
        QCOMPARE(answer.text, QStringLiteral("A ring."));
    }

    void textThatWasThinking()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        QSignalSpy back(&turns, &TurnController::textTakenBack);
        QSignalSpy done(&turns, &TurnController::thinkingFinished);
        QSignalSpy rewritten(&turns, &TurnController::rewritten);
        AnswerOptions options;
        options.thinking = true;
        const quint64 id = turns.send(question("?"), options, model);
        source.write(id, QStringLiteral("Hm, a"));
        QTest::qWait(20);
        source.takeTextBack(id);
        source.think(id, QStringLiteral("Hm, a ring"), 5);
        const Answer& answer = book.current().turns().back().answer;
        QCOMPARE(back.count(), 1);
        QCOMPARE(answer.text, QString());
        QCOMPARE(answer.thinking, QStringLiteral("Hm, a ring"));
        QCOMPARE(answer.state, Answer::State::Thinking);
        QVERIFY(!answer.thinkingDone);
        source.write(id, QStringLiteral("A ring."));
        QCOMPARE(done.count(), 1);
        QVERIFY(answer.thinkingMs >= 20); // it began with the first word
        QCOMPARE(answer.text, QStringLiteral("A ring."));
        ChatResult result;
        result.text = "A ring.";
        result.thinking = "Hm, a ring";
        source.finish(id, result);
        QCOMPARE(rewritten.count(), 0);
        source.takeTextBack(id); // late
        QCOMPARE(answer.text, QStringLiteral("A ring."));
    }

    void thinkingThatIsNeverClosedIsTheAnswer()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        QSignalSpy rewritten(&turns, &TurnController::rewritten);
        const quint64 id = turns.send(question("?"), {}, model);
        source.think(id, QStringLiteral("Hm"));
        source.finish(id, QStringLiteral("<think>Hm"), FinishReason::Length);
        QCOMPARE(rewritten.count(), 1);
        const Answer& answer = book.current().turns().back().answer;
        QCOMPARE(answer.text, QStringLiteral("<think>Hm"));
        QCOMPARE(answer.thinking, QString());
        QVERIFY(!answer.thinkingDone);
        const quint64 stopped = turns.send(question("?"), {}, model);
        source.think(stopped, QStringLiteral("Hm"));
        source.finish(stopped, QStringLiteral("<think>Hm"), FinishReason::Cancelled);
        QCOMPARE(rewritten.count(), 1);
        QCOMPARE(book.current().find(stopped)->answer.thinking, QStringLiteral("Hm"));
    }

    void stopKeepsWhatWasWritten()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        const quint64 id = turns.send(question("?"), {}, model);
        source.write(id, QStringLiteral("Half an ans"));
        turns.stop();
        QCOMPARE(source.cancels, 1);
        source.write(id, QStringLiteral("wer")); // was on its way already
        source.finish(id, QStringLiteral("Half"), FinishReason::Cancelled);
        QVERIFY(!turns.isBusy());
        const Answer& answer = book.current().turns().back().answer;
        QCOMPARE(answer.text, QStringLiteral("Half an answer"));
        QCOMPARE(answer.finishReason, FinishReason::Cancelled);
        turns.stop(); // nothing runs
        QCOMPARE(source.cancels, 1);
    }

    void lateSignalsAreIgnored()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        const quint64 first = turns.send(question("first"), {}, model);
        source.write(first, QStringLiteral("one"));
        const quint64 second = turns.send(question("second"), {}, model); // ends the first
        QCOMPARE(source.cancels, 1);
        source.write(first, QStringLiteral(" two"));
        source.think(first, QStringLiteral("late"));
        source.finish(first, QStringLiteral("late"));
        source.fail(first, Failure(Error::Code::Device, {}));
        source.report(first, {});
        QCOMPARE(turns.currentTurn(), second);
        QCOMPARE(book.current().find(first)->answer.text, QStringLiteral("one"));
        QCOMPARE(book.current().find(first)->answer.finishReason, FinishReason::Cancelled);
        source.finish(second, QStringLiteral("done"));
        source.finish(second, QStringLiteral("again"));
        source.write(77, QStringLiteral("nobody's"));
        QCOMPARE(book.current().find(second)->answer.text, QStringLiteral("done"));
    }

    void failureGivesTheDraftBack()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        Draft given;
        connect(&turns, &TurnController::failed, this,
                [&](quint64, const Draft& draft) { given = draft; });
        QSignalSpy removed(&turns, &TurnController::removed);
        MediaFile file;
        file.path = QStringLiteral("/tmp/a.png");
        const quint64 id = turns.send({QStringLiteral("What?"), {file}}, {}, model);
        source.fail(id, Failure(Error::Code::ContextOverflow, QStringLiteral("5000 of 4096")));
        QCOMPARE(given.text, QStringLiteral("What?"));
        QCOMPARE(given.media.size(), 1);
        QCOMPARE(book.current().turns().back().answer.state, Answer::State::Failed);
        QCOMPARE(removed.count(), 0);
        // Asked again, it takes the failed one's place and the failed one is not told to the model.
        const quint64 again = turns.send({QStringLiteral("What?"), {}}, {}, model);
        QCOMPARE(removed.count(), 1);
        QCOMPARE(removed.first().first().toULongLong(), id);
        QCOMPARE(book.current().turns().size(), size_t(1));
        QCOMPARE(source.requests.back().messages.size(), size_t(1));
        // In the middle of an answer the question stays where it is.
        source.write(again, QStringLiteral("It is"));
        source.fail(again, Failure(Error::Code::Device, {}));
        QVERIFY(given.isEmpty());
        QCOMPARE(book.current().turns().back().answer.text, QStringLiteral("It is"));
    }

    void regenerateTakesTheLastOnesPlace()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        source.finish(turns.send(question("a"), {}, model), QStringLiteral("1"));
        const quint64 last = turns.send(question("b"), {}, model);
        source.finish(last, QStringLiteral("2"));
        const quint64 again = turns.regenerate(last, {}, model);
        QVERIFY(again > last);
        QCOMPARE(book.current().turns().size(), size_t(2));
        QCOMPARE(source.requests.back().messages.size(), size_t(3));
        QCOMPARE(source.requests.back().messages.back().content.back().text, std::string("b"));
        source.finish(again, QStringLiteral("3"));
        QCOMPARE(book.current().turns().back().answer.text, QStringLiteral("3"));
        QCOMPARE(turns.regenerate(999, {}, model), quint64(0));
    }

    void regenerateWhileItRuns()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        const quint64 id = turns.send(question("a"), {}, model);
        source.write(id, QStringLiteral("x"));
        const quint64 again = turns.regenerate(id, {}, model);
        source.finish(id, QStringLiteral("old"));
        QCOMPARE(turns.currentTurn(), again);
        source.finish(again, QStringLiteral("new"));
        QCOMPARE(book.current().turns().size(), size_t(1));
        QCOMPARE(book.current().turns().back().answer.text, QStringLiteral("new"));
        QCOMPARE(book.current().find(id)->answer.text, QStringLiteral("x")); // beside it
    }

    void regenerateOfAnEarlierTurnLosesNothing()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        const quint64 first = turns.send(question("a"), {}, model);
        source.finish(first, QStringLiteral("1"));
        source.finish(turns.send(question("b"), {}, model), QStringLiteral("2"));
        const quint64 again = turns.regenerate(first, {}, model);
        QCOMPARE(book.count(), 1);
        QCOMPARE(book.current().turns().size(), size_t(1));
        QCOMPARE(book.current().allTurns().size(), size_t(3));
        QCOMPARE(source.requests.back().messages.size(), size_t(1));
        source.finish(again, QStringLiteral("3"));
        QSignalSpy removed(&turns, &TurnController::removed);
        QSignalSpy shown(&turns, &TurnController::shown);
        QVERIFY(!turns.showSibling(again, 1));
        QVERIFY(turns.showSibling(again, -1));
        QCOMPARE(removed.count(), 1);
        QCOMPARE(removed.first().first().toULongLong(), again);
        QCOMPARE(shown.count(), 2); // the old one and what followed it
        QCOMPARE(book.current().turns().back().answer.text, QStringLiteral("2"));
        QVERIFY(turns.showSibling(first, 1));
        QCOMPARE(book.current().turns().back().answer.text, QStringLiteral("3"));
    }

    void editAsksOtherwise()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        const quint64 first = turns.send(question("a"), {}, model);
        source.finish(first, QStringLiteral("1"));
        source.finish(turns.send(question("b"), {}, model), QStringLiteral("2"));
        QSignalSpy changed(&turns, &TurnController::branchesChanged);
        const quint64 edited = turns.edit(first, question("a, otherwise"), {}, model);
        QCOMPARE(changed.last().first().toULongLong(), edited);
        QCOMPARE(book.current().branchOf(edited).number, 2);
        QCOMPARE(book.current().branchOf(edited).count, 2);
        QCOMPARE(source.requests.back().messages.back().content.back().text,
                 std::string("a, otherwise"));
        QCOMPARE(turns.edit(999, question("x"), {}, model), quint64(0));
        source.finish(edited, QStringLiteral("3"));
        // What goes on now goes on from the edited one.
        turns.send(question("c"), {}, model);
        QCOMPARE(source.requests.back().messages.size(), size_t(3));
    }

    void answerGoesOnInAHiddenBranch()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        const quint64 first = turns.send(question("a"), {}, model);
        source.finish(first, QStringLiteral("1"));
        const quint64 again = turns.regenerate(first, {}, model);
        source.write(again, QStringLiteral("half"));
        turns.showSibling(again, -1);
        source.write(again, QStringLiteral(" and whole"));
        source.finish(again, QStringLiteral("half and whole"));
        QCOMPARE(book.current().turns().back().id, first);
        QCOMPARE(book.current().find(again)->answer.text, QStringLiteral("half and whole"));
    }

    void removedTurnComesBack()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        const quint64 first = turns.send(question("a"), {}, model);
        source.finish(first, QStringLiteral("1"));
        const quint64 second = turns.send(question("b"), {}, model);
        source.finish(second, QStringLiteral("2"));
        QSignalSpy stored(&book, &ConversationBook::turnChanged);
        QSignalSpy gone(&book, &ConversationBook::turnRemoved);
        QSignalSpy shown(&turns, &TurnController::shown);
        QVERIFY(turns.remove(first));
        QCOMPARE(gone.count(), 1);
        QCOMPARE(shown.count(), 1);
        QCOMPARE(book.current().turns().size(), size_t(1));
        QVERIFY(turns.undoRemove());
        QVERIFY(!turns.undoRemove());
        QCOMPARE(book.current().turns().size(), size_t(2));
        QCOMPARE(book.current().turns().front().id, first);
        QVERIFY(stored.count() > 0);
        const quint64 running = turns.send(question("c"), {}, model);
        QVERIFY(turns.remove(running)); // ends it, too
        QVERIFY(!turns.isBusy());
        turns.forgetRemoved();
        QVERIFY(!turns.undoRemove());
        QVERIFY(!turns.remove(999));
    }

    void answerGoesToTheChatThatAsked()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        const quint64 id = turns.send(question("a"), {}, model);
        book.startNew();
        source.write(id, QStringLiteral("still"));
        source.finish(id, QStringLiteral("still here"));
        QVERIFY(book.current().isEmpty());
        QCOMPARE(book.at(1).turns().back().answer.text, QStringLiteral("still here"));
    }

    void chatRemovedWhileItAnswers()
    {
        ConversationBook book;
        FakeReplySource source;
        TurnController turns(book, source);
        const quint64 id = turns.send(question("a"), {}, model);
        book.remove(0);
        source.write(id, QStringLiteral("x"));
        source.finish(id, QStringLiteral("x"));
        QVERIFY(!turns.isBusy());
        QVERIFY(book.current().isEmpty());
    }
};

QTEST_MAIN(TestTurnController)
#include "tst_turncontroller.moc"
