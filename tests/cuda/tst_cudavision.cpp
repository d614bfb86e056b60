#include <QtTest>

#include <cmath>
#include <cstring>

#include "cuda/kernels/vision.h"
#include "engine/backend.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

namespace {

/// Numbers of a frame's places in raster order, listed block after block.
std::vector<int> orderOf(int rows, int columns, int merge)
{
    std::vector<int> order;
    for (int y = 0; y < rows; y += merge)
        for (int x = 0; x < columns; x += merge)
            for (int v = 0; v < merge; ++v)
                for (int u = 0; u < merge; ++u)
                    order.push_back((y + v) * columns + x + u);
    return order;
}

} // namespace

class TestCudaVision final : public QObject {
    Q_OBJECT

private slots:
    void patchify_data();
    void patchify();
    void handWorkedPatches();
    void everyByteAsOnCpu();
    void resize_data();
    void resize();
    void ownSize();
    void nothing();
};

void TestCudaVision::patchify_data()
{
    QTest::addColumn<DType>("type");
    QTest::addColumn<int>("patch");
    QTest::addColumn<int>("merge");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    for (const DType type : {DType::F32, DType::F16, DType::BF16}) {
        QTest::addRow("%s 16", nameOf(type)) << type << 16 << 2 << 4 << 6;
        QTest::addRow("%s 14", nameOf(type)) << type << 14 << 2 << 2 << 4;
        QTest::addRow("%s 1", nameOf(type)) << type << 1 << 2 << 4 << 6;
        QTest::addRow("%s 4, merge 3", nameOf(type)) << type << 4 << 3 << 6 << 3;
        QTest::addRow("%s 28 alone", nameOf(type)) << type << 28 << 1 << 1 << 1;
        QTest::addRow("%s 19", nameOf(type)) << type << 19 << 1 << 3 << 2;
    }
}

void TestCudaVision::patchify()
{
    QFETCH(DType, type);
    QFETCH(int, patch);
    QFETCH(int, merge);
    QFETCH(int, rows);
    QFETCH(int, columns);
    const PatchLayout layout{patch, merge, {0.5f, 0.25f, 0.1f}, {0.5f, 0.2f, 2}};
    const int width = columns * patch;
    std::mt19937 random(5);
    std::vector<uint8_t> pixels(static_cast<size_t>(3 * rows * patch * width));
    for (uint8_t& pixel : pixels)
        pixel = static_cast<uint8_t>(random() >> 9);
    const CardArray image(pixels);
    std::vector<float> expected;
    for (const int place : orderOf(rows, columns, merge))
        for (int c = 0; c < 3; ++c)
            for (int y = 0; y < patch; ++y)
                for (int x = 0; x < patch; ++x) {
                    const int line = place / columns * patch + y;
                    const int column = place % columns * patch + x;
                    const double u = pixels[static_cast<size_t>((line * width + column) * 3 + c)];
                    expected.push_back(
                        static_cast<float>((u / 255 - layout.mean[c]) / layout.deviation[c]));
                }
    QCOMPARE(inEveryOrder([&] {
                 const CardArray out(type, static_cast<int64_t>(expected.size()));
                 cuda::patchify(out, image.as<uint8_t>(), rows * patch, width, layout, stream());
                 return difference(out.values(), expected,
                                   type == DType::F32   ? 1e-6f
                                   : type == DType::F16 ? 1e-3f
                                                        : 8e-3f);
             }),
             QString());
}

void TestCudaVision::handWorkedPatches()
{
    // Two patches of 2 x 2: the left one has pixels 0, 1, 4, 5; channels are a pixel's number, plus
    // 100 and 200.
    std::vector<uint8_t> pixels;
    for (int i = 0; i < 24; ++i)
        pixels.push_back(static_cast<uint8_t>(i / 3 + 100 * (i % 3)));
    const CardArray image(pixels);
    const CardArray out(DType::F32, 24);
    cuda::patchify(out, image.as<uint8_t>(), 2, 4, {2, 1, {0, 0.5f, 0.25f}, {1, 0.5f, 2}},
                   stream());
    std::vector<float> expected;
    for (const float first : {0.0f, 2.0f})
        for (int channel = 0; channel < 3; ++channel)
            for (const float offset : {0.0f, 1.0f, 4.0f, 5.0f}) {
                const float u = (first + offset + 100 * static_cast<float>(channel)) / 255;
                expected.push_back(channel == 0   ? u
                                   : channel == 1 ? (u - 0.5f) / 0.5f
                                                  : (u - 0.25f) / 2);
            }
    QCOMPARE(difference(out.values(), expected, 1e-7f), QString());
}

