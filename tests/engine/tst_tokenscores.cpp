// How likely tokens were: against the logits of the model itself.
#include <cmath>

#include <nlohmann/json.hpp>

#include <QtTest>

#include "engine/engine.h"
#include "engine/sampler.h"
#include "engine/server/scoredtokens.h"
#include "engine/tokenizer/tokenizer.h"

using namespace argali;

namespace {

const QString tiny = QString(ARGALI_TEST_DATA) + "/ovis2_5-tiny";

ChatRequest asking(const char* text, int tokens)
{
    ChatRequest request;
    Message message;
    message.content.emplace_back().text = text;
    request.messages.push_back(message);
    request.maxNewTokens = tokens;
    request.sampling = Sampling();
    return request;
}

TokenScore score(const char* bytes)
{
    TokenScore one;
    one.chosen.bytes = bytes;
    one.chosen.logProbability = -0.5;
    return one;
}

QString textsOf(const std::vector<TokenScore>& scores)
{
    QStringList list;
    for (const TokenScore& one : scores)
        list += QString::fromStdString(one.chosen.bytes);
    return list.join('|');
}

} // namespace

class TestTokenScores final : public QObject {
    Q_OBJECT
private slots:
    void initTestCase()
    {
        m_model = openModel(tiny.toStdString(), {}, {});
        QVERIFY(m_model);
    }

    void areALogSoftmax_data()
    {
        QTest::addColumn<bool>("sampled");
        QTest::addColumn<int>("topK");
        QTest::addColumn<float>("penalty");
        QTest::newRow("greedy") << false << 0 << 1.F;
        QTest::newRow("greedy with a penalty") << false << 0 << 1.5F;
        QTest::newRow("sampled") << true << 0 << 1.F;
        QTest::newRow("sampled among few") << true << 20 << 1.F;
    }

    void areALogSoftmax()
    {
        QFETCH(bool, sampled);
        QFETCH(int, topK);
        QFETCH(float, penalty);
        ChatRequest request = asking("Hello", 12);
        request.sampling->enabled = sampled;
        request.sampling->temperature = sampled ? 1.5F : 1.F;
        request.sampling->topK = topK;
        request.sampling->repetitionPenalty = penalty;
        request.sampling->seed = 7;
        const std::vector<int32_t> without = m_model->generate(request, {}, {}, {}).ids;
        std::vector<TokenScore> scores;
        request.scores = [&scores](const TokenScore& one) { scores.push_back(one); };
        request.scoredAlternatives = 5;
        const ChatResult result = m_model->generate(request, {}, {}, {});
        QCOMPARE(result.ids, without); // that it is looked at changes nothing
        QCOMPARE(scores.size(), result.ids.size());
        const Trace trace = m_model->trace(request, result.ids, {});
        const auto count = size_t(trace.logits.dim(1));
        for (size_t i = 0; i < scores.size(); ++i) {
            const float* const row = trace.logits.as<float>() + i * count;
            long double sum = 0;
            for (size_t n = 0; n < count; ++n)
                sum += std::exp(static_cast<long double>(row[n]));
            const auto expected = [&](int32_t id) {
                return double(row[size_t(id)] - std::log(sum));
            };
            QCOMPARE(scores[i].chosen.id, result.ids[i]);
            const double difference = scores[i].chosen.logProbability - expected(result.ids[i]);
            QVERIFY2(std::abs(difference) < 1e-4, QByteArray::number(difference));
            QCOMPARE(scores[i].likeliest.size(), size_t(5));
            for (size_t n = 0; n < 5; ++n) {
                const TokenScore::Candidate& one = scores[i].likeliest[n];
                QVERIFY(std::abs(one.logProbability - expected(one.id)) < 1e-4);
                if (n > 0)
                    QVERIFY(one.logProbability <= scores[i].likeliest[n - 1].logProbability);
            }
            const float best = *std::max_element(row, row + count);
            QVERIFY(std::abs(row[scores[i].likeliest[0].id] - best) < 1e-4);
        }
    }

    void forcedOnesHaveNone()
    {
        ChatRequest request = asking("Hello", 200);
        request.sampling->enabled = true;
        request.sampling->temperature = 100; // so that it does not stop at once
        request.sampling->seed = 7;
        request.thinking = true;
        request.thinkingBudget = 5;
        std::vector<TokenScore> scores;
        request.scores = [&scores](const TokenScore& one) { scores.push_back(one); };
        const ChatResult result = m_model->generate(request, {}, {}, {});
        QVERIFY(result.budgetReached);
        const auto forced = result.ids.size() - scores.size();
        QVERIFY(forced > 0);
        for (size_t i = 0; i < scores.size(); ++i) {
            QCOMPARE(scores[i].chosen.id, result.ids[i < 5 ? i : i + forced]);
            QVERIFY(scores[i].likeliest.empty()); // none were asked for
            if (i >= 5)
                QVERIFY(!scores[i].thinking);
        }
    }

    void passWithTheirText()
    {
        server::ScoredTokens tokens;
        for (const char* bytes : {" ", " One", " two", " th", "ree"})
            tokens.add(score(bytes));
        QCOMPARE(textsOf(tokens.passWith("")), QString());
        QCOMPARE(textsOf(tokens.passWith("One")), QString(" | One"));
        // The rest is held back, since it may be the beginning of a stop.
        QCOMPARE(textsOf(tokens.passWith(" two")), QString(" two"));
        QCOMPARE(textsOf(tokens.passWith(" t")), QString(" th"));
        QCOMPARE(textsOf(tokens.passWith("h")), QString());
        tokens.add(score(" "));
        QCOMPARE(textsOf(tokens.rest()), QString("ree| "));
        QCOMPARE(textsOf(tokens.rest()), QString());
    }

    void asOpenAiWritesThem()
    {
        TokenScore half = score("\xC3");
        half.likeliest = {{1, "\xC3", -0.5}, {2, "b", -1.5}};
        const nlohmann::json chat = server::chatLogprobs({half});
        QCOMPARE(chat["content"][0]["bytes"], nlohmann::json::array({0xC3}));
        QCOMPARE(chat["content"][0]["token"], nlohmann::json("\xEF\xBF\xBD"));
        QCOMPARE(chat["content"][0]["logprob"], nlohmann::json(-0.5));
        QCOMPARE(chat["content"][0]["top_logprobs"][1]["token"], nlohmann::json("b"));
        int64_t offset = 3;
        TokenScore rare = score("ä");
        rare.likeliest = {{2, "b", -0.1}};
        const nlohmann::json text = server::completionLogprobs({rare, score("xy")}, offset);
        QCOMPARE(text["tokens"], nlohmann::json::array({"ä", "xy"}));
        QCOMPARE(text["token_logprobs"], nlohmann::json::array({-0.5, -0.5}));
        QCOMPARE(text["text_offset"], nlohmann::json::array({3, 4}));
        QCOMPARE(offset, 6);
        QCOMPARE(text["top_logprobs"][0], (nlohmann::json{{"b", -0.1}, {"ä", -0.5}}));
        QVERIFY(server::completionLogprobs({score("x")}, offset)["top_logprobs"].is_null());
    }

private:
    std::unique_ptr<Model> m_model;
};

QTEST_GUILESS_MAIN(TestTokenScores)
#include "tst_tokenscores.moc"
