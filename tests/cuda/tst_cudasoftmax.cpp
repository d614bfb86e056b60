#include <QtTest>

#include <cmath>
#include <limits>

#include "cuda/kernels/softmax.h"
#include "engine/error.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

namespace {

enum class Kind { None, Rms, Layer };

struct Case {
    Kind kind;
    int rows;
    int width;
    int stride;
    float centre; ///< of the logits
    float spread;
};

struct Given {
    std::vector<float> logits;
    std::vector<float> weight;
    std::vector<float> bias;
};

constexpr double epsilon = 1e-5;

Given makeGiven(const Case& c)
{
    std::mt19937 random(static_cast<unsigned>(c.width));
    Given given;
    given.logits = randomFloats(random, c.rows * c.stride, c.spread);
    for (float& logit : given.logits)
        logit += c.centre;
    for (int r = 0; r < c.rows; ++r)
        for (int i = c.width; i < c.stride; ++i)
            given.logits[r * c.stride + i] = NAN;
    given.weight = randomFloats(random, c.width, 3);
    given.bias = randomFloats(random, c.width, 2);
    return given;
}

std::vector<float> probabilitiesOf(const Case& c, const Given& given)
{
    std::vector<float> result;
    for (int r = 0; r < c.rows; ++r) {
        std::vector<double> y(given.logits.begin() + r * c.stride,
                              given.logits.begin() + r * c.stride + c.width);
        double mean = 0;
        double squares = 0;
        for (const double value : y)
            mean += c.kind == Kind::Layer ? value / c.width : 0;
        for (const double value : y)
            squares += (value - mean) * (value - mean) / c.width;
        for (int i = 0; i < c.width && c.kind != Kind::None; ++i)
            y[i] = (y[i] - mean) / std::sqrt(squares + epsilon) * given.weight[i] +
                   (c.kind == Kind::Layer ? given.bias[i] : 0);
        const double top = *std::max_element(y.begin(), y.end());
        double sum = 0;
        for (const double value : y)
            sum += std::exp(value - top);
        for (const double value : y)
            result.push_back(static_cast<float>(std::exp(value - top) / sum));
        result.insert(result.end(), c.stride - c.width, 0.0f);
    }
    return result;
}

/// Probabilities of a wide row are small: each is judged by its own size.
QString mismatch(const std::vector<float>& actual, const std::vector<float>& expected, DType type)
{
    const float smallest = type == DType::F16 ? 1e-4f : 1e-10f; // numbers below have fewer bits
    return difference(actual, expected,
                      type == DType::F32   ? 5e-5f
                      : type == DType::F16 ? 1e-3f
                                           : 5e-3f,
                      smallest);
}

QString run(const Case& c, DType type)
{
    const Given given = makeGiven(c);
    const std::vector<float> expected = probabilitiesOf(c, given);
    const CardArray logits(DType::F32, given.logits);
    const CardArray weight(DType::F32, given.weight);
    const CardArray bias(DType::F32, given.bias);
    const bool layer = c.kind == Kind::Layer;
    const cuda::NormWeights norm{layer, c.kind == Kind::None ? nullptr : weight.as<float>(),
                                 layer ? bias.as<float>() : nullptr, static_cast<float>(epsilon)};
    return inEveryOrder([&] {
        const CardArray result(type, c.rows * c.stride);
        cuda::normSoftmaxRows(result, logits.as<float>(), norm, c.rows, c.width, c.stride,
                              stream());
        return mismatch(result.values(), expected, type);
    });
}

} // namespace

Q_DECLARE_METATYPE(Case)

class TestCudaSoftmax final : public QObject {
    Q_OBJECT

private slots:
    void rows_data();
    void rows();
    void wholeVisualHead();
    void handWorked();
    void farFromZero();
    void oneLogitAmongMany();
    void notANumber();
    void nothing();
};

