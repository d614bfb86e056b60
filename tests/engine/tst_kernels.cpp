#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <QtTest>

#include "engine/cpu/halffloat.h"
#include "engine/cpu/isa.h"
#include "engine/cpu/kernels.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::cpu;
using namespace argali::test;

// The inner loops of each instruction set against the plain ones or the standard library.

class TestKernels final : public QObject {
    Q_OBJECT
private slots:
    void everyHalfFloat();
    void roundingToHalfFloats();
    void names();
    void conversions_data() { addSets(); }
    void conversions();
    void exponential_data() { addSets(); }
    void exponential();
    void activations_data() { addSets(); }
    void activations();
    void sums_data() { addSets(); }
    void sums();
    void maximum_data() { addSets(); }
    void maximum();

private:
    void addSets();
};

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// How many floats lie between two, roughly.
double unitsInTheLastPlace(float actual, double expected)
{
    const float nearest = static_cast<float>(expected);
    const float next = std::nextafter(std::abs(nearest), infinity);
    return std::abs(actual - expected) / (next - std::abs(nearest));
}

} // namespace

void TestKernels::addSets()
{
    QTest::addColumn<int>("isa");
    for (const Isa isa : availableIsas())
        QTest::newRow(nameOf(isa)) << static_cast<int>(isa);
}

void TestKernels::everyHalfFloat()
{
    for (uint32_t i = 0; i < 0x10000; ++i) {
        const auto bits = static_cast<uint16_t>(i);
        const float value = floatOfF16(bits);
        const int exponent = bits >> 10 & 0x1f;
        const int mantissa = bits & 0x3ff;
        const float sign = bits & 0x8000 ? -1.0f : 1.0f;
        if (exponent == 0x1f && mantissa != 0) {
            QVERIFY(std::isnan(value));
            QVERIFY(std::isnan(floatOfF16(f16OfFloat(value))));
        } else {
            const float expected =
                exponent == 0x1f ? infinity
                : exponent == 0  ? std::ldexp(static_cast<float>(mantissa), -24)
                                 : std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
            QCOMPARE(value, sign * expected);
            QCOMPARE(std::signbit(value), std::signbit(sign));
            QCOMPARE(f16OfFloat(value), bits);
        }
        const float wide = floatOfBf16(bits);
        QCOMPARE(std::bit_cast<uint32_t>(wide), i << 16);
        if (!std::isnan(wide))
            QCOMPARE(bf16OfFloat(wide), bits);
        else
            QVERIFY(std::isnan(floatOfBf16(bf16OfFloat(wide))));
    }
}

void TestKernels::roundingToHalfFloats()
{
    const auto f16 = [](float value) { return floatOfF16(f16OfFloat(value)); };
    const auto bf16 = [](float value) { return floatOfBf16(bf16OfFloat(value)); };
    // ties to even, to either side
    QCOMPARE(f16(1 + 0x1p-11f), 1.0f);
    QCOMPARE(f16(1 + 3 * 0x1p-11f), 1 + 0x1p-9f);
    QCOMPARE(f16(std::nextafter(1 + 0x1p-11f, 2.0f)), 1 + 0x1p-10f);
    QCOMPARE(bf16(1 + 0x1p-8f), 1.0f);
    QCOMPARE(bf16(-1 - 3 * 0x1p-8f), -1 - 0x1p-6f);
    QCOMPARE(bf16(std::nextafter(1 + 0x1p-8f, 2.0f)), 1 + 0x1p-7f);
    // subnormal numbers of f16 and below
    QCOMPARE(f16(0x1p-24f), 0x1p-24f);
    QCOMPARE(f16(0x1p-25f), 0.0f);
    QCOMPARE(f16(std::nextafter(0x1p-25f, 1.0f)), 0x1p-24f);
    QCOMPARE(f16(-3 * 0x1p-25f), -0x1p-23f);
    QCOMPARE(f16(0x1p-14f - 0x1p-26f), 0x1p-14f);
    QVERIFY(std::signbit(f16(-1e-30f)));
    // the largest numbers
    QCOMPARE(f16(65519.99f), 65504.0f);
    QCOMPARE(f16(65520), infinity);
    QCOMPARE(f16(-infinity), -infinity);
    QCOMPARE(bf16(std::numeric_limits<float>::max()), infinity);
}

void TestKernels::names()
{
    for (const Isa isa : {Isa::Scalar, Isa::Avx2, Isa::Avx512, Isa::Avx512Bf16})
        QVERIFY(isaOfName(nameOf(isa)) == isa);
    QVERIFY(!isaOfName("sse9"));
    QVERIFY(availableIsas().back() == Isa::Scalar);
}

void TestKernels::conversions()
{
    QFETCH(int, isa);
    const Kernels& kernels = kernelsFor(static_cast<Isa>(isa));
    // Patterns from all over f32, the special ones among them, in runs of every length up to two
    // vectors.
    std::mt19937 random(1);
    for (int64_t n = 1; n <= 40; ++n)
        for (int round = 0; round < 200; ++round) {
            std::vector<float> values(static_cast<size_t>(n));
            for (float& value : values) {
                value = std::bit_cast<float>(static_cast<uint32_t>(random()));
                if (random() % 4 == 0) // where f16 has something to tell apart
                    value = std::bit_cast<float>(0x33000000u +
                                                 static_cast<uint32_t>(random()) % 0x15000000u);
                if (random() % 16 == 0)
                    value = std::bit_cast<float>(0x7f800000u + static_cast<uint32_t>(random()) % 4);
            }
            for (const Element type : {Element::BF16, Element::F16, Element::F32}) {
                const int64_t size = type == Element::F32 ? 4 : 2;
                std::vector<std::byte> stored(static_cast<size_t>(n * size + 2), std::byte{0x5a});
                std::vector<std::byte> expected = stored;
                kernels.store(stored.data() + 1, type, values.data(), n);
                scalarKernels.store(expected.data() + 1, type, values.data(), n);
                std::vector<float> back(static_cast<size_t>(n + 1), 77);
                std::vector<float> expectedBack = back;
                kernels.load(back.data(), stored.data() + 1, type, n);
                scalarKernels.load(expectedBack.data(), expected.data() + 1, type, n);
                QCOMPARE(stored.front(), expected.front());
                QCOMPARE(stored.back(), expected.back());
                for (size_t i = 0; i < back.size(); ++i) {
                    if (std::isnan(expectedBack[i])) // its payload may differ
                        QVERIFY(std::isnan(back[i]));
                    else
                        QCOMPARE(std::bit_cast<uint32_t>(back[i]),
                                 std::bit_cast<uint32_t>(expectedBack[i]));
                }
            }
        }
}

