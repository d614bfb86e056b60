#include <QtTest>

#include <cmath>
#include <limits>

#include "cuda/kernels/argmax.h"
#include "engine/error.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// The kernel's answer in every order of threads; -2 when they disagree.
int largestOf(const std::vector<float>& logits, size_t skipped = 0)
{
    const CardArray x(DType::F32, logits);
    const auto count = static_cast<int64_t>(logits.size() - skipped);
    int answer = -3;
    const QString complaint = inEveryOrder([&] {
        const CardArray index(DType::I32, 1);
        const CardArray scratch(DType::F32, cuda::argmaxScratch(count));
        cuda::argmaxRow(index.as<int32_t>(), x.as<float>() + skipped, count, scratch.as<float>(),
                        stream());
        const int now = static_cast<int>(index.values().front());
        const bool agrees = answer == -3 || now == answer;
        answer = now;
        return agrees ? QString() : QString("disagrees");
    });
    return complaint.isEmpty() ? answer : -2;
}

} // namespace

class TestCudaArgmax final : public QObject {
    Q_OBJECT

private slots:
    void everyPlace_data();
    void everyPlace();
    void firstOfEquals();
    void equalsAcrossParts();
    void notANumber();
    void infinities();
    void none();
    void unaligned();
    void longRow();
    void geometry();
};

void TestCudaArgmax::everyPlace_data()
{
    QTest::addColumn<int>("count");
    for (const int count : {1, 2, 31, 2048, 2049, 6151})
        QTest::addRow("%d", count) << count;
}

void TestCudaArgmax::everyPlace()
{
    QFETCH(int, count);
    std::mt19937 random(static_cast<unsigned>(count));
    std::vector<float> logits = randomFloats(random, count, 5);
    for (float& logit : logits)
        logit -= 20; // all negative: what is not there must not win
    const int steps[] = {0, 1, 2, 3, 31, 32, 1023, 1024, 2047, 2048, 3077, 6144};
    for (const int place : steps) {
        if (place >= count)
            break;
        std::vector<float> changed = logits;
        changed[place] = -10;
        QCOMPARE(largestOf(changed), place);
    }
    logits.back() = -10;
    QCOMPARE(largestOf(logits), count - 1);
}

void TestCudaArgmax::firstOfEquals()
{
    std::vector<float> logits(5000, 1);
    QCOMPARE(largestOf(logits), 0);
    logits[4000] = logits[37] = logits[36] = logits[4999] = 2;
    QCOMPARE(largestOf(logits), 36);
    logits[36] = 0;
    QCOMPARE(largestOf(logits), 37);
    QCOMPARE(largestOf({-1, -0.0f, 0.0f}), 1);
}

void TestCudaArgmax::equalsAcrossParts()
{
    std::vector<float> logits(9001, -1);
    for (const int place : {8999, 7001, 4100, 2500})
        logits[place] = 3;
    QCOMPARE(largestOf(logits), 2500);
}

void TestCudaArgmax::notANumber()
{
    for (const int place : {0, 5, 2047, 2048, 4999}) {
        std::vector<float> logits(5000, 1);
        logits[100] = 50;
        logits[place] = place % 2 == 0 ? NAN : -NAN;
        QCOMPARE(largestOf(logits), -1);
    }
    QCOMPARE(largestOf({NAN}), -1);
}

void TestCudaArgmax::infinities()
{
    QCOMPARE(largestOf(std::vector<float>(3000, -infinity)), 0);
    std::vector<float> logits(3000, -infinity);
    logits[2999] = std::numeric_limits<float>::lowest();
    QCOMPARE(largestOf(logits), 2999);
    logits[70] = infinity;
    QCOMPARE(largestOf(logits), -1); // weights that overflow are no answer
}

void TestCudaArgmax::none()
{
    const CardArray index(DType::I32, 1);
    cuda::argmaxRow(index.as<int32_t>(), nullptr, 0, nullptr, stream());
    QCOMPARE(index.values().front(), -1.0f);
    QVERIFY_EXCEPTION_THROWN(cuda::argmaxRow(nullptr, nullptr, int64_t{1} << 31, nullptr, stream()),
                             Error);
}

void TestCudaArgmax::unaligned()
{
    std::vector<float> logits(2501, 1);
    logits[0] = 9; // before the row
    logits[2301] = 2;
    QCOMPARE(largestOf(logits, 1), 2300);
}

void TestCudaArgmax::longRow()
{
    // More than two loads for each thread of the most blocks there are.
    const int64_t count = int64_t{1024} * 2048 + 5001;
    std::vector<float> logits(static_cast<size_t>(count), 1);
    const CardArray index(DType::I32, 1);
    const CardArray scratch(DType::F32, cuda::argmaxScratch(count));
    QCOMPARE(cuda::argmaxScratch(count), 2048);
    for (const int64_t place : {count - 1, int64_t{1024} * 2048}) {
        logits[static_cast<size_t>(place)] = 2;
        const CardArray x(DType::F32, logits);
        cuda::argmaxRow(index.as<int32_t>(), x.as<float>(), count, scratch.as<float>(), stream());
        QCOMPARE(static_cast<int64_t>(index.values().front()), place);
    }
}

void TestCudaArgmax::geometry()
{
    for (const int64_t count : {1LL, 2048LL, 2049LL, 92544LL, 151936LL, 152064LL, 5000000LL}) {
        const cuda::Launch shape = cuda::argmaxLaunch(count);
        QVERIFY(shape.grid[0] >= 1 && shape.grid[0] <= 1024);
        QCOMPARE(cuda::argmaxScratch(count), 2 * shape.grid[0]);
    }
}

QTEST_GUILESS_MAIN(TestCudaArgmax)
#include "tst_cudaargmax.moc"
