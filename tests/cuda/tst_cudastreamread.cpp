#include <QtTest>

#include <random>

#include "cuda/kernels/streamread.h"
#include "tests/cuda/cardmemory.h"

using namespace argali;
using namespace argali::test;

namespace {

constexpr int multiprocessors = 1;
constexpr int32_t untouched = 7;

} // namespace

class TestCudaStreamRead final : public QObject {
    Q_OBJECT

private slots:
    void everyGroupOnce_data();
    void everyGroupOnce();
};

void TestCudaStreamRead::everyGroupOnce_data()
{
    QTest::addColumn<int>("rounds");
    QTest::addColumn<int>("rest");
    QTest::addColumn<int>("zeroed");
    for (const int rounds : {1, 8, 19}) // without, with just one, and with several turns of eight
        for (const int rest : {0, 100})
            for (const int zeroed : {-1, 0, 99, 100, 511, 512, 2047})
                QTest::addRow("%d rounds and %d, thread %d", rounds, rest, zeroed)
                    << rounds << rest << zeroed;
}

/// The groups of one thread have an exclusive or of zero, as long as it reads each of them and no
/// other; those of the other threads have not.
void TestCudaStreamRead::everyGroupOnce()
{
    QFETCH(int, rounds);
    QFETCH(int, rest);
    QFETCH(int, zeroed);
    const cuda::Launch shape = cuda::streamReadLaunch(multiprocessors);
    const auto threads = static_cast<size_t>(shape.grid[0] * shape.threads);
    const size_t count = static_cast<size_t>(rounds) * threads + static_cast<size_t>(rest);
    std::mt19937 random(1);
    std::vector<int32_t> words((count + threads) * 4); // what lies behind must not be read
    for (int32_t& word : words)
        word = static_cast<int32_t>(random());
    if (zeroed >= 0) {
        int32_t sum = 0;
        for (size_t group = static_cast<size_t>(zeroed); group < count; group += threads)
            for (size_t i = 0; i < 4; ++i)
                sum ^= words[4 * group + i];
        words[4 * static_cast<size_t>(zeroed)] ^= sum;
    }
    const CardArray data(words);
    const CardArray result(std::vector<int32_t>{untouched});
    QCOMPARE(inEveryOrder([&] {
                 result.fill(std::vector<int32_t>{untouched});
                 cuda::streamRead(result.as<uint32_t>(), data.as<uint4>(),
                                  static_cast<int64_t>(count), multiprocessors, stream());
                 const auto expected = static_cast<float>(zeroed >= 0 ? 0 : untouched);
                 return result.values().front() == expected
                            ? QString()
                            : QStringLiteral("a group missed, or one too many");
             }),
             QString());
}

QTEST_GUILESS_MAIN(TestCudaStreamRead)
#include "tst_cudastreamread.moc"
