#include <cmath>
#include <limits>
#include <numeric>

#include <QtTest>

#include "engine/error.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

// Every operation against values worked out by hand, on every device with every type of weights.
// The values are chosen so that rounding them to the narrow types changes nothing, where that is
// possible. tst_visionops has those of a vision encoder, tst_opshapes the large and the odd shapes.

class TestOps final : public QObject {
    Q_OBJECT
private slots:
    void gather_data() { addDeviceRows(); }
    void gather();
    void copyConverts_data() { addDeviceRows(); }
    void copyConverts();
    void memory_data() { addDeviceRows(); }
    void memory();
    void rmsNorm_data() { addDeviceRows(); }
    void rmsNorm();
    void layerNorm_data() { addDeviceRows(); }
    void layerNorm();
    void linear_data() { addDeviceRows(); }
    void linear();
    void linearGelu_data() { addDeviceRows(); }
    void linearGelu();
    void linearOtherGelus_data() { addDeviceRows(); }
    void linearOtherGelus();
    void linearAdd_data() { addDeviceRows(); }
    void linearAdd();
    void stackedMatrices_data() { addDeviceRows(); }
    void stackedMatrices();
    void normLinear_data() { addDeviceRows(); }
    void normLinear();
    void normGateUp_data() { addDeviceRows(); }
    void normGateUp();
    void endsOfProducts_data() { addDeviceRows(); }
    void endsOfProducts();
    void ropeAppend_data() { addDeviceRows(); }
    void ropeAppend();
    void ropeFactors_data() { addDeviceRows(); }
    void ropeFactors();
    void pairsThatAreNotTurned_data() { addDeviceRows(); }
    void pairsThatAreNotTurned();
    void headNorms_data() { addDeviceRows(); }
    void headNorms();
    void attend_data() { addDeviceRows(); }
    void attend();
    void lengthOfASequence_data() { addDeviceRows(); }
    void lengthOfASequence();
    void best_data() { addDevices(); }
    void likeliest_data() { addDevices(); }
    void likeliest();
    void best();
    void shapesThatDisagree_data() { addDevices(); }
    void shapesThatDisagree();
    void fullCache_data() { addDevices(); }
    void fullCache();
};

void TestOps::gather()
{
    QFETCH(TestDevice, device);
    const Tensor table =
        device.op().makeTable(hostValues({3, 2}, {1, 2, 3, 4, 5, 6}, device.compute()));
    Tensor out = device.make({3, 2});
    device.op().gather(out, table, device.ids({2, 0, 2}));
    QCOMPARE(device.download(out), (std::vector<float>{5, 6, 1, 2, 5, 6}));
    for (const int32_t wrong : {-1, 3, std::numeric_limits<int32_t>::max()}) {
        if (!device.readsItsMemory()) {
            device.op().gather(out, table, device.ids({0, wrong, 0}));
            const std::vector<float> rows = device.download(out);
            QVERIFY(std::isnan(rows[2]) && std::isnan(rows[3]));
            QCOMPARE(rows[5], 2.0f);
            continue;
        }
        QVERIFY_EXCEPTION_THROWN(device.op().gather(out, table, device.ids({0, wrong, 0})), Error);
    }
}

