#include <QtTest>

#include <nlohmann/json.hpp>

#include "engine/remote/answerstream.h"
#include "engine/remote/thinkingbudget.h"

using namespace argali::remote;
using Action = ThinkingBudget::Action;

class TestThinkingBudget final : public QObject {
    Q_OBJECT
private slots:
    void whoHoldsIt();
    void stopsAtTheBudget();
    void countsWhatTheServerCounts();
    void estimatesByCharactersToo();
    void aBudgetOfNothing();
    void asksTheServerToEnd();
    void nobodyHoldsIt();
    void findsOutWhoBreaksTheirWord();
    void leavesAnswersAlone();
    void fromTheStreamToTheNextRequest();
};

namespace {

ThinkingDelta thought(std::string text)
{
    return {std::move(text), 0};
}

UsageDelta completed(int64_t tokens)
{
    UsageDelta usage;
    usage.completionTokens = tokens;
    return usage;
}

} // namespace

void TestThinkingBudget::whoHoldsIt()
{
    QCOMPARE(budgetHolder(Dialect::Vllm, {}), BudgetHolder::Server);
    QCOMPARE(budgetHolder(Dialect::Argali, {}), BudgetHolder::Server);
    QCOMPARE(budgetHolder(Dialect::Vllm, {RequestPart::ThinkingBudget}), BudgetHolder::Client);
    QCOMPARE(budgetHolder(Dialect::Vllm, {RequestPart::ThinkingBudget, RequestPart::Continuation}),
             BudgetHolder::Nobody);
    QCOMPARE(budgetHolder(Dialect::LlamaServer, {}), BudgetHolder::Control);
    QCOMPARE(budgetHolder(Dialect::LlamaServer, {RequestPart::ThinkingSwitch}),
             BudgetHolder::Nobody);
    for (const Dialect dialect :
         {Dialect::LmDeploy, Dialect::Ollama, Dialect::LmStudio, Dialect::Plain})
        QCOMPARE(budgetHolder(dialect, {}), BudgetHolder::Nobody);
}

void TestThinkingBudget::stopsAtTheBudget()
{
    ThinkingBudget budget(10, BudgetHolder::Client, true);
    for (int i = 0; i < 9; ++i)
        QCOMPARE(budget.take(thought("a")), Action::None);
    QCOMPARE(budget.take(thought("b")), Action::StopStream);
    QCOMPARE(budget.tokens(), 10);
    QVERIFY(budget.isEstimate());
    QVERIFY(!budget.isBroken());
    QCOMPARE(budget.continuation().thinking, std::string("aaaaaaaaab"));
    QVERIFY(budget.continuation().thinkingIsOver);
    QCOMPARE(budget.take(thought("c")), Action::None); // once
}

void TestThinkingBudget::countsWhatTheServerCounts()
{
    ThinkingBudget budget(10, BudgetHolder::Client, true);
    QCOMPARE(budget.take(thought(std::string(200, 'x'))), Action::StopStream); // about 50 tokens

    ThinkingBudget counted(10, BudgetHolder::Client, true);
    QCOMPARE(counted.take(completed(0)), Action::None);
    QCOMPARE(counted.take(thought(std::string(200, 'x'))), Action::None); // the server knows better
    QCOMPARE(counted.take(completed(9)), Action::None);
    QVERIFY(!counted.isEstimate());
    QCOMPARE(counted.take(completed(10)), Action::StopStream);
    QCOMPARE(counted.tokens(), 10);

    // At the end the server may tell thinking from the rest.
    ThinkingBudget ended(10, BudgetHolder::Nobody, false);
    ended.take(thought("x"));
    ended.take(TextDelta{"answer"});
    ended.take(completed(500)); // not all of it thinking
    QCOMPARE(ended.tokens(), 1);
    UsageDelta usage = completed(500);
    usage.thinkingTokens = 7;
    ended.take(usage);
    QCOMPARE(ended.tokens(), 7);
    QVERIFY(!ended.isEstimate());
}

void TestThinkingBudget::estimatesByCharactersToo()
{
    ThinkingBudget english(1000, BudgetHolder::Client, true);
    english.take(thought(std::string(400, 'x')));
    QCOMPARE(english.tokens(), 100);
    ThinkingBudget chinese(1000, BudgetHolder::Client, true);
    std::string text;
    for (int i = 0; i < 100; ++i)
        text += "\xE7\x8C\xAB";
    chinese.take(thought(text));
    QCOMPARE(chinese.tokens(), 75);
    // Many short pieces are as many tokens.
    ThinkingBudget pieces(1000, BudgetHolder::Client, true);
    for (int i = 0; i < 100; ++i)
        pieces.take(thought("x"));
    QCOMPARE(pieces.tokens(), 100);
}

