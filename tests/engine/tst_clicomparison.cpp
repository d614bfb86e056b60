#include <cmath>
#include <limits>

#include <QtTest>

#include "engine/cli/comparison.h"

using namespace argali::cli;

class TestCliComparison final : public QObject {
    Q_OBJECT
private slots:
    void deviationByHand();
    void nothingThatIsNoNumberPasses();
    void klByHand();
    void top1LooksAtDecidedRowsOnly();
    void largeLogitsDoNotOverflow();
    void namesTheFirstDifference();
};

void TestCliComparison::deviationByHand()
{
    const std::vector<float> expected = {3, -4, 0};
    const std::vector<float> found = {3.5F, -4, -1};
    const Deviation d = deviation(found, expected);
    QCOMPARE(d.maxAbs, 1.0);
    QCOMPARE(d.nmse, (0.25 + 1) / 25); // sum((a - b)^2) / sum(b^2)
    const std::vector<float> zeros(3, 0.0F);
    QCOMPARE(deviation(zeros, zeros).nmse, 0.0);
    QVERIFY(std::isinf(deviation(found, zeros).nmse));
    QCOMPARE(deviation({}, {}).maxAbs, 0.0);
}

void TestCliComparison::nothingThatIsNoNumberPasses()
{
    const std::vector<float> expected = {1, 2, 3};
    for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
        for (size_t place = 0; place < 3; ++place) {
            std::vector<float> found = expected;
            found[place] = bad;
            QVERIFY(!(deviation(found, expected).maxAbs <= 1e30));
            QVERIFY(!(deviation(found, expected).nmse <= 1e30));
            QVERIFY(!(agreement(found, expected, 3).kl <= 1e30));
        }
    }
}

void TestCliComparison::klByHand()
{
    // Probabilities 1/4, 3/4 expected, 1/2, 1/2 found; a constant added to all logits changes
    // nothing.
    const std::vector<float> expected = {0, std::log(3.0F)};
    const std::vector<float> found = {5, 5};
    const double kl = 0.25 * std::log(0.25 / 0.5) + 0.75 * std::log(0.75 / 0.5);
    QVERIFY(std::abs(agreement(found, expected, 2).kl - kl) < 1e-6);
    QVERIFY(std::abs(agreement(expected, expected, 2).kl) < 1e-12);
    // The mean over rows: one that differs, one that does not.
    const std::vector<float> two = {0, std::log(3.0F), 1, 2};
    const std::vector<float> half = {5, 5, 1, 2};
    QVERIFY(std::abs(agreement(half, two, 2).kl - kl / 2) < 1e-6);
}

void TestCliComparison::top1LooksAtDecidedRowsOnly()
{
    //                                    decided    too close   decided
    const std::vector<float> expected = {1, 2, 0, 1, 1.05F, 0, 3, 2, 1};
    const std::vector<float> found = {1, 2, 0, 1.05F, 1, 0, 2, 3, 1};
    const Agreement a = agreement(found, expected, 3);
    QCOMPARE(a.decided, int64_t(2));
    QCOMPARE(a.top1, 0.5);
    const std::vector<float> flat = {1, 1, 1};
    QCOMPARE(agreement(flat, flat, 3).decided, int64_t(0));
    QCOMPARE(agreement(flat, flat, 3).top1, 1.0);
}

void TestCliComparison::largeLogitsDoNotOverflow()
{
    const std::vector<float> expected = {1e4F, -1e4F, 9.99e3F};
    const Agreement a = agreement(expected, expected, 3);
    QCOMPARE(a.kl, 0.0);
    QCOMPARE(a.top1, 1.0);
}

void TestCliComparison::namesTheFirstDifference()
{
    const std::vector<int> a = {1, 2, 3};
    QCOMPARE(firstDifference(a, a), std::string());
    QCOMPARE(firstDifference(a, std::vector<int>{1, 5, 4}), std::string("index 1: 2, expected 5"));
    QCOMPARE(firstDifference(a, std::vector<int>{1, 2}), std::string("3 values, expected 2"));
}

QTEST_APPLESS_MAIN(TestCliComparison)
#include "tst_clicomparison.moc"
