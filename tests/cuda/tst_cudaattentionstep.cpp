#include <QtTest>

#include <algorithm>

#include "tests/cuda/attentioncase.h"

using namespace argali;
using namespace argali::test;

class TestCudaAttentionStep : public QObject {
    Q_OBJECT

private slots:
    void step_data();
    void step();
    void fullCache();
    void nothing();
    void splits();
    void equalScores();
};

namespace {

/// Operands of attendStep() in the card's memory, with scratch memory exactly as large as it asks
/// for.
struct StepOperands {
    explicit StepOperands(const CacheCase& c)
        : type(c.type),
          shape(c.shape),
          q(c.type, c.q),
          keys(c.type, c.keys),
          values(c.type, c.values),
          scratch(DType::F32, cuda::attendStepScratchFloats(c.shape)),
          counters(std::vector<int32_t>(
              static_cast<size_t>(std::max<int64_t>(1, cuda::attendStepCounters(c.shape))), 0)),
          length(std::vector<int32_t>{0})
    {
    }

    std::vector<float> run(int32_t tokensBefore) const
    {
        const CardArray out(type, shape.tokens * shape.heads * shape.width);
        length.fill(std::vector<int32_t>{tokensBefore});
        cuda::attendStep(out, q, keys, values, shape, length.as<int32_t>(), scratch.as<float>(),
                         counters.as<uint32_t>(), stream());
        return out.values();
    }

    DType type;
    cuda::AttentionShape shape;
    CardArray q;
    CardArray keys;
    CardArray values;
    CardArray scratch;
    CardArray counters;
    CardArray length;
};

} // namespace

void TestCudaAttentionStep::step_data()
{
    QTest::addColumn<DType>("type");
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("tokens");
    QTest::addColumn<int>("length");
    QTest::addColumn<int>("groups");
    QTest::addColumn<int>("ratio");
    const auto row = [](DType type, int width, int tokens, int length, int groups, int ratio) {
        QTest::addRow("%s C=%d T=%d length=%d G=%d H/G=%d", nameOf(type), width, tokens, length,
                      groups, ratio)
            << type << width << tokens << length << groups << ratio;
    };
    for (const DType type : {DType::F32, DType::F16, DType::BF16}) {
        for (const int length : {0, 1, 63, 64, 65, 200})
            row(type, 16, 1, length, 2, 2);
        row(type, 128, 1, 200, 1, 2);
        row(type, 72, 3, 65, 1, 7);
        row(type, 24, 8, 62, 2, 1);
    }
    row(DType::BF16, 128, 8, 130, 1, 7); // several blocks for the rows of a group
    row(DType::F16, 32, 1, 70, 1, 16);
    row(DType::BF16, 32, 1, 70, 1, 17);
    row(DType::F16, 16, 1, 3000, 1, 2); // several tiles in a part
    row(DType::F32, 16, 2, 2500, 1, 1);
    row(DType::F32, 256, 3, 130, 1, 6); // small tiles
    row(DType::BF16, 256, 1, 140, 1, 3);
    row(DType::F16, 9, 2, 70, 2, 2); // rows that begin at no multiple of 16 bytes
    row(DType::F32, 7, 1, 10, 1, 1);
    row(DType::BF16, 250, 2, 60, 1, 1); // the same in several tiles
    row(DType::F32, 1, 1, 20, 1, 1);
}

void TestCudaAttentionStep::step()
{
    QFETCH(DType, type);
    QFETCH(int, width);
    QFETCH(int, tokens);
    QFETCH(int, length);
    QFETCH(int, groups);
    QFETCH(int, ratio);
    const int used = length + tokens;
    const CacheCase c(type, {tokens, groups * ratio, groups, width, used + 70}, used,
                      static_cast<unsigned>(used));
    const StepOperands operands(c);
    // A replay finds the counters as it needs them, and fewer parts than the last time.
    const int32_t before = length / 3;
    const std::vector<float> expected = c.expected(length);
    const std::vector<float> expectedBefore = c.expected(before);
    QCOMPARE(inEveryOrder([&] {
                 QString complaint;
                 for (int pass = 0; pass < 2 && complaint.isEmpty(); ++pass) {
                     complaint = difference(operands.run(length), expected,
                                            attentionTolerance(type), 0.25f);
                     if (complaint.isEmpty())
                         complaint = difference(operands.run(before), expectedBefore,
                                                attentionTolerance(type), 0.25f);
                 }
                 return complaint;
             }),
             QString());
    for (const float counter : operands.counters.values())
        QCOMPARE(counter, 0.0f);
}

/// Parts that end with the cache, of which there are no more than blocks.
void TestCudaAttentionStep::fullCache()
{
    for (const DType type : {DType::F32, DType::F16, DType::BF16})
        for (const int capacity : {1, 64, 65, 128, 256}) {
            const CacheCase c(type, {1, 2, 1, 16, capacity}, capacity, 5);
            const std::vector<float> expected = c.expected(capacity - 1);
            const StepOperands operands(c);
            QCOMPARE(inEveryOrder([&] {
                         return difference(operands.run(capacity - 1), expected,
                                           attentionTolerance(type), 0.25f);
                     }),
                     QString());
        }
}

void TestCudaAttentionStep::nothing()
{
    const CacheCase c(DType::BF16, {0, 2, 1, 16, 8}, 4, 1);
    QVERIFY(StepOperands(c).run(4).empty());
    QCOMPARE(cuda::attendStepScratchFloats(c.shape), 0);
}

void TestCudaAttentionStep::splits()
{
    QCOMPARE(cuda::attendStepSplits(1), 1);
    QCOMPARE(cuda::attendStepSplits(64), 1);
    QCOMPARE(cuda::attendStepSplits(65), 2);
    QCOMPARE(cuda::attendStepSplits(32768), 32);
    // 16 rows a block
    QCOMPARE(cuda::attendStepCounters({1, 32, 2, 128, 100}), 2);
    QCOMPARE(cuda::attendStepCounters({3, 32, 2, 128, 100}), 6);
}

/// Large scores whose differences alone count, and a maximum that rises in a late part.
void TestCudaAttentionStep::equalScores()
{
    constexpr int used = 150;
    for (const DType type : {DType::F32, DType::BF16}) {
        CacheCase c(type, {1, 1, 1, 16, used}, used, 1);
        std::fill(c.q.begin(), c.q.end(), 100.0f);
        std::fill(c.keys.begin(), c.keys.end(), 50.0f);
        for (const float last : {50.0f, 60.0f}) {
            std::fill(c.keys.begin() + 140 * 16, c.keys.begin() + 141 * 16, last);
            QCOMPARE(difference(StepOperands(c).run(used - 1), c.expected(used - 1),
                                attentionTolerance(type), 0.25f),
                     QString());
        }
    }
}

QTEST_GUILESS_MAIN(TestCudaAttentionStep)
#include "tst_cudaattentionstep.moc"