void TestThinkingBudget::aBudgetOfNothing()
{
    for (const int64_t tokens : {int64_t(0), int64_t(-5)}) {
        ThinkingBudget budget(tokens, BudgetHolder::Client, true);
        QCOMPARE(budget.take(ProgressDelta{1, 2}), Action::None); // before it thinks
        QCOMPARE(budget.take(completed(0)), Action::None);
        QCOMPARE(budget.take(thought("x")), Action::StopStream);
    }
}

void TestThinkingBudget::asksTheServerToEnd()
{
    ThinkingBudget budget(2, BudgetHolder::Control, false);
    QCOMPARE(budget.take(thought("a")), Action::None);
    QCOMPARE(budget.take(thought("b")), Action::EndThinking);
    QCOMPARE(budget.take(thought("c")), Action::None);
    QCOMPARE(budget.take(TextDelta{"x"}), Action::None);
    QVERIFY(!budget.isBroken());
}

void TestThinkingBudget::nobodyHoldsIt()
{
    ThinkingBudget budget(2, BudgetHolder::Nobody, false);
    for (int i = 0; i < 100; ++i)
        QCOMPARE(budget.take(thought("a")), Action::None);
    QVERIFY(budget.isBroken());
}

void TestThinkingBudget::findsOutWhoBreaksTheirWord()
{
    // Some over it is what an estimate may be off.
    ThinkingBudget kept(100, BudgetHolder::Server, true);
    for (int i = 0; i < 132; ++i)
        QCOMPARE(kept.take(thought("a")), Action::None);
    QVERIFY(!kept.isBroken());
    QCOMPARE(kept.take(thought("a")), Action::StopStream);
    QVERIFY(kept.isBroken());

    ThinkingBudget counted(100, BudgetHolder::Server, true);
    counted.take(thought("a"));
    QCOMPARE(counted.take(completed(108)), Action::None);
    QVERIFY(!counted.isBroken());
    QCOMPARE(counted.take(completed(109)), Action::StopStream);
    QVERIFY(counted.isBroken());

    // Where nothing can be continued it is only said.
    ThinkingBudget helpless(100, BudgetHolder::Server, false);
    for (int i = 0; i < 500; ++i)
        QCOMPARE(helpless.take(thought("a")), Action::None);
    QVERIFY(helpless.isBroken());
}

void TestThinkingBudget::leavesAnswersAlone()
{
    ThinkingBudget budget(10, BudgetHolder::Client, true);
    for (int i = 0; i < 9; ++i)
        budget.take(thought("a"));
    QCOMPARE(budget.take(TextDelta{"The answer"}), Action::None);
    QCOMPARE(budget.take(completed(1000)), Action::None);
    for (int i = 0; i < 50; ++i)
        QCOMPARE(budget.take(thought("b")), Action::None); // a second block, after text
    ThinkingBudget none(0, BudgetHolder::Client, true);
    QCOMPARE(none.take(TextDelta{"The answer"}), Action::None);
    QCOMPARE(none.take(FinishDelta{}), Action::None);
}

/// vLLM without a reasoning parser: it refuses the budget, so we count, stop, and go on from a
/// closed block.
void TestThinkingBudget::fromTheStreamToTheNextRequest()
{
    RemoteItem item;
    item.text = "How many cats?";
    const std::vector<RemoteMessage> messages{{RemoteMessage::Role::User, {item}}};
    RemoteOptions options;
    options.model = "ovis";
    options.thinking = RemoteOptions::Thinking::On;
    options.thinkingBudget = 5;
    const RequestParts refused{RequestPart::ThinkingBudget};
    ThinkingBudget budget(*options.thinkingBudget, budgetHolder(Dialect::Vllm, refused), true);
    AnswerStream stream;
    int chunks = 0;
    Action action = Action::None;
    while (action == Action::None && chunks < 100) {
        const nlohmann::json chunk{
            {"choices", {{{"delta", {{"content", chunks == 0 ? "<think>" : " cat"}}}}}}};
        ++chunks;
        for (const AnswerDelta& delta : stream.push("data: " + chunk.dump() + "\n\n"))
            if (action == Action::None)
                action = budget.take(delta);
    }
    QCOMPARE(action, Action::StopStream);
    QCOMPARE(chunks, 6);
    options.continuation = budget.continuation();
    options.thinkingBudget.reset();
    const auto body =
        nlohmann::json::parse(chatBody(messages, options, Dialect::Vllm, refused).json);
    QCOMPARE(body["messages"][1]["content"],
             nlohmann::json("<think>\ncat cat cat cat cat\n</think>\n\n"));
    QCOMPARE(body["continue_final_message"], nlohmann::json(true));
}

QTEST_APPLESS_MAIN(TestThinkingBudget)
#include "tst_thinkingbudget.moc"
