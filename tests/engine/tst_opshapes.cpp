#include <algorithm>
#include <bit>
#include <cmath>
#include <random>

#include <QtTest>

#include "engine/error.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

// The large operations at shapes that leave a rest everywhere (no multiple of a vector, a tile, a
// panel or a slice), from memory at odd addresses, against sums in double.

class TestOpShapes final : public QObject {
    Q_OBJECT
private slots:
    void linear_data() { addDeviceRows(); }
    void linear();
    void linearFromOtherTypes_data() { addDeviceRows(); }
    void linearFromOtherTypes();
    void gatedAndAdded_data() { addDeviceRows(); }
    void gatedAndAdded();
    void normLinear_data() { addDeviceRows(); }
    void normLinear();
    void attend_data() { addDeviceRows(); }
    void attend();
    void attendFrames_data() { addDeviceRows(); }
    void attendFrames();
    void softEmbed_data() { addDeviceRows(); }
    void softEmbed();
    void otherActivations_data() { addDevices(); }
    void otherActivations();
    void notANumber_data() { addDeviceRows(); }
    void notANumber();
};

namespace {

using Doubles = std::vector<double>;

/// x [T, K] times the rows of w [N, K].
Doubles product(const std::vector<float>& x, const std::vector<float>& w, int64_t k)
{
    Doubles out;
    for (size_t t = 0; t < x.size(); t += static_cast<size_t>(k))
        for (size_t n = 0; n < w.size(); n += static_cast<size_t>(k)) {
            double sum = 0;
            for (size_t i = 0; i < static_cast<size_t>(k); ++i)
                sum += static_cast<double>(x[t + i]) * w[n + i];
            out.push_back(sum);
        }
    return out;
}

std::vector<float> floats(const Doubles& values)
{
    return {values.begin(), values.end()};
}

/// A softmax in place.
void softmax(Doubles& scores)
{
    const double largest = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (double& score : scores)
        sum += score = std::exp(score - largest);
    for (double& score : scores)
        score /= sum;
}

struct LinearShape {
    int64_t t;
    int64_t k;
    int64_t n;
};

} // namespace

void TestOpShapes::linear()
{
    QFETCH(TestDevice, device);
    std::mt19937 random(1);
    // few rows, many rows, more than one chunk of rows; fewer and more than one panel and one depth
    for (const LinearShape& s : std::vector<LinearShape>{{1, 1, 1},
                                                         {1, 57, 85},
                                                         {2, 31, 7},
                                                         {3, 33, 130},
                                                         {5, 88, 3},
                                                         {8, 1031, 21},
                                                         {9, 1, 3},
                                                         {9, 57, 65},
                                                         {23, 1031, 85},
                                                         {61, 129, 201},
                                                         {525, 35, 19}}) {
        const std::vector<float> x = randomFloats(random, s.t * s.k);
        const std::vector<float> w = rounded(randomFloats(random, s.n * s.k), device.compute());
        const std::vector<float> bias = randomFloats(random, s.n);
        Doubles expected = product(rounded(x, device.compute()), w, s.k);
        for (size_t i = 0; i < expected.size(); ++i)
            expected[i] += bias[i % static_cast<size_t>(s.n)];
        LinearSource source;
        source.compute = device.compute();
        source.matrices = {hostValues({s.n, s.k}, w, device.compute(), true)};
        source.biases = {hostValues({s.n}, bias, DType::F32, true)};
        Tensor out = device.make({s.t, s.n});
        device.op().linear(out, device.upload({s.t, s.k}, x), *device.op().makeLinear(source));
        // products of random signs: sums are of the order of the root of their number
        const QString failure = difference(device.download(out), floats(expected), 2e-6f,
                                           1 + std::sqrt(static_cast<float>(s.k)));
        QVERIFY2(
            failure.isEmpty(),
            qPrintable(QString("T %1, K %2, N %3: %4").arg(s.t).arg(s.k).arg(s.n).arg(failure)));
    }
}

