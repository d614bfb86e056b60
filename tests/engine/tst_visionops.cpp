#include <cmath>
#include <numeric>

#include <QtTest>

#include "engine/error.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

// The operations of a vision encoder against values worked out by hand, as in tst_ops.

class TestVisionOps final : public QObject {
    Q_OBJECT
private slots:
    void patchify_data() { addDeviceRows(); }
    void patchify();
    void patchOrder_data() { addDeviceRows(); }
    void patchOrder();
    void resizePositions_data() { addDeviceRows(); }
    void resizePositions();
    void positionsOfTheirOwnSize_data() { addDeviceRows(); }
    void positionsOfTheirOwnSize();
    void addPositions_data() { addDeviceRows(); }
    void addPositions();
    void ropePatches_data() { addDeviceRows(); }
    void ropePatches();
    void attendFrames_data() { addDeviceRows(); }
    void attendFrames();
    void softEmbed_data() { addDeviceRows(); }
    void softEmbed();
    void shapesThatDisagree_data() { addDevices(); }
    void shapesThatDisagree();
};

namespace {

/// A picture whose channels are a pixel's number, plus 100 and plus 200.
Tensor numberedImage(const TestDevice& device, int64_t height, int64_t width)
{
    Tensor host = hostTensor(DType::U8, {height, width, 3});
    for (int64_t i = 0; i < host.count(); ++i)
        host.as<uint8_t>()[i] = static_cast<uint8_t>(i / 3 + 100 * (i % 3));
    Tensor image = device.op().allocate(DType::U8, host.shape());
    device.op().upload(image, host);
    return image;
}

} // namespace

void TestVisionOps::patchify()
{
    QFETCH(TestDevice, device);
    const Tensor image = numberedImage(device, 2, 4);
    Tensor out = device.make({2, 12});
    device.op().patchify(out, image, {2, 1, {0, 0.5f, 0.25f}, {1, 0.5f, 2}});
    // channel by channel the left patch has pixels 0, 1, 4, 5, the right one 2, 3, 6, 7
    std::vector<float> expected;
    for (const float first : {0.0f, 2.0f})
        for (int channel = 0; channel < 3; ++channel)
            for (const float offset : {0.0f, 1.0f, 4.0f, 5.0f}) {
                const float u = (first + offset + 100 * static_cast<float>(channel)) / 255;
                expected.push_back(channel == 0   ? u
                                   : channel == 1 ? (u - 0.5f) / 0.5f
                                                  : (u - 0.25f) / 2);
            }
    QCOMPARE(difference(device.download(out), expected,
                        device.make({1}).type() == DType::F32 ? 1e-7f : 1e-2f),
             QString());
}

void TestVisionOps::patchOrder()
{
    QFETCH(TestDevice, device);
    // Patches of one pixel, 4 rows of 6, in blocks of 2 x 2.
    Tensor out = device.make({24, 3});
    device.op().patchify(out, numberedImage(device, 4, 6), {1, 2, {0, 0, 0}, {1, 1, 1}});
    const std::vector<float> values = device.download(out);
    const std::vector<int> expected{0,  1,  6,  7,  2,  3,  8,  9,  4,  5,  10, 11,
                                    12, 13, 18, 19, 14, 15, 20, 21, 16, 17, 22, 23};
    for (size_t i = 0; i < expected.size(); ++i)
        QCOMPARE(qRound(values[3 * i] * 255), expected[i]);
}

namespace {

/// A table of 32 x 32 rows; row (r, c) is 1 at element r, or at c, of 32.
Tensor unitTable(const TestDevice& device, bool byRow)
{
    std::vector<float> values(32 * 32 * 32);
    for (size_t i = 0; i < 32 * 32; ++i)
        values[i * 32 + (byRow ? i / 32 : i % 32)] = 1;
    return device.op().makeFloats(hostValues({32 * 32, 32}, values, DType::F32));
}

/// The weights of the table's rows for one position along one axis.
std::vector<float> expectedTaps(const std::vector<std::pair<int, float>>& taps)
{
    std::vector<float> row(32);
    for (const auto& [index, weight] : taps)
        row[static_cast<size_t>(index)] += weight;
    return row;
}

} // namespace

