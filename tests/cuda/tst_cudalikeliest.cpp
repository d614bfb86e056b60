#include <QtTest>

#include <cmath>
#include <limits>

#include "cuda/kernels/likeliest.h"
#include "engine/candidates.h"
#include "engine/error.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// What the kernels find in every order of threads; a complaint when they disagree.
QString found(const std::vector<float>& logits, int64_t kept, Candidates& candidates)
{
    const CardArray x(DType::F32, logits);
    const auto count = static_cast<int64_t>(logits.size());
    bool first = true;
    return inEveryOrder([&] {
        const CardArray values(DType::F32, kept);
        const CardArray places(DType::I32, kept);
        const CardArray scratch(DType::F32, 2 * cuda::likeliestScratch(count, kept));
        cuda::likeliestOfRow(values.as<float>(), places.as<int32_t>(), x.as<float>(), count, kept,
                             scratch.as<uint64_t>(), stream());
        Candidates now;
        now.logits = values.values();
        for (const float place : places.values())
            now.ids.push_back(static_cast<int32_t>(place));
        for (size_t i = 0; i < now.ids.size(); ++i)
            if (now.ids[i] < 0) // what stands there means nothing
                now.logits[i] = 0;
        const bool agrees = first || (now.ids == candidates.ids && now.logits == candidates.logits);
        first = false;
        candidates = now;
        return agrees ? QString() : QString("disagrees");
    });
}

} // namespace

class TestCudaLikeliest final : public QObject {
    Q_OBJECT
private slots:
    void asSorted_data();
    void asSorted();
    void equals();
    void notANumber();
    void fewerThanKept();
    void refusesTooMany();
};

void TestCudaLikeliest::asSorted_data()
{
    QTest::addColumn<int>("count");
    QTest::addColumn<int>("kept");
    for (const int count : {1, 2, 50, 2047, 2048, 2049, 5000, 70'001})
        for (const int kept : {1, 2, 50, 513, 1024})
            if (kept <= count && (count < 70'001 || kept == 50 || kept == 1024))
                QTest::addRow("%d of %d", kept, count) << count << kept;
}

void TestCudaLikeliest::asSorted()
{
    QFETCH(int, count);
    QFETCH(int, kept);
    std::mt19937 random(static_cast<unsigned>(count + kept));
    std::vector<float> logits = randomFloats(random, count, 5);
    for (size_t i = 0; i < logits.size(); i += 5)
        logits[i] = -logits[i] * 0.125F;
    logits[logits.size() / 2] = -infinity;
    const Candidates expected = likeliestOf(logits, kept);
    Candidates candidates;
    QCOMPARE(found(logits, kept, candidates), QString());
    QVERIFY(candidates.ids == expected.ids);
    QVERIFY(candidates.logits == expected.logits);
}

void TestCudaLikeliest::equals()
{
    // All alike, and the two zeros among them: the first places win, across the parts' borders too.
    for (const float value : {-3.0F, 0.0F, 7.0F}) {
        std::vector<float> logits(6000, value);
        for (size_t i = 0; i < logits.size(); i += 3)
            logits[i] = value == 0 ? -0.0F : value;
        Candidates candidates;
        QCOMPARE(found(logits, 700, candidates), QString());
        for (int32_t i = 0; i < 700; ++i)
            QCOMPARE(candidates.ids[static_cast<size_t>(i)], i);
        QCOMPARE(candidates.logits.back(), value);
    }
}

void TestCudaLikeliest::notANumber()
{
    for (const float value : {infinity, std::nanf(""), -std::nanf("")})
        for (const size_t place : {size_t{0}, size_t{2047}, size_t{2048}, size_t{4999}}) {
            std::vector<float> logits(5000, 1);
            logits[place] = value;
            Candidates candidates;
            QCOMPARE(found(logits, 40, candidates), QString());
            QCOMPARE(candidates.ids.front(), -1);
        }
}

void TestCudaLikeliest::fewerThanKept()
{
    Candidates candidates;
    QCOMPARE(found({-infinity, 2, -5}, 6, candidates), QString());
    QVERIFY((candidates.ids == std::vector<int32_t>{1, 2, 0, -1, -1, -1}));
    QCOMPARE(candidates.logits[2], -infinity);
}

void TestCudaLikeliest::refusesTooMany()
{
    for (const int64_t kept : {int64_t{0}, int64_t{-1}, cuda::mostLikeliest + 1})
        try {
            cuda::likeliestOfRow(nullptr, nullptr, nullptr, 5000, kept, nullptr, stream());
            QFAIL("it was not refused");
        } catch (const Error& error) {
            QCOMPARE(error.code(), Error::Code::Internal);
        }
}

QTEST_GUILESS_MAIN(TestCudaLikeliest)
#include "tst_cudalikeliest.moc"