void TestOpShapes::linearFromOtherTypes()
{
    QFETCH(TestDevice, device);
    std::mt19937 random(2);
    const int64_t k = 45;
    const std::vector<float> x = randomFloats(random, 11 * k);
    for (const DType stored : {DType::F32, DType::BF16, DType::F16}) {
        const std::vector<float> first = rounded(randomFloats(random, 17 * k), stored);
        const std::vector<float> second = rounded(randomFloats(random, 5 * k), stored);
        std::vector<float> all = first;
        all.insert(all.end(), second.begin(), second.end());
        LinearSource source;
        source.compute = device.compute();
        source.matrices = {hostValues({17, k}, first, stored, true),
                           hostValues({5, k}, second, stored, true)};
        const Linear w = device.op().makeLinear(source);
        for (const int64_t rows : {2, 11}) {
            const std::vector<float> part(x.begin(), x.begin() + rows * k);
            Tensor out = device.make({rows, 22});
            device.op().linear(out, device.upload({rows, k}, part), *w);
            const Doubles expected =
                product(rounded(part, device.compute()), rounded(all, device.compute()), k);
            QCOMPARE(difference(device.download(out), floats(expected), 2e-6f, 8), QString());
        }
    }
}

void TestOpShapes::gatedAndAdded()
{
    QFETCH(TestDevice, device);
    std::mt19937 random(3);
    const int64_t k = 40;
    const int64_t f = 75;
    const std::vector<float> w = rounded(randomFloats(random, 2 * f * k, 0.3f), device.compute());
    const Linear gateUp = device.linear({2 * f, k}, w);
    const Linear down = device.linear({2 * f, k}, w);
    for (const int64_t rows : {1, 7, 33}) {
        // the mean square of each row is one and no weight changes it, so that nothing but w
        // matters
        std::vector<float> x(static_cast<size_t>(rows * k));
        for (float& value : x)
            value = random() % 2 == 0 ? 1.0f : -1.0f;
        const Doubles both = product(x, w, k);
        Doubles expected;
        for (size_t t = 0; t < static_cast<size_t>(rows); ++t)
            for (size_t i = 0; i < static_cast<size_t>(f); ++i) {
                const double gate = both[t * 2 * f + i];
                expected.push_back(gate / (1 + std::exp(-gate)) * both[t * 2 * f + f + i]);
            }
        Tensor out = device.make({rows, f});
        device.op().normGateUp(out, device.upload({rows, k}, x),
                               device.rms(std::vector<float>(k, 1)), *gateUp);
        QCOMPARE(
            difference(device.download(out), floats(expected), device.storedTolerance(4e-6f), 4),
            QString());

        const std::vector<float> before = randomFloats(random, rows * 2 * f);
        Tensor sum = device.upload({rows, 2 * f}, before);
        device.op().linearAdd(sum, device.upload({rows, k}, x), *down);
        std::vector<float> sums = floats(both);
        for (size_t i = 0; i < sums.size(); ++i)
            sums[i] += before[i];
        QCOMPARE(difference(device.download(sum), sums, 2e-6f, 8), QString());
    }
}

void TestOpShapes::normLinear()
{
    QFETCH(TestDevice, device);
    std::mt19937 random(4);
    const int64_t k = 77;
    const std::vector<float> weight = randomFloats(random, k);
    const std::vector<float> bias = randomFloats(random, k);
    const std::vector<float> w = rounded(randomFloats(random, 30 * k), device.compute());
    const Linear linear = device.linear({30, k}, w);
    for (const int64_t rows : {4, 40}) {
        const std::vector<float> x = randomFloats(random, rows * k, 3);
        std::vector<float> normalised;
        for (size_t t = 0; t < static_cast<size_t>(rows); ++t) {
            const float* const row = x.data() + t * k;
            double mean = 0;
            double square = 0;
            for (size_t i = 0; i < static_cast<size_t>(k); ++i)
                mean += row[i] / static_cast<double>(k);
            for (size_t i = 0; i < static_cast<size_t>(k); ++i)
                square += (row[i] - mean) * (row[i] - mean) / static_cast<double>(k);
            for (size_t i = 0; i < static_cast<size_t>(k); ++i)
                normalised.push_back(static_cast<float>(
                    (row[i] - mean) / std::sqrt(square + 1e-3) * weight[i] + bias[i]));
        }
        Tensor out = device.make({rows, 30});
        device.op().normLinear(out, device.upload({rows, k}, x), device.layer(weight, bias, 1e-3f),
                               *linear);
        QCOMPARE(difference(device.download(out), floats(product(normalised, w, k)),
                            device.tolerance(), 5),
                 QString());
    }
}

