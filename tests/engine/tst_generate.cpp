#include <QtTest>

#include "engine/generate.h"

using namespace argali;

// A model of eight ids that answers by a script: the choice after n generated ids is script[n].
class TestGenerate final : public QObject {
    Q_OBJECT
private slots:
    void stopsAtAStopId();
    void stopsAtTheLongestAnswer();
    void stopsAtTheEndOfTheContext();
    void stopsWhenToldTo();
    void stopsInsideAStep();
    void budget_data();
    void budget();
    void budgetThatEndsTogetherWithTheThinking();
    void thinkingThatClosesEarlyForcesNothing();
    void stopIdBeforeTheBudgetEnds();
    void forcedIdsAreCutAtTheLongestAnswer();
    void answerNowIsABudgetThatEndsThere_data();
    void answerNowIsABudgetThatEndsThere();
    void answerNowAfterTheThinkingChangesNothing();
};

namespace {

constexpr int vocabulary = 8;
constexpr int32_t stopId = 7;
constexpr int32_t thinkEnd = 6;
const std::vector<int32_t> closing{5, 5, thinkEnd, 4};

Tensor logitsFor(int32_t id)
{
    Tensor logits = hostTensor(DType::F32, {1, vocabulary});
    std::fill_n(logits.as<float>(), vocabulary, 0.F);
    logits.as<float>()[id] = 1;
    return logits;
}

struct Script {
    std::vector<int32_t> ids; ///< what the model would choose after so many ids; the last repeats
    std::vector<std::vector<int32_t>> fed; ///< what each step was given

    int32_t at(size_t n) const { return ids[std::min(n, ids.size() - 1)]; }

    Generated run(StopRules rules, std::stop_token stop = {}, const IdSink& sink = {})
    {
        rules.stopIds = {stopId};
        rules.thinking.endId = thinkEnd;
        rules.thinking.closingIds = closing;
        if (rules.contextLeft == 0)
            rules.contextLeft = 1000;
        Sampler sampler({});
        size_t position = 0;
        const auto step = [&](std::span<const int32_t> given) {
            fed.emplace_back(given.begin(), given.end());
            position += given.size();
            return stop.stop_requested() ? Next{} : Next{logitsFor(at(position)), {}};
        };
        return generateIds({logitsFor(at(0)), {}}, rules, sampler, step, stop, sink);
    }
};

StopRules longest(int64_t tokens, int64_t budget = 0)
{
    StopRules rules;
    rules.maxNewTokens = tokens;
    rules.thinkingBudget = budget;
    return rules;
}

} // namespace

void TestGenerate::stopsAtAStopId()
{
    Script script{{1, 2, stopId, 3}, {}};
    const Generated result = script.run(longest(10));
    QCOMPARE(result.ids, (std::vector<int32_t>{1, 2, stopId}));
    QCOMPARE(result.reason, FinishReason::Stop);
    QCOMPARE(script.fed.size(), size_t(2)); // the stop id is not fed back
}

void TestGenerate::stopsAtTheLongestAnswer()
{
    Script script{{1}, {}};
    const Generated result = script.run(longest(3));
    QCOMPARE(result.ids, (std::vector<int32_t>{1, 1, 1}));
    QCOMPARE(result.reason, FinishReason::Length);
    QVERIFY(!result.contextReached);
    QCOMPARE(script.fed.size(), size_t(2)); // nothing is computed after the last id
}

void TestGenerate::stopsAtTheEndOfTheContext()
{
    Script script{{1}, {}};
    StopRules rules = longest(10);
    rules.contextLeft = 4;
    const Generated result = script.run(rules);
    QCOMPARE(result.ids.size(), size_t(4));
    QCOMPARE(result.reason, FinishReason::Length);
    QVERIFY(result.contextReached);
}

void TestGenerate::stopsWhenToldTo()
{
    std::stop_source stop;
    Script script{{1}, {}};
    const Generated result =
        script.run(longest(100), stop.get_token(), [&](int32_t, int64_t count) {
            if (count == 5)
                stop.request_stop();
        });
    QCOMPARE(result.ids.size(), size_t(5));
    QCOMPARE(result.reason, FinishReason::Cancelled);
}

void TestGenerate::stopsInsideAStep()
{
    Sampler sampler({});
    StopRules rules = longest(100);
    rules.contextLeft = 1000;
    const Generated result = generateIds({logitsFor(1), {}}, rules, sampler,
                                         [](std::span<const int32_t>) { return Next{}; }, {}, {});
    QCOMPARE(result.ids, (std::vector<int32_t>{1}));
    QCOMPARE(result.reason, FinishReason::Cancelled);
}