void TestCudaSoftmax::rows_data()
{
    QTest::addColumn<Case>("c");
    QTest::addColumn<DType>("type");
    const std::pair<Kind, const char*> kinds[] = {
        {Kind::None, "none"}, {Kind::Rms, "rms"}, {Kind::Layer, "layer"}};
    const std::pair<int, int> sizes[] = {{63, 64}, {8196, 9000}, {1, 1},
                                         {1, 8},   {4096, 4096}, {5001, 5003}};
    for (const auto& [kind, name] : kinds)
        for (size_t i = 0; i < (kind == Kind::Layer ? std::size(sizes) : 2); ++i)
            for (const DType type : {DType::F32, DType::F16, DType::BF16})
                if (type == DType::F32 ||
                    (kind == Kind::Layer && i == 0)) // blocks of 1024 threads take their time
                    QTest::addRow("%s %d of %d %s", name, sizes[i].first, sizes[i].second,
                                  nameOf(type))
                        << Case{kind, i < 2 ? 2 : 1, sizes[i].first, sizes[i].second, 2, 3} << type;
}

void TestCudaSoftmax::rows()
{
    QFETCH(Case, c);
    QFETCH(DType, type);
    QCOMPARE(run(c, type), QString());
}

void TestCudaSoftmax::wholeVisualHead()
{
    QCOMPARE(run({Kind::Layer, 1, 65532, 65536, 1, 2}, DType::BF16), QString());
}

void TestCudaSoftmax::handWorked()
{
    // e^0 : e^ln 3 : e^ln 4 = 1 : 3 : 4
    const CardArray logits(DType::F32,
                           std::vector<float>{7, 7 + std::log(3.0f), 7 + std::log(4.0f), NAN});
    const CardArray result(DType::F32, 4);
    cuda::normSoftmaxRows(result, logits.as<float>(), {}, 1, 3, 4, stream());
    QCOMPARE(difference(result.values(), {0.125f, 0.375f, 0.5f, 0}, 1e-6f), QString());
    // The row has mean 3 and variance 3.5, with epsilon 4: -1, -0.5, 0, 1.5, then weights and
    // biases.
    const CardArray x(DType::F32, std::vector<float>{1, 2, 3, 6});
    const CardArray weight(DType::F32, std::vector<float>{1, 2, 5, 2});
    const CardArray bias(DType::F32, std::vector<float>{1, 1, 0, -3});
    cuda::normSoftmaxRows(result, x.as<float>(), {true, weight.as<float>(), bias.as<float>(), 0.5f},
                          1, 4, 4, stream());
    QCOMPARE(difference(result.values(), {0.25f, 0.25f, 0.25f, 0.25f}, 1e-6f), QString());
}

void TestCudaSoftmax::farFromZero()
{
    // A mean that must not swallow the variance.
    QCOMPARE(run({Kind::Layer, 1, 3000, 3000, 300, 1}, DType::BF16), QString());
    // Without a norm exp() of these is infinite, or 0.
    QCOMPARE(run({Kind::None, 1, 3000, 3000, 5000, 5}, DType::BF16), QString());
    QCOMPARE(run({Kind::None, 1, 3000, 3000, -5000, 5}, DType::BF16), QString());
}

void TestCudaSoftmax::oneLogitAmongMany()
{
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const int place : {0, 31, 1024, 4095}) {
        std::vector<float> values(4096, -infinity);
        values[place] = -50;
        const CardArray logits(DType::F32, values);
        const CardArray result(DType::F32, 4096);
        cuda::normSoftmaxRows(result, logits.as<float>(), {}, 1, 4096, 4096, stream());
        std::vector<float> expected(4096, 0);
        expected[place] = 1;
        QCOMPARE(result.values(), expected);
    }
}

void TestCudaSoftmax::notANumber()
{
    std::vector<float> values(70, 1);
    values[69] = NAN;
    const CardArray logits(DType::F32, values);
    const CardArray result(DType::F32, 70);
    cuda::normSoftmaxRows(result, logits.as<float>(), {}, 1, 70, 70, stream());
    for (const float value : result.values())
        QVERIFY(std::isnan(value));
}

void TestCudaSoftmax::nothing()
{
    const CardArray none(DType::F32, int64_t{0});
    cuda::normSoftmaxRows(none, none.as<float>(), {}, 0, 8, 8, stream());
    QVERIFY(none.values().empty());
    QVERIFY_EXCEPTION_THROWN(cuda::normSoftmaxRows(none, none.as<float>(), {}, 1, 9, 8, stream()),
                             Error);
    QVERIFY_EXCEPTION_THROWN(cuda::normSoftmaxRows(none, none.as<float>(), {}, 1, 0, 8, stream()),
                             Error);
}

QTEST_GUILESS_MAIN(TestCudaSoftmax)
#include "tst_cudasoftmax.moc"