void TestKernels::exponential()
{
    QFETCH(int, isa);
    const Kernels& kernels = kernelsFor(static_cast<Isa>(isa));
    std::vector<float> values;
    for (float x = -87; x < 80; x += 0.0027f)
        values.push_back(x);
    const std::vector<float> before = values;
    const float sum = kernels.expSum(values.data(), 0.5f, static_cast<int64_t>(values.size()));
    double expectedSum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
        const double expected = std::exp(static_cast<double>(before[i] - 0.5f));
        expectedSum += expected;
        QVERIFY2(unitsInTheLastPlace(values[i], expected) <= 2,
                 qPrintable(QString("exp(%1)").arg(static_cast<double>(before[i] - 0.5f))));
    }
    QVERIFY(std::abs(sum / expectedSum - 1) < 1e-5);

    std::vector<float> special{-infinity, -200, 0, 200, infinity, NAN, -90, -103};
    kernels.expSum(special.data(), 0, static_cast<int64_t>(special.size()));
    QVERIFY(special[0] >= 0 && special[0] < 1e-38f);
    QVERIFY(special[1] >= 0 && special[1] < 1e-38f);
    QCOMPARE(special[2], 1.0f);
    QCOMPARE(special[3], infinity);
    QCOMPARE(special[4], infinity);
    QVERIFY(std::isnan(special[5]));
    QVERIFY(special[6] > 0.99e-39f * 0.8f && special[6] < 1e-38f); // subnormal
    QVERIFY(special[7] < 1e-44f);
}

void TestKernels::activations()
{
    QFETCH(int, isa);
    const Kernels& kernels = kernelsFor(static_cast<Isa>(isa));
    std::vector<float> x;
    for (float value = -30; value < 30; value += 0.0173f)
        x.push_back(value);
    x.insert(x.end(), {-1000, 1000, -120, 120, 0});
    std::vector<float> gelu = x;
    std::vector<float> silu = x;
    const std::vector<float> up(x.size(), 2);
    kernels.geluTanh(gelu.data(), static_cast<int64_t>(x.size()));
    kernels.siluTimes(silu.data(), up.data(), static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
        const double value = x[i];
        const double inner = std::sqrt(2 / M_PI) * (value + 0.044715 * value * value * value);
        QVERIFY(std::abs(gelu[i] - 0.5 * value * (1 + std::tanh(inner))) <=
                1e-6 * (1 + std::abs(value)));
        QVERIFY(std::abs(silu[i] - value / (1 + std::exp(-value)) * 2) <=
                1e-6 * (1 + std::abs(value)));
    }
    std::vector<float> exact = x;
    std::vector<float> quick = x;
    kernels.gelu(exact.data(), static_cast<int64_t>(x.size()));
    kernels.quickGelu(quick.data(), static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
        const double value = x[i];
        QVERIFY(std::abs(exact[i] - 0.5 * value * std::erfc(-value / std::sqrt(2))) <=
                3e-7 * std::abs(value));
        QVERIFY(std::abs(quick[i] - value / (1 + std::exp(-1.702 * value))) <=
                1e-6 * (1 + std::abs(value)));
    }
    for (const auto activation : {kernels.geluTanh, kernels.gelu, kernels.quickGelu}) {
        float odd[3] = {NAN, 1, 2};
        activation(odd, 3);
        QVERIFY(std::isnan(odd[0]) && !std::isnan(odd[1]));
    }
}

void TestKernels::sums()
{
    QFETCH(int, isa);
    const Kernels& kernels = kernelsFor(static_cast<Isa>(isa));
    std::mt19937 random(2);
    for (const int64_t n : {1, 7, 8, 16, 63, 64, 65, 1000, 65532}) {
        const std::vector<float> x = randomFloats(random, n);
        double sum = 0;
        double squares = 0;
        for (const float value : x) {
            sum += value;
            squares += (value - 0.25) * (value - 0.25);
        }
        const auto count = static_cast<double>(n);
        QVERIFY(std::abs(kernels.sum(x.data(), n) - sum) < 1e-6 * std::sqrt(count) * 4);
        QVERIFY(std::abs(kernels.sumSquares(x.data(), 0.25f, n) - squares) < 2e-6 * squares);
    }
}

void TestKernels::maximum()
{
    QFETCH(int, isa);
    const Kernels& kernels = kernelsFor(static_cast<Isa>(isa));
    for (const size_t n : {1u, 8u, 17u, 100u})
        for (size_t at = 0; at < n; ++at) {
            std::vector<float> x(n, -5);
            x[at] = -1;
            x[(at + 1) % n] = n > 1 ? NAN : -1.0f;
            QCOMPARE(kernels.maximum(x.data(), static_cast<int64_t>(n)), -1.0f);
        }
}

QTEST_GUILESS_MAIN(TestKernels)
#include "tst_kernels.moc"