void TestOpShapes::attend()
{
    QFETCH(TestDevice, device);
    struct Case {
        int64_t tokens;
        int64_t heads;
        int64_t groups;
        int64_t width;
        int32_t length;
    };
    std::mt19937 random(5);
    for (const Case& c : std::vector<Case>{{1, 1, 1, 4, 0},
                                           {1, 4, 2, 128, 700},
                                           {2, 22, 2, 20, 255},
                                           {3, 6, 2, 72, 5},
                                           {5, 4, 4, 33, 0},
                                           {37, 6, 2, 20, 131},
                                           {130, 2, 1, 128, 0},
                                           {70, 3, 3, 72, 300}}) {
        const int64_t capacity = c.length + c.tokens + 3;
        // past the tokens there may be anything
        std::vector<float> keys =
            rounded(randomFloats(random, c.groups * capacity * c.width, 2), device.compute());
        std::vector<float> values =
            rounded(randomFloats(random, c.groups * capacity * c.width), device.compute());
        for (int64_t g = 0; g < c.groups; ++g)
            for (int64_t i = (g * capacity + c.length + c.tokens) * c.width;
                 i < (g + 1) * capacity * c.width; ++i)
                keys[static_cast<size_t>(i)] = values[static_cast<size_t>(i)] = NAN;
        const std::vector<float> q = randomFloats(random, c.tokens * c.heads * c.width, 2);
        Doubles expected;
        for (int64_t t = 0; t < c.tokens; ++t)
            for (int64_t h = 0; h < c.heads; ++h) {
                const int64_t group = h / (c.heads / c.groups);
                const float* const query = q.data() + (t * c.heads + h) * c.width;
                Doubles scores;
                for (int64_t s = 0; s <= c.length + t; ++s) {
                    double score = 0;
                    for (int64_t i = 0; i < c.width; ++i)
                        score += static_cast<double>(query[i]) *
                                 keys[static_cast<size_t>((group * capacity + s) * c.width + i)];
                    scores.push_back(score / std::sqrt(static_cast<double>(c.width)));
                }
                softmax(scores);
                for (int64_t i = 0; i < c.width; ++i) {
                    double sum = 0;
                    for (size_t s = 0; s < scores.size(); ++s)
                        sum += scores[s] *
                               values[static_cast<size_t>(
                                   (group * capacity + static_cast<int64_t>(s)) * c.width + i)];
                    expected.push_back(sum);
                }
            }
        const Shape cacheShape{c.groups, capacity, c.width};
        const KvLayer cache{device.upload(cacheShape, keys, device.compute()),
                            device.upload(cacheShape, values, device.compute())};
        Tensor out = device.makeActivation({c.tokens, c.heads, c.width});
        device.op().attend(out, device.uploadActivation({c.tokens, c.heads, c.width}, q), cache,
                           device.state(c.length));
        const QString failure =
            difference(device.download(out), floats(expected), device.tolerance());
        QVERIFY2(failure.isEmpty(), qPrintable(QString("T %1, H %2, C %3: %4")
                                                   .arg(c.tokens)
                                                   .arg(c.heads)
                                                   .arg(c.width)
                                                   .arg(failure)));
    }
}

