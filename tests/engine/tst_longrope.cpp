#include <cmath>

#include <QtTest>

#include "engine/engine.h"
#include "engine/layers/kvcache.h"
#include "engine/layers/ropescaling.h"
#include "tests/support/modelfolder.h"

using namespace argali;
using namespace argali::test;

// Positions of a long conversation are turned by other factors than those of a short one. What was
// computed for the short one is of no use then: an answer is that of a model that reads the whole
// conversation anew.
class TestLongRope final : public QObject {
    Q_OBJECT
private slots:
    void countsWhatIsUsable();
    void readsAnewWhatGrewLong_data();
    void readsAnewWhatGrewLong();
    void keepsWhatStaysShort();
    void growsLongInAnAnswer();
};

namespace {

struct Answer {
    std::vector<int32_t> ids;
    std::vector<double> scores;
    int64_t prompt = 0;
    int64_t computed = 0;
};

/// Phi-3 in small, whose long positions begin behind this many.
class Small final {
public:
    explicit Small(int64_t length) : m_folder("internvl2-tiny-phi3")
    {
        m_folder.changeJson("config.json", [&](nlohmann::json& config) {
            config["llm_config"]["original_max_position_embeddings"] = length;
        });
        OpenOptions options;
        options.device = "cpu";
        options.dtype = DType::F32;
        options.context = 2048;
        m_model = openModel(m_folder.path(), options, {});
    }

    Answer ask(ChatRequest request)
    {
        Answer answer;
        request.scores = [&](const TokenScore& score) {
            answer.scores.push_back(score.chosen.logProbability);
        };
        const int64_t expected = m_model->cost(request).newTokens;
        const ChatResult result = m_model->generate(request, {}, {}, {});
        if (result.usage.computedTokens != expected)
            qFatal("%lld of the prompt were computed, %lld were told",
                   (long long)result.usage.computedTokens, (long long)expected);
        answer.ids = result.ids;
        answer.prompt = result.usage.promptTokens;
        answer.computed = result.usage.computedTokens;
        return answer;
    }

private:
    ModelFolder m_folder;
    std::unique_ptr<Model> m_model;
};

Message said(Message::Role role, const std::string& text)
{
    ContentItem item;
    item.text = text;
    return {role, {item}};
}

ChatRequest first(int tokens)
{
    ChatRequest request;
    request.messages = {said(Message::Role::User, "Hello")};
    request.maxNewTokens = tokens;
    request.sampling = Sampling{};
    return request;
}

/// The next question, behind an answer.
ChatRequest second()
{
    ChatRequest request = first(5);
    request.messages.push_back(said(Message::Role::Assistant, "It is a tuple."));
    request.messages.push_back(
        said(Message::Role::User, "And what else is there to be said about it?"));
    return request;
}

bool isSame(const Answer& a, const Answer& b)
{
    if (a.ids != b.ids || a.scores.size() != b.scores.size())
        return false;
    for (size_t i = 0; i < a.scores.size(); ++i)
        if (!(std::abs(a.scores[i] - b.scores[i]) < 1e-5))
            return false;
    return !a.ids.empty();
}

/// Positions of the first and the second prompt.
std::pair<int64_t, int64_t> lengths()
{
    Small model(4096);
    const int64_t one = model.ask(first(4)).prompt;
    return {one, model.ask(second()).prompt};
}

} // namespace

void TestLongRope::countsWhatIsUsable()
{
    Rope a, b;
    a.theta = 1;
    b.theta = 2;
    KvCache cache({}, {1, 100, 2, DType::F32});
    cache.setRope(a);
    cache.countAdvance(10);
    QCOMPARE(cache.turnedBy(a), int64_t(10));
    QCOMPARE(cache.turnedBy(b), int64_t(0));
    cache.setRope(a);
    cache.countAdvance(5);
    QCOMPARE(cache.turnedBy(a), int64_t(15));
    cache.setRope(b);
    QCOMPARE(cache.turnedBy(a), int64_t(15));
    cache.countAdvance(5);
    QCOMPARE(cache.turnedBy(a), int64_t(15));
    QCOMPARE(cache.turnedBy(b), int64_t(0));
    cache.setRope(a);
    cache.countAdvance(5);
    QCOMPARE(cache.turnedBy(a), int64_t(15)); // those behind others saw them
    cache.truncate(17);
    QCOMPARE(cache.turnedBy(a), int64_t(15));
    cache.truncate(12);
    QCOMPARE(cache.turnedBy(a), int64_t(12));
    cache.setRope(a);
    cache.countAdvance(8);
    QCOMPARE(cache.turnedBy(a), int64_t(20));
    cache.truncate(0);
    cache.setRope(b);
    cache.countAdvance(3);
    QCOMPARE(cache.turnedBy(a), int64_t(0));
    QCOMPARE(cache.turnedBy(b), int64_t(3));
}

void TestLongRope::readsAnewWhatGrewLong_data()
{
    QTest::addColumn<int>("more"); // positions beyond the first prompt
    QTest::newRow("between the questions") << 0;
    QTest::newRow("in the answer") << 2;
}

void TestLongRope::readsAnewWhatGrewLong()
{
    QFETCH(int, more);
    const auto [one, two] = lengths();
    const int64_t length = more > 0 ? one + more : two - 1;
    Small model(length), fresh(length);
    const Answer before = model.ask(first(6));
    const Answer answer = model.ask(second());
    QVERIFY(answer.prompt > length);
    QCOMPARE(answer.computed, answer.prompt);
    QVERIFY(isSame(answer, fresh.ask(second())));
    // And back: what is short again is turned as short ones are.
    const Answer again = model.ask(first(6));
    QCOMPARE(again.computed, again.prompt);
    QVERIFY(isSame(again, before));
}

void TestLongRope::keepsWhatStaysShort()
{
    const auto [one, two] = lengths();
    Small model(two + 50), fresh(two + 50);
    model.ask(first(6));
    const Answer answer = model.ask(second());
    QVERIFY(answer.computed < answer.prompt);
    QVERIFY(isSame(answer, fresh.ask(second())));
    // Long from the beginning, too: nothing changes.
    Small longer(one - 1);
    longer.ask(first(6));
    const Answer reused = longer.ask(second());
    QVERIFY(reused.computed < reused.prompt);
}

void TestLongRope::growsLongInAnAnswer()
{
    // The reference leaves what is there while it answers; the prompt is still that of a short
    // conversation.
    const auto [one, two] = lengths();
    Small model(one + 2);
    const Answer answer = model.ask(first(6));
    const Answer again = model.ask(first(6));
    QCOMPARE(again.computed, int64_t(1));
    QVERIFY(isSame(again, answer));
    Q_UNUSED(two);
}

QTEST_APPLESS_MAIN(TestLongRope)
#include "tst_longrope.moc"
