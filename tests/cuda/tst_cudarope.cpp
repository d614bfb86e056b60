#include <QtTest>

#include <cmath>
#include <numeric>

#include "cuda/kernels/rope.h"
#include "engine/backend.h"
#include "engine/cpu/halffloat.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

namespace {

float toleranceOf(DType type)
{
    return type == DType::F32 ? 1e-5f : type == DType::F16 ? 1e-3f : 8e-3f;
}

struct HeadNorm {
    bool given = false;
    bool layer = false;
    std::vector<float> weight;
    std::vector<float> bias;
};

constexpr double epsilon = 1e-5;

std::vector<double> normed(std::vector<double> head, const HeadNorm& norm)
{
    if (!norm.given)
        return head;
    const auto width = static_cast<double>(head.size());
    const double mean = norm.layer ? std::accumulate(head.begin(), head.end(), 0.0) / width : 0;
    double squares = 0;
    for (const double value : head)
        squares += (value - mean) * (value - mean) / width;
    for (size_t i = 0; i < head.size(); ++i)
        head[i] = (head[i] - mean) / std::sqrt(squares + epsilon) * norm.weight[i] +
                  (norm.layer ? norm.bias[i] : 0);
    return head;
}

/// The angle as the references have it: an f32 product of the position and an f32 frequency.
double angleOf(int64_t position, double exponent, float theta)
{
    const auto frequency = static_cast<float>(std::pow(static_cast<double>(theta), exponent));
    const float angle = static_cast<float>(position) * frequency;
    return angle;
}

/// Pairs (j, j + C / 2) of a head turned by angle(j).
template <typename F> std::vector<double> turned(std::vector<double> head, F angle)
{
    const size_t half = head.size() / 2;
    for (size_t j = 0; j < half; ++j) {
        const double a = head[j];
        const double b = head[j + half];
        head[j] = a * std::cos(angle(j)) - b * std::sin(angle(j));
        head[j + half] = b * std::cos(angle(j)) + a * std::sin(angle(j));
    }
    return head;
}

struct Case {
    int tokens;
    int heads;
    int groups;
    int width;
    int length;
    int capacity;
    DType activations;
    DType cache;
    int queryNorm; ///< 0: none, 1: RMS, 2: LayerNorm
    int keyNorm;
};

HeadNorm makeNorm(std::mt19937& random, int kind, int width)
{
    return {kind > 0, kind == 2, randomFloats(random, width, 2), randomFloats(random, width)};
}

constexpr float untouched = 9;

struct Expected {
    std::vector<float> q;
    std::vector<float> keys;
    std::vector<float> values;
};

Expected expectedOf(const Case& c, const std::vector<float>& qkv, const HeadNorm& query,
                    const HeadNorm& key, float theta)
{
    Expected result;
    const size_t cache = static_cast<size_t>(c.groups) * c.capacity * c.width;
    result.keys.assign(cache, untouched);
    result.values.assign(cache, untouched);
    const int all = c.heads + 2 * c.groups;
    for (int t = 0; t < c.tokens; ++t) {
        const int64_t position = c.length + t;
        const bool fits = position >= 0 && position < c.capacity;
        for (int h = 0; h < all; ++h) {
            const float* const from = qkv.data() + (t * all + h) * c.width;
            std::vector<double> head(from, from + c.width);
            const bool isQuery = h < c.heads;
            const bool isKey = !isQuery && h < c.heads + c.groups;
            if (isQuery || isKey)
                head = turned(normed(head, isQuery ? query : key), [&](size_t j) {
                    return angleOf(position, -2.0 * static_cast<double>(j) / c.width, theta);
                });
            if (isQuery) {
                result.q.insert(result.q.end(), head.begin(), head.end());
            } else if (fits) {
                const int group = h - c.heads - (isKey ? 0 : c.groups);
                auto& target = isKey ? result.keys : result.values;
                std::copy(head.begin(), head.end(),
                          target.begin() + (group * c.capacity + position) * c.width);
            }
        }
    }
    return result;
}

QString run(const Case& c, float theta)
{
    std::mt19937 random(static_cast<unsigned>(c.width + c.tokens));
    const std::vector<float> qkv = rounded(
        randomFloats(random, c.tokens * (c.heads + 2 * c.groups) * c.width, 2), c.activations);
    const HeadNorm query = makeNorm(random, c.queryNorm, c.width);
    const HeadNorm key = makeNorm(random, c.keyNorm, c.width);
    const Expected expected = expectedOf(c, qkv, query, key, theta);
    const CardArray source(c.activations, qkv);
    const CardArray length(std::vector<int32_t>{c.length});
    const CardArray queryWeight(DType::F32, query.weight);
    const CardArray queryBias(DType::F32, query.bias);
    const CardArray keyWeight(DType::F32, key.weight);
    const CardArray keyBias(DType::F32, key.bias);
    const auto weights = [](const HeadNorm& norm, const CardArray& weight, const CardArray& bias) {
        return cuda::NormWeights{norm.layer, norm.given ? weight.as<float>() : nullptr,
                                 norm.layer ? bias.as<float>() : nullptr,
                                 static_cast<float>(epsilon)};
    };
    return inEveryOrder([&] {
        const CardArray q(c.activations, c.tokens * c.heads * c.width);
        const CardArray keys(c.cache, std::vector<float>(expected.keys.size(), untouched));
        const CardArray values(c.cache, std::vector<float>(expected.values.size(), untouched));
        cuda::headNormRopeAppend(q, keys, values, source, weights(query, queryWeight, queryBias),
                                 weights(key, keyWeight, keyBias), {theta, 1, {}},
                                 {c.tokens, c.heads, c.groups, c.width, c.capacity},
                                 length.as<int32_t>(), stream());
        QString complaint = difference(q.values(), expected.q, toleranceOf(c.activations));
        if (complaint.isEmpty())
            complaint = difference(keys.values(), expected.keys, toleranceOf(c.cache));
        if (complaint.isEmpty())
            complaint = difference(values.values(), rounded(expected.values, c.cache), 0);
        return complaint;
    });
}

} // namespace