void TestGenerate::budget_data()
{
    QTest::addColumn<int>("budget");
    for (const int budget : {1, 16, 128})
        QTest::addRow("%d", budget) << budget;
}

void TestGenerate::budget()
{
    QFETCH(int, budget);
    Script script{std::vector<int32_t>(static_cast<size_t>(budget) + closing.size(), 1), {}};
    script.ids.insert(script.ids.end(), {2, 3, stopId});
    const Generated result = script.run(longest(budget + 100, budget));
    std::vector<int32_t> expected(static_cast<size_t>(budget), 1);
    expected.insert(expected.end(), closing.begin(), closing.end());
    expected.insert(expected.end(), {2, 3, stopId});
    QCOMPARE(result.ids, expected);
    QCOMPARE(result.forcedIds, int64_t(closing.size()));
    QCOMPARE(result.reason, FinishReason::Stop);
    QCOMPARE(script.fed[static_cast<size_t>(budget)], closing); // one pass over all of them
}

void TestGenerate::budgetThatEndsTogetherWithTheThinking()
{
    Script script{{1, 1, thinkEnd, 2, stopId}, {}};
    const Generated result = script.run(longest(50, 3));
    QCOMPARE(result.ids, script.ids);
    QCOMPARE(result.forcedIds, int64_t(0));
}

void TestGenerate::thinkingThatClosesEarlyForcesNothing()
{
    Script script{{1, thinkEnd, 2, 2, 2, 2, stopId}, {}};
    const Generated result = script.run(longest(50, 4));
    QCOMPARE(result.ids, script.ids);
    QCOMPARE(result.forcedIds, int64_t(0));
}

void TestGenerate::stopIdBeforeTheBudgetEnds()
{
    Script script{{1, stopId}, {}};
    QCOMPARE(script.run(longest(50, 4)).ids, script.ids);
}

void TestGenerate::forcedIdsAreCutAtTheLongestAnswer()
{
    Script script{{1}, {}};
    const Generated result = script.run(longest(4, 2));
    QCOMPARE(result.ids, (std::vector<int32_t>{1, 1, closing[0], closing[1]}));
    QCOMPARE(result.reason, FinishReason::Length);
    Script larger{{1}, {}};
    QCOMPARE(larger.run(longest(4, 9)).ids.size(),
             size_t(4)); // a budget beyond the longest answer never ends
}

void TestGenerate::answerNowIsABudgetThatEndsThere_data()
{
    QTest::addColumn<int>("askedAfter"); // ids; 0: before the first, which then still comes
    QTest::addColumn<int>("budget");     // of the request that is asked
    for (const int after : {0, 1, 5, 127}) {
        for (const int budget : {0, 128})
            QTest::addRow("after %d of %d", after, budget) << after << budget;
    }
}

void TestGenerate::answerNowIsABudgetThatEndsThere()
{
    QFETCH(int, askedAfter);
    QFETCH(int, budget);
    const int thought = std::max(1, askedAfter);
    std::vector<int32_t> ids(static_cast<size_t>(thought) + closing.size(), 1);
    ids.insert(ids.end(), {2, 3, stopId});
    Script budgeted{ids, {}};
    const Generated expected = budgeted.run(longest(500, thought));
    QCOMPARE(expected.forcedIds, int64_t(closing.size()));
    QVERIFY(!expected.answeredNow);

    std::stop_source now;
    StopRules rules = longest(500, budget);
    rules.answerNow = now.get_token();
    if (askedAfter == 0)
        now.request_stop();
    Script asked{ids, {}};
    const Generated result = asked.run(rules, {}, [&](int32_t, int64_t count) {
        if (count == askedAfter)
            now.request_stop();
    });
    QCOMPARE(result.ids, expected.ids);
    QCOMPARE(asked.fed, budgeted.fed);
    QCOMPARE(result.forcedIds, expected.forcedIds);
    QCOMPARE(result.thoughtIds, int64_t(thought));
    QCOMPARE(result.reason, FinishReason::Stop);
    QVERIFY(result.answeredNow);
}

void TestGenerate::answerNowAfterTheThinkingChangesNothing()
{
    std::stop_source now;
    StopRules rules = longest(50);
    rules.answerNow = now.get_token();
    Script script{{1, thinkEnd, 2, 2, stopId}, {}};
    const Generated result = script.run(rules, {}, [&](int32_t, int64_t count) {
        if (count == 3)
            now.request_stop();
    });
    QCOMPARE(result.ids, script.ids);
    QCOMPARE(result.forcedIds, int64_t(0));
    QVERIFY(!result.answeredNow);
}

QTEST_APPLESS_MAIN(TestGenerate)
#include "tst_generate.moc"
