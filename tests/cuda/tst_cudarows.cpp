#include <QtTest>

#include <cmath>

#include "cuda/kernels/rows.h"
#include "engine/error.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

namespace {

constexpr DType floating[] = {DType::F32, DType::F16, DType::BF16};

/// What rounding to a type leaves of a value that was computed in f32.
float toleranceOf(DType type)
{
    return type == DType::F32 ? 2e-6f : type == DType::F16 ? 1e-3f : 8e-3f;
}

void addTypesAndWidths(const std::vector<int>& widths)
{
    QTest::addColumn<DType>("in");
    QTest::addColumn<DType>("out");
    QTest::addColumn<int>("width");
    for (const DType in : floating)
        for (const DType out : floating)
            for (const int width : widths)
                QTest::addRow("%s %s %d", nameOf(in), nameOf(out), width) << in << out << width;
}

} // namespace

class TestCudaRows final : public QObject {
    Q_OBJECT

private slots:
    void gather_data() { addTypesAndWidths({1, 7, 8, 48, 270, 2304, 4097}); }
    void gather();
    void convert_data() { addTypesAndWidths({0, 1, 8, 255, 2048, 2056, 4099}); }
    void convert();
    void roundsToEven();
    void unalignedRows();
    void add_data();
    void add();
    void gate_data() { addTypesAndWidths({1, 6, 8, 300, 2304, 4104}); }
    void gate();
    void gateOfExtremes();
    void nothing();
    void counter();
    void otherTypes();
    void geometry();
};

void TestCudaRows::gather()
{
    QFETCH(DType, in);
    QFETCH(DType, out);
    QFETCH(int, width);
    constexpr int tableRows = 5;
    std::mt19937 random(static_cast<unsigned>(width));
    const std::vector<float> table = rounded(randomFloats(random, tableRows * width, 9), in);
    const std::vector<int32_t> ids{
        4, 0, -1, 3, 3, 5, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(),
        1};
    const CardArray ct(in, table);
    const CardArray ci(ids);
    QCOMPARE(inEveryOrder([&] {
                 const CardArray result(out, static_cast<int64_t>(ids.size()) * width);
                 cuda::gatherRows(result, ct, ci.as<int32_t>(), static_cast<int64_t>(ids.size()),
                                  width, tableRows, stream());
                 const std::vector<float> values = result.values();
                 for (size_t t = 0; t < ids.size(); ++t)
                     for (int i = 0; i < width; ++i) {
                         const float value = values[t * width + i];
                         const bool inside = ids[t] >= 0 && ids[t] < tableRows;
                         if (inside ? value != rounded(table[ids[t] * width + i], out)
                                    : !std::isnan(value))
                             return QString("row %1 column %2 is %3").arg(t).arg(i).arg(value);
                     }
                 return QString();
             }),
             QString());
}

void TestCudaRows::convert()
{
    QFETCH(DType, in);
    QFETCH(DType, out);
    QFETCH(int, width);
    std::mt19937 random(static_cast<unsigned>(width));
    const std::vector<float> x = rounded(randomFloats(random, width, 100), in);
    const CardArray cx(in, x);
    QCOMPARE(inEveryOrder([&] {
                 const CardArray result(out, width);
                 cuda::convertElements(result, cx, width, stream());
                 return difference(result.values(), rounded(x, out), 0);
             }),
             QString());
}

void TestCudaRows::roundsToEven()
{
    // Half way between two neighbours, in bf16 (8 bits) and f16 (11 bits).
    const std::vector<float> values{1,
                                    -2.5f,
                                    1 + 0x1p-8f,
                                    1 + 3 * 0x1p-8f,
                                    1 + 0x1p-11f,
                                    1 + 3 * 0x1p-11f,
                                    70000,
                                    std::numeric_limits<float>::infinity()};
    const CardArray x(DType::F32, values);
    for (const DType type : floating) {
        const CardArray result(type, 8);
        cuda::convertElements(result, x, 8, stream());
        QCOMPARE(result.values(), rounded(values, type));
    }
}

void TestCudaRows::unalignedRows()
{
    // Views of rows can begin anywhere, whatever their width.
    std::mt19937 random(3);
    const std::vector<float> x = rounded(randomFloats(random, 49), DType::BF16);
    const CardArray cx(DType::BF16, x);
    const cuda::In moved{cx.as<uint16_t>() + 1, DType::BF16};
    const CardArray converted(DType::F32, 48);
    cuda::convertElements(converted, moved, 48, stream());
    QCOMPARE(converted.values(), std::vector<float>(x.begin() + 1, x.end()));
    const CardArray ids(std::vector<int32_t>{1});
    const CardArray row(DType::F32, 24);
    cuda::gatherRows(row, moved, ids.as<int32_t>(), 1, 24, 2, stream());
    QCOMPARE(row.values(), std::vector<float>(x.begin() + 25, x.end()));
    const CardArray positions(DType::F32, x);
    const CardArray sum(DType::F32, std::vector<float>(48, 1));
    cuda::addRows(sum, positions.as<float>() + 1, 2, 24, 2, stream());
    QCOMPARE(sum.values()[47], 1 + x[48]);
    const CardArray gated(DType::F32, 24);
    cuda::gateRows(gated, moved, 1, 24, stream());
    QCOMPARE(difference({gated.values()[23]}, {x[24] / (1 + std::exp(-x[24])) * x[48]}, 1e-6f),
             QString());
}