Q_DECLARE_METATYPE(Case)

class TestCudaRope final : public QObject {
    Q_OBJECT

private slots:
    void heads_data();
    void heads();
    void fullCache();
    void handWorked();
    void farPositions_data();
    void farPositions();
    void unalignedRows();
    void patches_data();
    void patches();
    void patchesByHand();
    void refused();
    void geometry();
};

void TestCudaRope::heads_data()
{
    QTest::addColumn<Case>("c");
    const DType f32 = DType::F32;
    const DType f16 = DType::F16;
    const DType bf16 = DType::BF16;
    QTest::newRow("decode") << Case{1, 4, 2, 128, 17, 20, bf16, bf16, 1, 1};
    QTest::newRow("decode, f32") << Case{1, 4, 2, 128, 0, 1, f32, f32, 1, 1};
    QTest::newRow("decode, f16") << Case{1, 5, 1, 128, 3, 9, f16, f16, 1, 1};
    QTest::newRow("narrow cache") << Case{2, 3, 1, 64, 3, 5, f32, bf16, 0, 1};
    QTest::newRow("wide cache") << Case{2, 3, 1, 64, 3, 6, f16, f32, 1, 0};
    QTest::newRow("layer norms") << Case{3, 4, 4, 80, 2, 7, f32, f32, 2, 2};
    QTest::newRow("different norms") << Case{3, 2, 1, 96, 0, 3, f32, f16, 1, 2};
    QTest::newRow("no norms") << Case{5, 3, 3, 32, 100, 105, bf16, bf16, 0, 0};
    QTest::newRow("widest") << Case{2, 3, 1, 256, 4, 8, f32, f32, 2, 1};
    QTest::newRow("two elements") << Case{3, 2, 1, 2, 1, 4, f32, f32, 1, 1};
    QTest::newRow("six") << Case{3, 2, 2, 6, 1, 4, f32, f32, 2, 2};
    QTest::newRow("sixty-six") << Case{2, 2, 1, 66, 1, 4, f32, f32, 2, 1};
    QTest::newRow("one hundred") << Case{2, 2, 1, 100, 1, 4, f32, f32, 2, 2};
    QTest::newRow("130") << Case{2, 2, 1, 130, 1, 4, f16, f32, 1, 2};
    QTest::newRow("prefill") << Case{66, 5, 2, 16, 3, 70, f32, f32, 1, 2};
    QTest::newRow("prefill, one group") << Case{64, 4, 1, 8, 0, 64, bf16, bf16, 1, 1};
    QTest::newRow("prefill, whole warps") << Case{64, 16, 8, 4, 0, 64, f32, f32, 1, 1};
    QTest::newRow("no tokens") << Case{0, 2, 1, 8, 3, 4, f32, f32, 1, 1};
}