void TestOpShapes::attendFrames()
{
    QFETCH(TestDevice, device);
    struct Case {
        int64_t frames;
        int64_t framePatches;
        int64_t heads;
        int64_t width;
    };
    std::mt19937 random(6);
    for (const Case& c : std::vector<Case>{
             {1, 1, 1, 1}, {2, 5, 2, 4}, {3, 137, 2, 72}, {1, 260, 1, 20}, {2, 30, 1, 130}}) {
        const int64_t model = c.heads * c.width;
        const int64_t patches = c.frames * c.framePatches;
        const std::vector<float> qkv = randomFloats(random, patches * 3 * model, 2);
        const auto at = [&](int64_t patch, int64_t column) {
            return static_cast<double>(qkv[static_cast<size_t>(patch * 3 * model + column)]);
        };
        Doubles expected(static_cast<size_t>(patches * model));
        for (int64_t p = 0; p < patches; ++p)
            for (int64_t h = 0; h < c.heads; ++h) {
                const int64_t first = p / c.framePatches * c.framePatches;
                Doubles scores(static_cast<size_t>(c.framePatches));
                for (int64_t s = 0; s < c.framePatches; ++s) {
                    for (int64_t i = 0; i < c.width; ++i)
                        scores[static_cast<size_t>(s)] +=
                            at(p, h * c.width + i) * at(first + s, model + h * c.width + i);
                    scores[static_cast<size_t>(s)] /= std::sqrt(static_cast<double>(c.width));
                }
                softmax(scores);
                for (int64_t s = 0; s < c.framePatches; ++s)
                    for (int64_t i = 0; i < c.width; ++i)
                        expected[static_cast<size_t>(p * model + h * c.width + i)] +=
                            scores[static_cast<size_t>(s)] *
                            at(first + s, 2 * model + h * c.width + i);
            }
        Tensor out = device.makeActivation({patches, model});
        device.op().attendFrames(out, device.uploadActivation({patches, 3 * model}, qkv), c.heads,
                                 c.framePatches);
        const QString failure =
            difference(device.download(out), floats(expected), device.tolerance());
        QVERIFY2(failure.isEmpty(),
                 qPrintable(QString("P %1, C %2: %3").arg(patches).arg(c.width).arg(failure)));
    }
}

void TestOpShapes::softEmbed()
{
    QFETCH(TestDevice, device);
    struct Case {
        int64_t tokens;
        int64_t inputs;
        int64_t outputs;
        int64_t width;
    };
    std::mt19937 random(7);
    for (const Case& c :
         std::vector<Case>{{1, 20, 85, 33}, {13, 56, 1031, 70}, {140, 24, 85, 130}}) {
        const std::vector<float> x = randomFloats(random, c.tokens * c.inputs);
        const std::vector<float> w =
            rounded(randomFloats(random, c.outputs * c.inputs), device.compute());
        const std::vector<float> gain = randomFloats(random, c.outputs, 2);
        const std::vector<float> bias = randomFloats(random, c.outputs);
        const std::vector<float> table =
            rounded(randomFloats(random, (c.outputs + 4) * c.width), device.compute());
        const Doubles logits = product(rounded(x, device.compute()), w, c.inputs);
        Doubles expected;
        const auto count = static_cast<size_t>(c.outputs);
        for (size_t t = 0; t < static_cast<size_t>(c.tokens); ++t) {
            Doubles row(logits.begin() + static_cast<int64_t>(t * count),
                        logits.begin() + static_cast<int64_t>((t + 1) * count));
            double mean = 0;
            double variance = 0;
            for (const double value : row)
                mean += value / static_cast<double>(count);
            for (const double value : row)
                variance += (value - mean) * (value - mean) / static_cast<double>(count);
            for (size_t i = 0; i < count; ++i)
                row[i] = (row[i] - mean) / std::sqrt(variance + 1e-5) * gain[i] + bias[i];
            softmax(row);
            for (size_t d = 0; d < static_cast<size_t>(c.width); ++d) {
                double sum = 0;
                for (size_t i = 0; i < count; ++i)
                    sum += row[i] * table[i * static_cast<size_t>(c.width) + d];
                expected.push_back(sum);
            }
        }
        Tensor out = device.make({c.tokens, c.width});
        device.op().softEmbed(out, device.upload({c.tokens, c.inputs}, x),
                              *device.linear({c.outputs, c.inputs}, w),
                              device.layer(gain, bias, 1e-5f),
                              device.op().makeTable(hostValues({c.outputs + 4, c.width}, table,
                                                               device.compute(), true)));
        const QString failure =
            difference(device.download(out), floats(expected), device.tolerance(), 0.2f);
        QVERIFY2(failure.isEmpty(), qPrintable(QString("T %1, N %2, D %3: %4")
                                                   .arg(c.tokens)
                                                   .arg(c.outputs)
                                                   .arg(c.width)
                                                   .arg(failure)));
    }
}

