#include <cmath>
#include <map>

#include <QtTest>

#include "engine/error.h"
#include "engine/sampler.h"

using namespace argali;

class TestSampler final : public QObject {
    Q_OBJECT
private slots:
    void greedyTakesTheLowestOfEquals();
    void greedyPenaltyDividesAndMultiplies();
    void penaltyForgets();
    void temperatureZeroIsGreedy();
    void topKOne();
    void topPKeepsTheSmallestSet();
    void minPIsRelativeToTheLikeliest();
    void drawsFollowTheProbabilities();
    void aSeedRepeats();
    void refusesWhatIsNotANumber();
    void refusesValuesOutOfRange();
};

namespace {

Sampling drawing(float temperature)
{
    Sampling sampling;
    sampling.enabled = true;
    sampling.temperature = temperature;
    sampling.seed = 7;
    return sampling;
}

std::map<int32_t, int> countDraws(const Sampling& sampling, const std::vector<float>& logits,
                                  int draws)
{
    Sampler sampler(sampling);
    std::map<int32_t, int> counts;
    for (int i = 0; i < draws; ++i)
        ++counts[sampler.choose(logits)];
    return counts;
}

} // namespace

void TestSampler::greedyTakesTheLowestOfEquals()
{
    Sampler sampler({});
    QCOMPARE(sampler.choose(std::vector<float>{1, 3, 3, 2}), 1);
}

void TestSampler::greedyPenaltyDividesAndMultiplies()
{
    Sampling sampling;
    sampling.repetitionPenalty = 2;
    Sampler sampler(sampling);
    const std::vector<float> logits{4, 3, -1};
    QCOMPARE(sampler.choose(logits), 0); // then 4 / 2 = 2 against 3
    QCOMPARE(sampler.choose(logits), 1); // then 2, 1.5, -1
    QCOMPARE(sampler.choose(logits), 0);
    const std::vector<float> negative{-1, -1.5F, -9};
    Sampler other(sampling);
    QCOMPARE(other.choose(negative), 0); // then -1 * 2 = -2 against -1.5
    QCOMPARE(other.choose(negative), 1);
}

void TestSampler::penaltyForgets()
{
    Sampling sampling;
    sampling.repetitionPenalty = 2;
    Sampler sampler(sampling);
    const std::vector<float> logits{4, 3};
    QCOMPARE(sampler.choose(logits), 0);
    sampler.forgetChosen();
    QCOMPARE(sampler.choose(logits), 0);
}

void TestSampler::temperatureZeroIsGreedy()
{
    QCOMPARE(countDraws(drawing(0), {0, 0.1F, 0}, 100), (std::map<int32_t, int>{{1, 100}}));
}

void TestSampler::topKOne()
{
    Sampling sampling = drawing(5);
    sampling.topK = 1;
    QCOMPARE(countDraws(sampling, {0, 0.1F, 0}, 100), (std::map<int32_t, int>{{1, 100}}));
}

void TestSampler::topPKeepsTheSmallestSet()
{
    // probabilities 0.5, 0.3, 0.2
    const std::vector<float> logits{std::log(0.5F), std::log(0.3F), std::log(0.2F)};
    Sampling sampling = drawing(1);
    sampling.topP = 0.6F;
    const std::map<int32_t, int> counts = countDraws(sampling, logits, 1000);
    QCOMPARE(counts.size(), size_t(2)); // 0.5 alone does not reach 0.6
    QVERIFY(!counts.contains(2));
    sampling.topP = 0;
    QCOMPARE(countDraws(sampling, logits, 100).size(), size_t(1));
}

void TestSampler::minPIsRelativeToTheLikeliest()
{
    const std::vector<float> logits{std::log(0.5F), std::log(0.3F), std::log(0.2F)};
    Sampling sampling = drawing(1);
    sampling.minP = 0.5F; // at least 0.25
    QVERIFY(!countDraws(sampling, logits, 1000).contains(2));
    sampling.minP = 0.3F; // at least 0.15
    QVERIFY(countDraws(sampling, logits, 1000).contains(2));
}

void TestSampler::drawsFollowTheProbabilities()
{
    const std::vector<float> logits{std::log(0.5F), std::log(0.3F), std::log(0.2F)};
    const int draws = 20000;
    std::map<int32_t, int> counts = countDraws(drawing(1), logits, draws);
    // five standard deviations of a binomial count are below 360
    QVERIFY(std::abs(counts[0] - draws * 5 / 10) < 360);
    QVERIFY(std::abs(counts[1] - draws * 3 / 10) < 360);
    QVERIFY(std::abs(counts[2] - draws * 2 / 10) < 360);
}

void TestSampler::aSeedRepeats()
{
    const std::vector<float> logits(100, 0.F);
    Sampler first(drawing(1));
    Sampler second(drawing(1));
    Sampling otherSeed = drawing(1);
    otherSeed.seed = 8;
    Sampler third(otherSeed);
    std::vector<int32_t> a, b, c;
    for (int i = 0; i < 50; ++i) {
        a.push_back(first.choose(logits));
        b.push_back(second.choose(logits));
        c.push_back(third.choose(logits));
    }
    QCOMPARE(a, b);
    QVERIFY(a != c);
}

void TestSampler::refusesWhatIsNotANumber()
{
    Sampler sampler({});
    QVERIFY_EXCEPTION_THROWN(sampler.choose(std::vector<float>{1, NAN}), Error);
    QVERIFY_EXCEPTION_THROWN(sampler.choose(std::vector<float>{1, INFINITY}), Error);
    QCOMPARE(sampler.choose(std::vector<float>{1, -INFINITY}), 0);
}

void TestSampler::refusesValuesOutOfRange()
{
    for (const auto& change : std::vector<std::function<void(Sampling&)>>{
             [](Sampling& s) { s.temperature = -1; }, [](Sampling& s) { s.temperature = NAN; },
             [](Sampling& s) { s.topP = 1.5F; }, [](Sampling& s) { s.minP = -0.1F; },
             [](Sampling& s) { s.topK = -1; }, [](Sampling& s) { s.repetitionPenalty = 0; }}) {
        Sampling sampling;
        change(sampling);
        QVERIFY_EXCEPTION_THROWN(Sampler{sampling}, Error);
    }
}

QTEST_APPLESS_MAIN(TestSampler)
#include "tst_sampler.moc"