void TestCudaVision::everyByteAsOnCpu()
{
    const PatchLayout layout{
        16, 1, {0.48145466f, 0.4578275f, 0.40821073f}, {0.26862954f, 0.26130258f, 0.27577711f}};
    const auto cpu = makeBackend("cpu");
    const Tensor host = hostTensor(DType::U8, {16, 16, 3});
    for (int i = 0; i < 768; ++i)
        host.as<uint8_t>()[i] = static_cast<uint8_t>(i / 3);
    Tensor image = cpu->allocate(DType::U8, host.shape());
    cpu->upload(image, host);
    Tensor expected = cpu->allocate(DType::F32, {1, 768});
    cpu->patchify(expected, image, layout);
    const CardArray card(std::vector<uint8_t>(host.as<uint8_t>(), host.as<uint8_t>() + 768));
    const CardArray out(DType::F32, 768);
    cuda::patchify(out, card.as<uint8_t>(), 16, 16, layout, stream());
    QCOMPARE(difference(out.values(), {expected.as<float>(), expected.as<float>() + 768}, 0),
             QString());
}

void TestCudaVision::resize_data()
{
    QTest::addColumn<int>("side");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("merge");
    QTest::addColumn<int>("width");
    QTest::newRow("larger") << 5 << 8 << 12 << 2 << 8;
    QTest::newRow("smaller") << 16 << 6 << 4 << 2 << 36;
    QTest::newRow("flat") << 7 << 1 << 9 << 1 << 5;
    QTest::newRow("high, merge 3") << 4 << 15 << 3 << 3 << 1152;
    QTest::newRow("one entry") << 1 << 4 << 2 << 2 << 1030;
    QTest::newRow("one patch") << 6 << 1 << 1 << 1 << 4;
}

void TestCudaVision::resize()
{
    QFETCH(int, side);
    QFETCH(int, rows);
    QFETCH(int, columns);
    QFETCH(int, merge);
    QFETCH(int, width);
    std::mt19937 random(static_cast<unsigned>(width));
    const std::vector<float> table = randomFloats(random, side * side * width);
    // Keys' cubic kernel with a = -0.75 of the distance to every entry, those outside being the
    // border's.
    const auto kernel = [](double x) {
        x = std::abs(x);
        return x <= 1  ? 1.25 * x * x * x - 2.25 * x * x + 1
               : x < 2 ? -0.75 * x * x * x + 3.75 * x * x - 6 * x + 3
                       : 0.0;
    };
    const auto weights = [&](int position, int size) {
        const double source = (position + 0.5) * side / size - 0.5;
        std::vector<double> result(static_cast<size_t>(side), 0);
        for (int i = -4; i < side + 4; ++i)
            result[static_cast<size_t>(std::clamp(i, 0, side - 1))] += kernel(source - i);
        return result;
    };
    std::vector<float> expected;
    for (const int place : orderOf(rows, columns, merge)) {
        const std::vector<double> vertical = weights(place / columns, rows);
        const std::vector<double> horizontal = weights(place % columns, columns);
        for (int d = 0; d < width; ++d) {
            double sum = 0;
            for (int y = 0; y < side; ++y)
                for (int x = 0; x < side; ++x)
                    sum += vertical[y] * horizontal[x] * table[(y * side + x) * width + d];
            expected.push_back(static_cast<float>(sum));
        }
    }
    const CardArray ct(DType::F32, table);
    QCOMPARE(inEveryOrder([&] {
                 const CardArray out(DType::F32, static_cast<int64_t>(expected.size()));
                 cuda::resizePositions(out.as<float>(), ct.as<float>(), side, rows, columns, merge,
                                       width, stream());
                 return difference(out.values(), expected, 1e-5f);
             }),
             QString());
}

void TestCudaVision::ownSize()
{
    // At the table's own size only the order changes.
    std::mt19937 random(1);
    const std::vector<float> table = randomFloats(random, 4 * 4 * 4);
    const CardArray ct(DType::F32, table);
    const CardArray out(DType::F32, 64);
    cuda::resizePositions(out.as<float>(), ct.as<float>(), 4, 4, 4, 2, 4, stream());
    std::vector<float> expected;
    for (const int place : orderOf(4, 4, 2))
        expected.insert(expected.end(), table.begin() + place * 4, table.begin() + place * 4 + 4);
    QCOMPARE(difference(out.values(), expected, 0), QString());
}

void TestCudaVision::nothing()
{
    const CardArray none(DType::F32, int64_t{0});
    cuda::patchify(none, nullptr, 0, 0, {4, 1, {}, {1, 1, 1}}, stream());
    cuda::resizePositions(none.as<float>(), none.as<float>(), 2, 0, 0, 1, 4, stream());
    QVERIFY(none.values().empty());
    const CardArray integers(std::vector<int32_t>{1});
    QVERIFY_EXCEPTION_THROWN(
        cuda::patchify(integers, nullptr, 4, 4, {4, 1, {}, {1, 1, 1}}, stream()), Error);
}

QTEST_GUILESS_MAIN(TestCudaVision)
#include "tst_cudavision.moc"