void TestVisionOps::resizePositions()
{
    QFETCH(TestDevice, device);
    struct Case {
        int64_t size;
        int64_t index;
        std::vector<std::pair<int, float>> taps;
    };
    // worked out from the kernel with a = -0.75: clamped borders, growing and shrinking
    const std::vector<Case> cases{
        {28, 0, {{0, -0.04619169f}, {0, 0.98897595f}, {1, 0.06076895f}, {2, -0.00355321f}}},
        {28, 1, {{0, -0.09921647f}, {1, 0.90898324f}, {2, 0.21729227f}, {3, -0.02705904f}}},
        {40, 0, {{0, -0.00675f}, {0, 0.08875f}, {0, 0.97875f}, {1, -0.06075f}}},
        {40, 1, {{0, -0.04725f}, {0, 0.32625f}, {1, 0.83125f}, {2, -0.11025f}}},
        {6, 1, {{6, -0.09375f}, {7, 0.59375f}, {8, 0.59375f}, {9, -0.09375f}}},
        {64, 0, {{0, -0.03515625f}, {0, 0.26171875f}, {0, 0.87890625f}, {1, -0.10546875f}}},
        {146, 145, {{30, -0.10880718f}, {31, 0.73143678f}, {31, 0.4470559f}, {31, -0.0696855f}}},
    };
    for (const Case& c : cases) {
        Tensor out = device.op().allocate(DType::F32, {c.size * 2, 32});
        device.op().resizePositions(out, unitTable(device, true), c.size, 2, 1);
        QCOMPARE(difference(device.download(out.rows(2 * c.index, 1)), expectedTaps(c.taps), 2e-6f),
                 QString());
        // along the other axis, in blocks of 2 x 2: column i of row 0 is number i / 2 * 4 + i % 2
        device.op().resizePositions(out, unitTable(device, false), 2, c.size, 2);
        QCOMPARE(difference(device.download(out.rows(c.index / 2 * 4 + c.index % 2, 1)),
                            expectedTaps(c.taps), 2e-6f),
                 QString());
    }
}

void TestVisionOps::positionsOfTheirOwnSize()
{
    QFETCH(TestDevice, device);
    std::vector<float> table(4 * 4 * 3);
    std::iota(table.begin(), table.end(), -7.0f);
    Tensor out = device.op().allocate(DType::F32, {16, 3});
    device.op().resizePositions(out, device.op().makeFloats(hostValues({16, 3}, table, DType::F32)),
                                4, 4, 1);
    QCOMPARE(device.download(out), table);
}

void TestVisionOps::addPositions()
{
    QFETCH(TestDevice, device);
    Tensor x = device.upload({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}); // two frames of two patches
    device.op().addPositions(
        x, device.op().makeFloats(hostValues({2, 2}, {10, 20, 30, 40}, DType::F32)));
    QCOMPARE(device.download(x), (std::vector<float>{11, 22, 33, 44, 15, 26, 37, 48}));
}

void TestVisionOps::ropePatches()
{
    QFETCH(TestDevice, device);
    // Two frames of 2 x 2 patches in one block; one head of C 4: one angle for the row, one for the
    // column.
    std::vector<float> values;
    for (int patch = 0; patch < 8; ++patch)
        values.insert(values.end(), {1, 2, 3, 4, 0, 1, 1, 0, 5, 6, 7, 8});
    Tensor qkv = device.upload({8, 12}, values);
    device.op().ropePatches(qkv, 1, 2, 2, 2, 10000);
    std::vector<float> expected;
    for (int patch = 0; patch < 8; ++patch) {
        const auto row = static_cast<float>(patch % 4 / 2);
        const auto column = static_cast<float>(patch % 2);
        const float cr = std::cos(row);
        const float sr = std::sin(row);
        const float cc = std::cos(column);
        const float sc = std::sin(column);
        expected.insert(expected.end(),
                        {1 * cr - 3 * sr, 2 * cc - 4 * sc, 3 * cr + 1 * sr, 4 * cc + 2 * sc, //
                         -sr, cc, cr, sc, 5, 6, 7, 8});
    }
    QCOMPARE(difference(device.download(qkv), expected, 1e-6f), QString());
}