void TestCudaRope::heads()
{
    QFETCH(Case, c);
    QCOMPARE(run(c, 10000), QString());
}

void TestCudaRope::fullCache()
{
    // What does not fit is written nowhere, not even into the next group.
    const DType f32 = DType::F32;
    for (const int length : {2, 3, 4, 1000, -1, -3})
        QCOMPARE(run({2, 1, 2, 8, length, 3, f32, f32, 1, 0}, 100), QString());
    QCOMPARE(run({2, 1, 2, 8, std::numeric_limits<int32_t>::max() - 1, 3, f32, f32, 0, 0}, 1),
             QString());
}

void TestCudaRope::handWorked()
{
    // One token at position 3; theta 4 and C 4: angles 3 and 3 * 4^(-1/2) = 1.5; the pairs are 0, 2
    // and 1, 3.
    const CardArray qkv(DType::F32,
                        std::vector<float>{1, 2, 3, 4, 0, 0, 1, 1, 2, 0, 0, 0, 5, 6, 7, 8});
    const CardArray q(DType::F32, 8);
    const CardArray keys(DType::F32, 20);
    const CardArray values(DType::F32, 20);
    const CardArray length(std::vector<int32_t>{3});
    cuda::headNormRopeAppend(q, keys, values, qkv, {}, {}, {4, 1, {}}, {1, 2, 1, 4, 5},
                             length.as<int32_t>(), stream());
    const float c0 = std::cos(3.0f);
    const float s0 = std::sin(3.0f);
    const float c1 = std::cos(1.5f);
    const float s1 = std::sin(1.5f);
    QCOMPARE(
        difference(q.values(),
                   {c0 - 3 * s0, 2 * c1 - 4 * s1, 3 * c0 + s0, 4 * c1 + 2 * s1, -s0, -s1, c0, c1},
                   1e-6f),
        QString());
    const std::vector<float> written = keys.values();
    QCOMPARE(
        difference({written.begin() + 12, written.begin() + 16}, {2 * c0, 0, 2 * s0, 0}, 1e-6f),
        QString());
    QVERIFY(std::isnan(written[11]) && std::isnan(written[16]));
    const std::vector<float> copied = values.values();
    QCOMPARE(std::vector<float>(copied.begin() + 12, copied.begin() + 16),
             (std::vector<float>{5, 6, 7, 8}));
}

void TestCudaRope::farPositions_data()
{
    QTest::addColumn<int>("position");
    for (const int position : {0, 1, 4095, 32767, 100000, 131071})
        QTest::addRow("%d", position) << position;
}