void TestOps::likeliest()
{
    QFETCH(TestDevice, device);
    const auto likeliestOf = [&](const std::vector<float>& values, int64_t count) {
        const Candidates found = device.op().likeliest(
            device.upload({1, static_cast<int64_t>(values.size())}, values, DType::F32), count);
        QString text;
        for (size_t i = 0; i < found.ids.size(); ++i)
            text += QString("%1:%2 ").arg(found.ids[i]).arg(double(found.logits[i]) + 0.0); // no -0
        return text.trimmed();
    };
    constexpr float infinite = std::numeric_limits<float>::infinity();
    QCOMPARE(likeliestOf({3}, 1), "0:3");
    QCOMPARE(likeliestOf({-3, 2, 5, 5, 1}, 3), "2:5 3:5 1:2");
    QCOMPARE(likeliestOf({-3, 2, 5}, 50), "2:5 1:2 0:-3");
    QCOMPARE(likeliestOf({-infinite, -0.0F, 0, -7}, 4), "1:0 2:0 3:-7 0:-inf");
    QCOMPARE(likeliestOf({1, std::numeric_limits<float>::quiet_NaN(), 5}, 2), "");
    QCOMPARE(likeliestOf({1, infinite, 5}, 2), "");
    std::mt19937 random(3); // NOLINT: the same numbers every time
    std::vector<float> many = randomFloats(random, 20'011, 3);
    for (size_t i = 0; i < many.size(); i += 7)
        many[i] = many[(i * 31) % many.size()]; // equals, far from each other
    for (const int64_t count : {1, 50, 1000, 1024, 1025}) {
        const Candidates expected = argali::likeliestOf(many, count);
        const Candidates found = device.op().likeliest(
            device.upload({1, static_cast<int64_t>(many.size())}, many, DType::F32), count);
        QVERIFY(found.ids == expected.ids);
        QVERIFY(found.logits == expected.logits);
    }
}

void TestOps::best()
{
    QFETCH(TestDevice, device);
    const auto bestOf = [&](const std::vector<float>& values) {
        return device.op().best(
            device.upload({1, static_cast<int64_t>(values.size())}, values, DType::F32));
    };
    const float infinite = std::numeric_limits<float>::infinity();
    QCOMPARE(bestOf({3}), 0);
    QCOMPARE(bestOf({-3, 2, 5, 5, 1}), 2);
    QCOMPARE(bestOf({-infinite, -7, -infinite}), 1);
    QCOMPARE(bestOf({1, std::numeric_limits<float>::quiet_NaN(), 5}), -1);
    QCOMPARE(bestOf({1, infinite, 5}), -1);
    std::vector<float> many(70001, -1);
    many[70000] = 0;
    QCOMPARE(bestOf(many), 70000);
    many[65536] = 0;
    QCOMPARE(bestOf(many), 65536);
}

void TestOps::copyConverts()
{
    QFETCH(TestDevice, device);
    // Half way between two neighbours goes to the even one, in bf16 (8 bits) and f16 (11 bits).
    const std::vector<float> values{
        1, -2.5f, 1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1p-11f, 1 + 3 * 0x1p-11f};
    const Tensor x = device.upload({2, 3}, values, DType::F32);
    Tensor narrow = device.op().allocate(device.compute(), {2, 3});
    device.op().copy(narrow, x);
    QCOMPARE(device.download(narrow), rounded(values, device.compute()));
    Tensor wide = device.op().allocate(DType::F32, {2, 3});
    device.op().copy(wide, narrow);
    QCOMPARE(device.download(wide), rounded(values, device.compute()));
}

void TestOps::memory()
{
    QFETCH(TestDevice, device);
    const Tensor floats = device.op().makeFloats(hostValues({2}, {0.5f, -3}, device.compute()));
    QCOMPARE(floats.type(), DType::F32);
    QCOMPARE(device.download(floats), (std::vector<float>{0.5f, -3}));
    Tensor integers = device.op().allocate(DType::I32, {2});
    Tensor host = hostTensor(DType::I32, {2});
    host.as<int32_t>()[0] = 7;
    host.as<int32_t>()[1] = -7;
    device.op().upload(integers, host);
    const Tensor back = device.op().download(integers);
    QCOMPARE(back.type(), DType::I32);
    QCOMPARE(back.as<int32_t>()[1], -7);
}

void TestOps::rmsNorm()
{
    QFETCH(TestDevice, device);
    const Tensor x = device.upload({2, 2}, {3, 4, 6, 8});
    Tensor out = device.make({2, 2});
    device.op().norm(out, x, device.rms({1, 2}));
    // the mean square of the first row is 12.5: 3 / sqrt(12.5) and 2 * 4 / sqrt(12.5)
    const std::vector<float> expected{0.848528f, 2.262742f, 0.848528f, 2.262742f};
    QCOMPARE(difference(device.download(out), expected, 1e-6f), QString());
    device.op().norm(out, x, device.rms({1, 2}, 3.5f)); // 12.5 + 3.5 = 16, 50 + 3.5
    const float second = std::sqrt(53.5f);
    QCOMPARE(difference(device.download(out), {0.75f, 2, 6 / second, 16 / second}, 1e-6f),
             QString());
}

void TestOps::layerNorm()
{
    QFETCH(TestDevice, device);
    const Tensor x = device.upload({1, 4}, {1, 2, 3, 6});
    Tensor out = device.make({1, 4});
    device.op().norm(out, x, device.layer({1, 1, 2, 4}, {0, 1, 0, -1}, 0.5f));
    // mean 3, variance (4 + 1 + 0 + 9) / 4 = 3.5, with epsilon 4
    QCOMPARE(difference(device.download(out), {-1, 0.5f, 0, 5}, 1e-6f), QString());
}

namespace {

Shape twoByThree()
{
    return {2, 3};
}

const std::vector<float> inputs{1, 2, 3, -1, 0, 2};
const std::vector<float> weights{1, 0, -1, 2, 1, 0.5f};
const std::vector<float> biases{0.5f, -1};
// rows of inputs times rows of weights: 1 - 3, 2 + 2 + 1.5; -1 - 2, -2 + 1
const std::vector<float> products{-2, 5.5f, -3, -1};

} // namespace

void TestOps::linear()
{
    QFETCH(TestDevice, device);
    const Tensor x = device.upload(twoByThree(), inputs);
    Tensor out = device.make({2, 2});
    device.op().linear(out, x, *device.linear(twoByThree(), weights));
    QCOMPARE(difference(device.download(out), products, 1e-6f), QString());
    device.op().linear(out, x, *device.linear(twoByThree(), weights, biases));
    QCOMPARE(difference(device.download(out), {-1.5f, 4.5f, -2.5f, -2}, 1e-6f), QString());
}

void TestOps::linearGelu()
{
    QFETCH(TestDevice, device);
    const Tensor x = device.upload(twoByThree(), inputs);
    Tensor out = device.make({2, 2});
    device.op().linear(out, x, *device.linear(twoByThree(), weights, biases), Activation::GeluTanh);
    // for -1.5: 0.5 * -1.5 * (1 + tanh(0.797885 * (-1.5 - 0.044715 * 3.375))); 4.5, -2.5 and -2
    // likewise
    const std::vector<float> expected{-0.1004284f, 4.4999949f, -0.0150843f, -0.0454023f};
    QCOMPARE(difference(device.download(out), expected, 1e-6f), QString());
}

void TestOps::linearOtherGelus()
{
    QFETCH(TestDevice, device);
    const Tensor x = device.upload(twoByThree(), inputs);
    Tensor out = device.make({2, 2});
    const Linear w = device.linear(twoByThree(), weights, biases);
    // for -1.5: 0.5 * -1.5 * (1 + erf(-1.5 / sqrt(2))); 4.5, -2.5 and -2 likewise
    device.op().linear(out, x, *w, Activation::Gelu);
    QCOMPARE(difference(device.download(out), {-0.1002108f, 4.4999847f, -0.0155242f, -0.0455003f},
                        1e-6f),
             QString());
    // for -1.5: -1.5 / (1 + exp(1.702 * 1.5))
    device.op().linear(out, x, *w, Activation::QuickGelu);
    QCOMPARE(difference(device.download(out), {-0.1083378f, 4.4978780f, -0.0349862f, -0.0643414f},
                        1e-6f),
             QString());
}

void TestOps::linearAdd()
{
    QFETCH(TestDevice, device);
    const Tensor x = device.upload(twoByThree(), inputs);
    Tensor out = device.upload({2, 2}, {10, 20, 30, 40});
    device.op().linearAdd(out, x, *device.linear(twoByThree(), weights, biases));
    QCOMPARE(difference(device.download(out), {8.5f, 24.5f, 27.5f, 38}, 1e-6f), QString());
}

void TestOps::stackedMatrices()
{
    QFETCH(TestDevice, device);
    LinearSource source;
    source.compute = device.compute();
    source.matrices = {hostValues({1, 3}, {1, 0, -1}, DType::F32),
                       hostValues({1, 3}, {2, 1, 0.5f}, DType::BF16)};
    source.biases = {hostValues({1}, {0.5f}, DType::BF16), hostValues({1}, {-1}, DType::F16)};
    const Linear w = device.op().makeLinear(source);
    QCOMPARE(w->outputs(), 2);
    QCOMPARE(w->inputs(), 3);
    QCOMPARE(w->compute(), device.compute());
    Tensor out = device.make({2, 2});
    device.op().linear(out, device.upload(twoByThree(), inputs), *w);
    QCOMPARE(difference(device.download(out), {-1.5f, 4.5f, -2.5f, -2}, 1e-6f), QString());
}

void TestOps::normLinear()
{
    QFETCH(TestDevice, device);
    const Tensor x = device.upload({1, 2}, {4, 8});
    Tensor out = device.make({1, 2});
    // the mean square is 40, with epsilon 64: the row becomes 4 / 8 * 2 and 8 / 8 * 1
    device.op().normLinear(out, x, device.rms({2, 1}, 24),
                           *device.linear({2, 2}, {1, 1, 3, -0.5f}, {0, 1}));
    QCOMPARE(difference(device.download(out), {2, 3.5f}, 1e-6f), QString());
}

void TestOps::normGateUp()
{
    QFETCH(TestDevice, device);
    const Tensor x = device.upload({1, 2}, {4, 8});
    Tensor out = device.make({1, 2});
    const Norm norm = device.rms({2, 1}, 24); // the row becomes 1, 1
    // gates 1 + 1, -1 - 0.5; ups 0.5 + 2.5, 4 - 2: silu(2) * 3 and silu(-1.5) * 2
    const Linear w = device.linear({4, 2}, {1, 1, -1, -0.5f, 0.5f, 2.5f, 4, -2});
    device.op().normGateUp(out, x, norm, *w);
    const float first = 2 / (1 + std::exp(-2.0f)) * 3;
    const float second = -1.5f / (1 + std::exp(1.5f)) * 2;
    QCOMPARE(difference(device.download(out), {first, second}, 1e-6f), QString());
    // with biases 1 and 2 the gates are 3 and 0.5, with -1 and 0 the ups 2 and 2
    const Linear biased =
        device.linear({4, 2}, {1, 1, -1, -0.5f, 0.5f, 2.5f, 4, -2}, {1, 2, -1, 0});
    device.op().normGateUp(out, x, norm, *biased);
    QCOMPARE(difference(device.download(out),
                        {6 / (1 + std::exp(-3.0f)), 1 / (1 + std::exp(-0.5f))}, 1e-6f),
             QString());
}

void TestOps::endsOfProducts()
{
    QFETCH(TestDevice, device);
    const Tensor both = device.upload({2, 4}, {2, -1.5f, 3, 2, 0, 1, 5, -1}, DType::F32);
    Tensor x = device.upload({2, 2}, {1, -1, 0.5f, 0}, DType::F32);
    Tensor out = device.make({2, 2});
    if (!device.op().hasSidePaths()) {
        QVERIFY_EXCEPTION_THROWN(device.op().activate(x, Activation::Gelu), Error);
        QVERIFY_EXCEPTION_THROWN(device.op().gateUp(out, both), Error);
        return;
    }
    // silu(2) * 3, silu(-1.5) * 2; silu(0) * 5, silu(1) * -1
    device.op().gateUp(out, both);
    QCOMPARE(difference(device.download(out),
                        {6 / (1 + std::exp(-2.0f)), -3 / (1 + std::exp(1.5f)), 0,
                         -1 / (1 + std::exp(-1.0f))},
                        1e-6f),
             QString());
    device.op().activate(x, Activation::None);
    QCOMPARE(device.download(x), (std::vector<float>{1, -1, 0.5f, 0}));
    device.op().activate(x, Activation::QuickGelu);
    const auto quick = [](float value) { return value / (1 + std::exp(-1.702f * value)); };
    QCOMPARE(difference(device.download(x), {quick(1), quick(-1), quick(0.5f), 0}, 1e-6f),
             QString());
    Tensor wrong = device.make({2, 3});
    QVERIFY_EXCEPTION_THROWN(device.op().gateUp(wrong, both), Error);
}

void TestOps::ropeAppend()
{
    QFETCH(TestDevice, device);
    // One token at position 3 after 3 others; theta 4 and C 4: angles 3 and 3 * 4^(-1/2) = 1.5
    Tensor q = device.makeActivation({1, 2, 4});
    KvLayer cache{device.upload({1, 5, 4}, std::vector<float>(20, 9), device.compute()),
                  device.upload({1, 5, 4}, std::vector<float>(20, 9), device.compute())};
    const Tensor qkv =
        device.uploadActivation({1, 16}, {1, 2, 3, 4, 0, 0, 1, 1, 2, 0, 0, 0, 5, 6, 7, 8});
    device.op().headNormRopeAppend(q, cache, qkv, {}, {4, 1, {}}, device.state(3));
    const float c0 = std::cos(3.0f);
    const float s0 = std::sin(3.0f);
    const float c1 = std::cos(1.5f);
    const float s1 = std::sin(1.5f);
    // the pairs are elements 0, 2 and 1, 3
    const std::vector<float> expected{
        1 * c0 - 3 * s0, 2 * c1 - 4 * s1, 3 * c0 + 1 * s0, 4 * c1 + 2 * s1, -s0, -s1, c0, c1};
    QCOMPARE(difference(device.download(q), expected, device.storedTolerance(1e-6f)), QString());
    std::vector<float> keys(20, 9);
    const std::vector<float> key{2 * c0, 0, 2 * s0, 0};
    std::copy(key.begin(), key.end(), keys.begin() + 12);
    QCOMPARE(difference(device.download(cache.keys), rounded(keys, device.compute()),
                        device.tolerance()),
             QString());
    std::vector<float> values(20, 9);
    std::iota(values.begin() + 12, values.begin() + 16, 5.0f);
    QCOMPARE(device.download(cache.values), values);
}

void TestOps::ropeFactors()
{
    QFETCH(TestDevice, device);
    // As above, but the frequencies 1 and 1/2 are divided by 3 and 0.5: angles 1 and 3, and all
    // turned values are twice as long. Values of the cache stay as they are.
    Tensor q = device.makeActivation({1, 1, 4});
    KvLayer cache{device.upload({1, 5, 4}, std::vector<float>(20, 9), device.compute()),
                  device.upload({1, 5, 4}, std::vector<float>(20, 9), device.compute())};
    const Tensor qkv = device.uploadActivation({1, 12}, {1, 2, 3, 4, 2, 0, 0, 0, 5, 6, 7, 8});
    const Rope rope{.theta = 4, .magnitude = 2, .factors = {3, 0.5f}};
    device.op().headNormRopeAppend(q, cache, qkv, {}, rope, device.state(3));
    const float c0 = 2 * std::cos(1.0f);
    const float s0 = 2 * std::sin(1.0f);
    const float c1 = 2 * std::cos(3.0f);
    const float s1 = 2 * std::sin(3.0f);
    QCOMPARE(difference(device.download(q),
                        {c0 - 3 * s0, 2 * c1 - 4 * s1, 3 * c0 + s0, 4 * c1 + 2 * s1},
                        device.storedTolerance(1e-6f)),
             QString());
    const std::vector<float> keys = device.download(cache.keys);
    QCOMPARE(difference({keys.begin() + 12, keys.begin() + 16},
                        rounded({2 * c0, 0, 2 * s0, 0}, device.compute()), device.tolerance()),
             QString());
    const std::vector<float> values = device.download(cache.values);
    QCOMPARE(std::vector<float>(values.begin() + 12, values.begin() + 16),
             (std::vector<float>{5, 6, 7, 8}));
    const Rope wrong{.theta = 4, .factors = {1}};
    QVERIFY_EXCEPTION_THROWN(
        device.op().headNormRopeAppend(q, cache, qkv, {}, wrong, device.state(3)), Error);
}

void TestOps::pairsThatAreNotTurned()
{
    QFETCH(TestDevice, device);
    // Elements 1 and 3 of each head stay as they are, wherever the token stands.
    for (const int length : {0, 3}) {
        Tensor q = device.makeActivation({1, 1, 4});
        KvLayer cache{device.upload({1, 5, 4}, std::vector<float>(20, 9), device.compute()),
                      device.upload({1, 5, 4}, std::vector<float>(20, 9), device.compute())};
        const Tensor qkv = device.uploadActivation({1, 12}, {1, 2, 3, 4, 2, -5, 0, 7, 5, 6, 7, 8});
        const Rope rope{.theta = 4, .factors = {1, std::numeric_limits<float>::infinity()}};
        device.op().headNormRopeAppend(q, cache, qkv, {}, rope, device.state(length));
        const float c = std::cos(float(length));
        const float s = std::sin(float(length));
        const std::vector<float> query = device.download(q);
        QCOMPARE(difference(query, {c - 3 * s, 2, 3 * c + s, 4}, device.storedTolerance(1e-6f)),
                 QString());
        const std::vector<float> keys = device.download(cache.keys);
        QCOMPARE(keys.at(size_t(length) * 4 + 1), -5.0F);
        QCOMPARE(keys.at(size_t(length) * 4 + 3), 7.0F);
        QVERIFY(query[1] == 2 && query[3] == 4);
    }
}

void TestOps::headNorms()
{
    QFETCH(TestDevice, device);
    // Two tokens from position 0 on, where nothing turns for the first. Mean squares of the query
    // heads are 16 and 4, of the keys 64 and 1.
    Tensor q = device.makeActivation({2, 1, 2});
    KvLayer cache{device.upload({1, 2, 2}, {0, 0, 0, 0}, device.compute()),
                  device.upload({1, 2, 2}, {0, 0, 0, 0}, device.compute())};
    const Tensor qkv = device.uploadActivation({2, 6}, {4, 4, 8, -8, 1, 2, -2, 2, 1, 1, 3, 4});
    device.op().headNormRopeAppend(q, cache, qkv, {device.rms({1, 2}), device.rms({0.5f, 1})},
                                   {10000, 1, {}}, device.state(0));
    const float c = std::cos(1.0f);
    const float s = std::sin(1.0f);
    QCOMPARE(difference(device.download(q), {1, 2, -c - 2 * s, 2 * c - s},
                        device.storedTolerance(1e-6f)),
             QString());
    QCOMPARE(difference(device.download(cache.keys), {0.5f, -1, 0.5f * c - s, c + 0.5f * s},
                        device.tolerance()),
             QString());
    QCOMPARE(device.download(cache.values), (std::vector<float>{1, 2, 3, 4}));
}

void TestOps::attend()
{
    QFETCH(TestDevice, device);
    // C is 4, so the scores are half the products. Two tokens after one; one group, two query
    // heads. The second coordinate of the keys is 0, ln 3, ln 4 (rounded, so that every type has
    // the same).
    const float ln3 = rounded(std::log(3.0f), device.compute());
    const float ln4 = rounded(std::log(4.0f), device.compute());
    const KvLayer cache{
        device.upload({1, 4, 4}, {7, 0, 0, 0, 7, ln3, 0, 0, 7, ln4, 0, 0, NAN, NAN, NAN, NAN},
                      device.compute()),
        device.upload({1, 4, 4}, {4, 0, 0, 1, 0, 8, 0, 1, 0, 0, 16, 1, NAN, NAN, NAN, NAN},
                      device.compute())};
    // each head h of token t: (0, 2, 0, 0) or, for the second head, (1, 0, 0, 0), which prefers
    // none
    const Tensor q =
        device.uploadActivation({2, 2, 4}, {0, 2, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0});
    Tensor out = device.makeActivation({2, 2, 4});
    device.op().attend(out, q, cache, device.state(1));
    const float three = std::exp(ln3);
    const float four = std::exp(ln4);
    // the first token sees two keys, with weights 1 : 3, the second three, with 1 : 3 : 4
    const float first = 1 + three;
    const float second = 1 + three + four;
    const std::vector<float> expected{4 / first,
                                      8 * three / first,
                                      0,
                                      1, //
                                      2,
                                      4,
                                      0,
                                      1, //
                                      4 / second,
                                      8 * three / second,
                                      16 * four / second,
                                      1, //
                                      4.0f / 3,
                                      8.0f / 3,
                                      16.0f / 3,
                                      1};
    QCOMPARE(difference(device.download(out), expected, device.storedTolerance(1e-5f)), QString());
}

void TestOps::lengthOfASequence()
{
    QFETCH(TestDevice, device);
    DecodeState state = device.state(5);
    device.op().advance(state, 3);
    QCOMPARE(device.op().download(state.length).as<int32_t>()[0], 8);
    device.op().setLength(state, 2);
    QCOMPARE(device.op().download(state.length).as<int32_t>()[0], 2);
}

void TestOps::shapesThatDisagree()
{
    QFETCH(TestDevice, device);
    Backend& op = device.op();
    const Tensor x = device.upload({2, 3}, inputs);
    Tensor out = device.make({2, 2});
    const Linear w = device.linear({2, 3}, weights);
    const Tensor table = op.makeTable(hostValues({2, 2}, {1, 2, 3, 4}, DType::F32));

    Tensor wide = device.make({2, 4});
    QVERIFY_EXCEPTION_THROWN(op.linear(wide, x, *w, Activation::None), Error);
    QVERIFY_EXCEPTION_THROWN(op.linear(out, out, *w, Activation::None), Error);
    QVERIFY_EXCEPTION_THROWN(op.linearAdd(out, x.rows(0, 1), *w), Error);
    QVERIFY_EXCEPTION_THROWN(op.normLinear(out, x, device.rms({1, 1}), *w), Error);
    QVERIFY_EXCEPTION_THROWN(op.normLinear(out, x, Norm{}, *w), Error);
    QVERIFY_EXCEPTION_THROWN(op.norm(out, x, device.rms({1, 1})), Error);
    QVERIFY_EXCEPTION_THROWN(op.normGateUp(out, x, device.rms({1, 1, 1}), *w), Error);
    QVERIFY_EXCEPTION_THROWN(op.gather(out, table, device.ids({0})), Error);
    QVERIFY_EXCEPTION_THROWN(op.copy(out, x), Error);
    QVERIFY_EXCEPTION_THROWN(op.upload(out, hostTensor(DType::F32, {3})), Error);
    QVERIFY_EXCEPTION_THROWN(op.makeTable(hostTensor(DType::I32, {2, 2})), Error);
    QVERIFY_EXCEPTION_THROWN(op.makeFloats(hostTensor(DType::U8, {2, 2})), Error);

    LinearSource source;
    QVERIFY_EXCEPTION_THROWN(op.makeLinear(source), Error);
    source.matrices = {hostTensor(DType::F32, {2, 3}), hostTensor(DType::F32, {2, 4})};
    QVERIFY_EXCEPTION_THROWN(op.makeLinear(source), Error);
    source.matrices = {hostTensor(DType::I8, {2, 3})};
    QVERIFY_EXCEPTION_THROWN(op.makeLinear(source), Error);
    source.matrices = {hostTensor(DType::F32, {2, 3}), hostTensor(DType::F32, {2, 3})};
    source.biases = {hostTensor(DType::F32, {2})};
    QVERIFY_EXCEPTION_THROWN(op.makeLinear(source), Error);
}

void TestOps::fullCache()
{
    QFETCH(TestDevice, device);
    Tensor q = device.make({2, 2, 4});
    KvLayer cache{device.make({1, 4, 4}), device.make({1, 4, 4})};
    const Tensor qkv = device.make({2, 16});
    Tensor out = device.make({2, 2, 4});
    for (const int32_t length : {3, 4, std::numeric_limits<int32_t>::max(), -1}) {
        if (!device.readsItsMemory())
            break; // the length lies where the host does not see it
        QVERIFY_EXCEPTION_THROWN(
            device.op().headNormRopeAppend(q, cache, qkv, {}, {10000, 1, {}}, device.state(length)),
            Error);
        QVERIFY_EXCEPTION_THROWN(device.op().attend(out, q, cache, device.state(length)), Error);
    }
    const KvLayer three{device.make({3, 4, 4}),
                        device.make({3, 4, 4})}; // 3 does not divide 2 heads
    QVERIFY_EXCEPTION_THROWN(device.op().attend(out, q, three, device.state(0)), Error);
}

QTEST_GUILESS_MAIN(TestOps)
#include "tst_ops.moc"
