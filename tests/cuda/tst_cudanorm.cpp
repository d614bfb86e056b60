#include <QtTest>

#include <cmath>

#include "cuda/kernels/norm.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

class TestCudaNorm : public QObject {
    Q_OBJECT

private slots:
    void rows_data();
    void rows();
};

void TestCudaNorm::rows_data()
{
    QTest::addColumn<bool>("layer");
    QTest::addColumn<DType>("in");
    QTest::addColumn<DType>("out");
    QTest::addColumn<int>("width");
    for (const bool layer : {false, true})
        for (const int width : {1, 7, 64, 1152, 1030})
            for (const auto& [in, out] : {std::pair{DType::F32, DType::BF16},
                                          {DType::F32, DType::F32},
                                          {DType::F16, DType::F16}})
                QTest::addRow("%s %s %s %d", layer ? "layer" : "rms", nameOf(in), nameOf(out),
                              width)
                    << layer << in << out << width;
}

void TestCudaNorm::rows()
{
    QFETCH(bool, layer);
    QFETCH(DType, in);
    QFETCH(DType, out);
    QFETCH(int, width);
    constexpr int count = 3;
    std::mt19937 random(static_cast<unsigned>(width));
    std::vector<float> x = randomFloats(random, count * width, 3);
    for (float& value : x)
        value += 20; // a mean that must not swallow the variance
    x = rounded(x, in);
    const std::vector<float> weight = randomFloats(random, width);
    const std::vector<float> bias = randomFloats(random, width);
    std::vector<float> expected;
    for (int r = 0; r < count; ++r) {
        double mean = 0;
        double squares = 0;
        for (int i = 0; i < width; ++i)
            mean += layer ? static_cast<double>(x[r * width + i]) / width : 0;
        for (int i = 0; i < width; ++i)
            squares += std::pow(static_cast<double>(x[r * width + i]) - mean, 2) / width;
        for (int i = 0; i < width; ++i)
            expected.push_back(static_cast<float>((x[r * width + i] - mean) /
                                                      std::sqrt(squares + 1e-5) * weight[i] +
                                                  (layer ? bias[i] : 0)));
    }
    const CardArray cx(in, x);
    const CardArray cw(DType::F32, weight);
    const CardArray cb(DType::F32, bias);
    const CardArray result(out, count * width);
    const cuda::NormWeights norm{layer, cw.as<float>(), cb.as<float>(), 1e-5f};
    const float tolerance = out == DType::F32 ? 2e-5f : out == DType::F16 ? 1e-3f : 8e-3f;
    QCOMPARE(inEveryOrder([&] {
                 cuda::normRows(result, cx, norm, count, width, stream());
                 return difference(result.values(), expected, tolerance);
             }),
             QString());
}

QTEST_GUILESS_MAIN(TestCudaNorm)
#include "tst_cudanorm.moc"