void TestCudaRows::add_data()
{
    QTest::addColumn<DType>("type");
    QTest::addColumn<int>("width");
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("period");
    for (const DType type : floating)
        for (const int width : {1, 6, 64, 1152, 1030, 4100}) {
            QTest::addRow("%s %d", nameOf(type), width) << type << width << 7 << 3;
            QTest::addRow("%s %d one row", nameOf(type), width) << type << width << 1 << 1;
        }
}

void TestCudaRows::add()
{
    QFETCH(DType, type);
    QFETCH(int, width);
    QFETCH(int, rows);
    QFETCH(int, period);
    std::mt19937 random(static_cast<unsigned>(width));
    const std::vector<float> x = rounded(randomFloats(random, rows * width), type);
    const std::vector<float> positions = randomFloats(random, period * width);
    std::vector<float> expected;
    for (int r = 0; r < rows; ++r)
        for (int i = 0; i < width; ++i)
            expected.push_back(rounded(x[r * width + i] + positions[r % period * width + i], type));
    const CardArray cp(DType::F32, positions);
    QCOMPARE(inEveryOrder([&] {
                 const CardArray cx(type, x);
                 cuda::addRows(cx, cp.as<float>(), rows, width, period, stream());
                 return difference(cx.values(), expected, 0);
             }),
             QString());
}

void TestCudaRows::gate()
{
    QFETCH(DType, in);
    QFETCH(DType, out);
    QFETCH(int, width);
    constexpr int rows = 3;
    std::mt19937 random(static_cast<unsigned>(width));
    const std::vector<float> x = rounded(randomFloats(random, rows * 2 * width, 8), in);
    std::vector<float> expected;
    for (int r = 0; r < rows; ++r)
        for (int i = 0; i < width; ++i) {
            const double gate = x[r * 2 * width + i];
            expected.push_back(
                static_cast<float>(gate / (1 + std::exp(-gate)) * x[(r * 2 + 1) * width + i]));
        }
    const CardArray cx(in, x);
    QCOMPARE(inEveryOrder([&] {
                 const CardArray result(out, rows * width);
                 cuda::gateRows(result, cx, rows, width, stream());
                 return difference(result.values(), expected, toleranceOf(out));
             }),
             QString());
}

void TestCudaRows::gateOfExtremes()
{
    const CardArray x(DType::F32, std::vector<float>{-1000, 1000, -80, NAN, 2, 3, 1, 1});
    const CardArray result(DType::F32, 4);
    cuda::gateRows(result, x, 1, 4, stream());
    const std::vector<float> values = result.values();
    QCOMPARE(values[0], -0.0f);
    QCOMPARE(values[1], 3000.0f);
    QVERIFY(std::abs(values[2]) < 1e-30f);
    QVERIFY(std::isnan(values[3]));
}

void TestCudaRows::nothing()
{
    const CardArray none(DType::F32, int64_t{0});
    cuda::gatherRows(none, none, nullptr, 0, 8, 0, stream());
    cuda::convertElements(none, none, 0, stream());
    cuda::addRows(none, none.as<float>(), 0, 8, 1, stream());
    cuda::gateRows(none, none, 0, 8, stream());
    QVERIFY(none.values().empty());
}

void TestCudaRows::counter()
{
    const CardArray value(std::vector<int32_t>{7});
    cuda::addValue(value.as<int32_t>(), 3, stream());
    QCOMPARE(value.values().front(), 10.0f);
    cuda::setValue(value.as<int32_t>(), 2, stream());
    QCOMPARE(value.values().front(), 2.0f);
    cuda::addValue(value.as<int32_t>(), -5, stream());
    cuda::addValue(value.as<int32_t>(), 1, stream());
    QCOMPARE(value.values().front(), -2.0f);
}

void TestCudaRows::otherTypes()
{
    const CardArray integers(std::vector<int32_t>{7});
    const CardArray floats(DType::F32, 1);
    QVERIFY_EXCEPTION_THROWN(cuda::convertElements(floats, integers, 1, stream()), Error);
    QVERIFY_EXCEPTION_THROWN(cuda::convertElements(integers, floats, 1, stream()), Error);
    QVERIFY_EXCEPTION_THROWN(cuda::gateRows(floats, integers, 1, 1, stream()), Error);
    QVERIFY_EXCEPTION_THROWN(cuda::addRows(integers, floats.as<float>(), 1, 1, 1, stream()), Error);
}

void TestCudaRows::geometry()
{
    for (int64_t vectors = 1; vectors < 5000; ++vectors) {
        const cuda::Launch shape = cuda::rowsLaunch(3, vectors);
        QCOMPARE(shape.grid[0], 3);
        QVERIFY(shape.threads % 32 == 0 && shape.threads <= 256);
        QVERIFY(shape.grid[1] * shape.threads >= vectors);
        QVERIFY((shape.grid[1] - 1) * shape.threads < vectors);
    }
    QCOMPARE(cuda::rowsLaunch(3, 0).grid[1], 0);
    QCOMPARE(cuda::rowsLaunch(1, 288).threads, 160); // not 256 and 32
    QVERIFY(cuda::rowsLaunch(1 << 20, 152064).grid[1] <= 65535);
}

QTEST_GUILESS_MAIN(TestCudaRows)
#include "tst_cudarows.moc"