void TestOpShapes::otherActivations()
{
    // Inputs and outputs of the narrow types give what f32 gives, rounded.
    QFETCH(TestDevice, device);
    if (!device.readsItsMemory())
        return; // a card takes its own two types only
    std::mt19937 random(8);
    Backend& op = device.op();
    const Linear w = device.linear({24, 12}, randomFloats(random, 24 * 12));
    const Norm norm = device.rms(randomFloats(random, 12), 1e-6f);
    const HeadNorms heads{device.rms({1, 2, 1, 2}), device.rms({2, 1, 2, 1})};
    const Tensor positions =
        op.makeFloats(hostValues({5, 12}, randomFloats(random, 60), DType::F32));
    for (const DType type : {DType::BF16, DType::F16}) {
        for (const int64_t rows : {5, 10}) {
            const std::vector<float> values = rounded(randomFloats(random, rows * 12), type);
            // every operation that takes activations, each on the results of the one before
            const auto compute = [&](DType activations) {
                std::vector<std::vector<float>> results;
                const auto take = [&](const Tensor& x) {
                    results.push_back(rounded(device.download(x), type));
                };
                const auto again = [&](const Tensor& x) {
                    return device.upload(x.shape(), results.back(), activations);
                };
                Tensor x = device.upload({rows, 12}, values, activations);
                Tensor qkv = op.allocate(activations, {rows, 24});
                op.normLinear(qkv, x, norm, *w, Activation::GeluTanh);
                take(qkv);
                Tensor sum = again(qkv);
                op.linearAdd(sum, x, *w);
                take(sum);
                Tensor gated = op.allocate(activations, {rows, 12});
                op.normGateUp(gated, x, norm, *w);
                take(gated);
                Tensor normed = op.allocate(activations, {rows, 12});
                op.norm(normed, again(gated), norm);
                take(normed);
                Tensor placed = again(normed);
                op.addPositions(placed, positions);
                take(placed);
                Tensor patches = again(placed);
                op.ropePatches(patches, 1, 5, 1, 1, 10000);
                take(patches);
                Tensor seen = op.allocate(activations, {rows, 4});
                op.attendFrames(seen, again(patches), 2, 5);
                take(seen);
                Tensor q = op.allocate(activations, {rows, 1, 4});
                KvLayer cache{op.allocate(type, {1, rows, 4}), op.allocate(type, {1, rows, 4})};
                op.headNormRopeAppend(q, cache, x, heads, {10000, 1, {}}, device.state(0));
                take(q);
                Tensor out = op.allocate(activations, {rows, 1, 4});
                op.attend(out, again(q), cache, device.state(0));
                take(out);
                return results;
            };
            const auto expected = compute(DType::F32);
            const auto actual = compute(type);
            // sums next to a boundary may be rounded the other way, and bf16 attention rounds
            // inside
            const float step = type == DType::BF16 ? 0x1p-7f : 0x1p-10f;
            for (size_t i = 0; i < expected.size(); ++i)
                QCOMPARE(difference(actual[i], expected[i], step, 0.5f), QString());
        }
    }
}

void TestOpShapes::notANumber()
{
    // A weight that is no number reaches the result: it must not turn into one.
    QFETCH(TestDevice, device);
    const int64_t k = 70;
    std::vector<float> w(static_cast<size_t>(3 * k), 1);
    w[static_cast<size_t>(k + 5)] = NAN;
    const Linear linear = device.linear({3, k}, w);
    for (const int64_t rows : {1, 20}) {
        Tensor out = device.make({rows, 3});
        device.op().linear(
            out, device.upload({rows, k}, std::vector<float>(static_cast<size_t>(rows * k), 1)),
            *linear);
        const std::vector<float> values = device.download(out);
        QCOMPARE(values[0], 70.0f);
        QVERIFY(std::isnan(values[1]));
        QCOMPARE(values[2], 70.0f);
    }
    // nor may one in the input get lost when it is rounded: this one has its only bit at the end
    const float small = std::bit_cast<float>(0x7f800001u);
    Tensor out = device.make({1, 3});
    device.op().linear(
        out, device.upload({1, k}, std::vector<float>(static_cast<size_t>(k), small)), *linear);
    QVERIFY(std::isnan(device.download(out)[0]));
}

QTEST_GUILESS_MAIN(TestOpShapes)
#include "tst_opshapes.moc"