void TestVisionOps::attendFrames()
{
    QFETCH(TestDevice, device);
    // Two frames of two patches, two heads of C 1. Keys of head 0 differ by ln 3, in the second
    // frame by 0.
    const float ln3 = std::log(3.0f);
    const Tensor qkv = device.uploadActivation({4, 6}, {1, 0, 0,   5, 4, 1, //
                                                        0, 1, ln3, 5, 8, 2, //
                                                        1, 0, 2,   0, 1, 3, //
                                                        2, 0, 2,   0, 3, 5});
    Tensor out = device.makeActivation({4, 2});
    device.op().attendFrames(out, qkv, 2, 2);
    const std::vector<float> expected{7, 1.5f, 6, 1.5f, 2, 4, 2, 4}; // 7 is (4 + 3 * 8) / 4
    QCOMPARE(difference(device.download(out), expected, 1e-5f), QString());
}

void TestVisionOps::softEmbed()
{
    QFETCH(TestDevice, device);
    // Logits 1 and 3 have mean 2 and variance 1: with weights 0.5 and biases 0, ln 3 - 1 the
    // normalised ones are -0.5 and ln 3 - 0.5, so the table's rows weigh 1 : 3. Its third row does
    // not take part.
    const Tensor table =
        device.op().makeTable(hostValues({3, 2}, {4, 8, 0, 16, NAN, NAN}, device.compute()));
    const Tensor x = device.upload({2, 1}, {1, 1});
    Tensor out = device.make({2, 2});
    device.op().softEmbed(out, x, *device.linear({2, 1}, {1, 3}),
                          device.layer({0.5f, 0.5f}, {0, std::log(3.0f) - 1}), table);
    QCOMPARE(difference(device.download(out), {1, 14, 1, 14}, 1e-5f), QString());
}

void TestVisionOps::shapesThatDisagree()
{
    QFETCH(TestDevice, device);
    Backend& op = device.op();
    Tensor out = device.make({2, 2});
    const Tensor x = device.upload({2, 3}, std::vector<float>(6));
    const Tensor table = op.makeTable(hostValues({2, 2}, {1, 2, 3, 4}, DType::F32));
    QVERIFY_EXCEPTION_THROWN(op.addPositions(out, table.rows(0, 1).view({2, 1})), Error);
    QVERIFY_EXCEPTION_THROWN(op.ropePatches(out, 1, 1, 2, 1, 10000), Error);
    QVERIFY_EXCEPTION_THROWN(op.attendFrames(out, device.make({2, 6}), 2, 3), Error);
    QVERIFY_EXCEPTION_THROWN(op.attendFrames(out, device.make({2, 5}), 1, 2), Error);
    QVERIFY_EXCEPTION_THROWN(op.patchify(out, numberedImage(device, 3, 4), {2, 1, {}, {1, 1, 1}}),
                             Error);
    QVERIFY_EXCEPTION_THROWN(op.resizePositions(out, table, 1, 2, 1),
                             Error); // two rows are no square
    QVERIFY_EXCEPTION_THROWN(op.softEmbed(out, x, *device.linear({3, 3}, std::vector<float>(9)),
                                          device.layer({1, 1, 1}, {0, 0, 0}), table),
                             Error);
}

QTEST_GUILESS_MAIN(TestVisionOps)
#include "tst_visionops.moc"