void TestCudaRope::farPositions()
{
    QFETCH(int, position);
    constexpr float theta = 1e6f;
    constexpr int width = 128;
    const int capacity = position + 1;
    std::mt19937 random(1);
    const std::vector<float> qkv = randomFloats(random, 3 * width);
    const auto cpu = makeBackend("cpu");
    const Tensor host = hostValues({1, 3 * width}, qkv, DType::F32);
    Tensor source = cpu->allocate(DType::F32, host.shape());
    cpu->upload(source, host);
    Tensor expected = cpu->allocate(DType::F32, {1, 1, width});
    KvLayer layer{cpu->allocate(DType::F16, {1, capacity, width}),
                  cpu->allocate(DType::F16, {1, capacity, width})};
    DecodeState state{cpu->allocate(DType::I32, {1})};
    cpu->setLength(state, position);
    cpu->headNormRopeAppend(expected, layer, source, {}, {theta, 1, {}}, state);

    const CardArray from(DType::F32, qkv);
    const CardArray q(DType::F32, width);
    const CardArray keys(DType::F16, int64_t{width} * capacity);
    const CardArray values(DType::F16, int64_t{width} * capacity);
    const CardArray length(std::vector<int32_t>{position});
    cuda::headNormRopeAppend(q, keys, values, from, {}, {}, {theta, 1, {}},
                             {1, 1, 1, width, capacity}, length.as<int32_t>(), stream());
    QCOMPARE(difference(q.values(), {expected.as<float>(), expected.as<float>() + width}, 1e-6f),
             QString());
    const auto row = [&](const Tensor& cache) {
        std::vector<float> result;
        for (int i = 0; i < width; ++i)
            result.push_back(cpu::floatOfF16(cache.as<uint16_t>()[int64_t{position} * width + i]));
        return result;
    };
    // A card's sine is not the processor's to the last bit, and f16 may round the two apart.
    QCOMPARE(difference(keys.values(int64_t{position} * width, width), row(layer.keys), 5e-4f),
             QString());
    QCOMPARE(values.values(int64_t{position} * width, width), row(layer.values));
}

void TestCudaRope::unalignedRows()
{
    std::mt19937 random(4);
    const std::vector<float> qkv = randomFloats(random, 3 * 128 + 1);
    const CardArray moved(DType::F32, qkv);
    const CardArray straight(DType::F32, std::vector<float>(qkv.begin() + 1, qkv.end()));
    const CardArray length(std::vector<int32_t>{2});
    const CardArray keys(DType::F32, 3 * 128);
    const CardArray a(DType::F32, 128);
    const CardArray b(DType::F32, 128);
    const cuda::HeadLayout layout{1, 1, 1, 128, 3};
    cuda::headNormRopeAppend(a, keys, keys, {moved.as<float>() + 1, DType::F32}, {}, {},
                             {100, 1, {}}, layout, length.as<int32_t>(), stream());
    cuda::headNormRopeAppend(b, keys, keys, straight, {}, {}, {100, 1, {}}, layout,
                             length.as<int32_t>(), stream());
    QCOMPARE(difference(a.values(), b.values(), 1e-6f), QString());
}

void TestCudaRope::patches_data()
{
    QTest::addColumn<DType>("type");
    QTest::addColumn<int>("frames");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("merge");
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("width");
    for (const DType type : {DType::F32, DType::F16, DType::BF16}) {
        QTest::addRow("%s two frames", nameOf(type)) << type << 2 << 4 << 6 << 2 << 3 << 72;
        QTest::addRow("%s one patch", nameOf(type)) << type << 1 << 1 << 1 << 1 << 2 << 64;
        QTest::addRow("%s narrow", nameOf(type)) << type << 3 << 3 << 3 << 3 << 1 << 4;
        QTest::addRow("%s twelve", nameOf(type)) << type << 1 << 5 << 2 << 1 << 16 << 12;
        QTest::addRow("%s widest", nameOf(type)) << type << 1 << 2 << 3 << 1 << 2 << 256;
        QTest::addRow("%s none", nameOf(type)) << type << 0 << 2 << 2 << 2 << 2 << 8;
    }
}

void TestCudaRope::patches()
{
    QFETCH(DType, type);
    QFETCH(int, frames);
    QFETCH(int, rows);
    QFETCH(int, columns);
    QFETCH(int, merge);
    QFETCH(int, heads);
    QFETCH(int, width);
    constexpr float theta = 10000;
    std::mt19937 random(static_cast<unsigned>(width));
    const int count = frames * rows * columns;
    const std::vector<float> qkv = rounded(randomFloats(random, count * 3 * heads * width), type);
    std::vector<float> expected = qkv;
    int patch = 0;
    for (int f = 0; f < frames; ++f)
        for (int y = 0; y < rows; y += merge)
            for (int x = 0; x < columns; x += merge)
                for (int i = 0; i < merge * merge; ++i, ++patch)
                    for (int h = 0; h < 2 * heads; ++h) {
                        float* const from = expected.data() + (patch * 3 * heads + h) * width;
                        const std::vector<double> head =
                            turned(std::vector<double>(from, from + width), [&](size_t j) {
                                const size_t quarter = static_cast<size_t>(width) / 4;
                                return angleOf(j < quarter ? y + i / merge : x + i % merge,
                                               -4.0 * static_cast<double>(j % quarter) / width,
                                               theta);
                            });
                        std::copy(head.begin(), head.end(), from);
                    }
    QCOMPARE(inEveryOrder([&] {
                 const CardArray x(type, qkv);
                 cuda::ropePatches(x, count, heads, width, rows, columns, merge, theta, stream());
                 return difference(x.values(), expected, toleranceOf(type));
             }),
             QString());
}

void TestCudaRope::patchesByHand()
{
    // C 4: one angle of the row and one of the column, in radians; a frame of 1 x 2, the second
    // patch's column is 1.
    const CardArray x(DType::F32, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, //
                                                     1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9});
    cuda::ropePatches(x, 2, 1, 4, 1, 2, 1, 10000, stream());
    const float c = std::cos(1.0f);
    const float s = std::sin(1.0f);
    QCOMPARE(difference(x.values(), {1, 2,
                                     3, 4,
                                     5, 6,
                                     7, 8,
                                     9, 9,
                                     9, 9, //
                                     1, 2 * c - 4 * s,
                                     3, 4 * c + 2 * s,
                                     5, 6 * c - 8 * s,
                                     7, 8 * c + 6 * s,
                                     9, 9,
                                     9, 9},
                        1e-6f),
             QString());
}

void TestCudaRope::refused()
{
    const CardArray x(DType::F32, 8);
    const CardArray length(std::vector<int32_t>{0});
    for (const int width : {0, 3, 258})
        QVERIFY_EXCEPTION_THROWN(cuda::headNormRopeAppend(x, x, x, x, {}, {}, {100, 1, {}},
                                                          {1, 1, 1, width, 1}, length.as<int32_t>(),
                                                          stream()),
                                 Error);
    for (const int width : {0, 6, 260})
        QVERIFY_EXCEPTION_THROWN(cuda::ropePatches(x, 1, 1, width, 1, 1, 1, 100, stream()), Error);
    QVERIFY_EXCEPTION_THROWN(
        cuda::ropePatches({length.as<void>(), DType::I32}, 1, 1, 4, 1, 1, 1, 100, stream()), Error);
}

void TestCudaRope::geometry()
{
    for (const int64_t tokens : {1, 63, 64, 32768})
        for (const int64_t heads : {1, 12, 16, 32, 128}) {
            const cuda::Launch shape = cuda::headNormRopeLaunch({tokens, heads, 8, 128, 32768});
            const int64_t perWarp = tokens < 64 ? 1 : 4;
            QCOMPARE(shape.grid[0], tokens);
            QVERIFY(shape.grid[1] * shape.threads / 32 * perWarp >= heads + 16);
            QVERIFY((shape.grid[1] - 1) * shape.threads / 32 * perWarp < heads + 16);
        }
    QVERIFY(cuda::ropePatchesLaunch(64 * 12544, 256).sharedBytes <= 48 * 1024);
}

QTEST_GUILESS_MAIN(TestCudaRope)
#include "tst_cudarope.moc"
