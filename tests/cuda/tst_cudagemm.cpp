#include <QtTest>

#include <algorithm>
#include <limits>

#include "cuda/kernels/gemm.h"
#include "engine/error.h"
#include "tests/cuda/productcase.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

namespace {

constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

/// Rows of `width` values `stride` apart, `gap` between them.
std::vector<float> spread(const std::vector<float>& values, int64_t width, int64_t stride,
                          float gap)
{
    std::vector<float> result;
    for (size_t i = 0; i < values.size(); i += static_cast<size_t>(width)) {
        result.insert(result.end(), values.begin() + static_cast<int64_t>(i),
                      values.begin() + static_cast<int64_t>(i) + width);
        result.resize(result.size() + static_cast<size_t>(stride - width), gap);
    }
    return result;
}

std::vector<float> gathered(const std::vector<float>& values, int64_t width, int64_t stride)
{
    std::vector<float> result;
    for (size_t i = 0; i < values.size(); i += static_cast<size_t>(stride))
        result.insert(result.end(), values.begin() + static_cast<int64_t>(i),
                      values.begin() + static_cast<int64_t>(i) + width);
    return result;
}

bool isGapIntact(const std::vector<float>& values, int64_t width, int64_t stride,
                 float gap = nothing)
{
    for (size_t i = 0; i < values.size(); ++i)
        if (static_cast<int64_t>(i) % stride >= width && values[i] != gap &&
            !(std::isnan(values[i]) && std::isnan(gap)))
            return false;
    return true;
}

/// Runs the case in every order of threads; what is wrong with the result. gap: elements between
/// rows of out, or, for a table, zeros behind the rows of p. shift: elements that addresses are
/// off.
QString run(const ProductCase& c, int64_t gap = 0, int64_t shift = 0,
            cuda::GemmTiles tiles = cuda::GemmTiles::Best, int64_t behind = 32)
{
    const auto& [rows, outputs, inputs] = c.shape;
    const int64_t pStride = c.table ? inputs + gap : inputs;
    const int64_t outStride = c.table ? outputs : outputs + gap;
    const Surrounded x(c.type, spread(c.x, inputs, pStride, 0), 32 + shift);
    const Surrounded w(c.type, c.w, 32 + shift, behind);
    const Surrounded bias(DType::F32, c.biasValues, 31);
    Surrounded out(c.outType, spread(c.before, outputs, outStride, nothing), 32 + shift);
    const cuda::Finish finish{c.bias ? bias.floats() : nullptr, c.activation, c.add};
    return inEveryOrder([&] {
        out.fill(spread(c.before, outputs, outStride, nothing));
        if (c.table)
            cuda::gemmTable(out, x, w, rows, outputs, inputs, pStride, stream(), tiles);
        else
            cuda::gemm(out, x, w, c.shape, finish, outStride, stream(), tiles);
        const std::vector<float> all = out.values();
        if (!out.isSurroundingIntact() || !isGapIntact(all, outputs, outStride))
            return QStringLiteral("wrote beside the output");
        return difference(gathered(all, outputs, outStride), c.expected, c.tolerance());
    });
}

void addShapes(std::initializer_list<std::array<int, 3>> shapes)
{
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("outputs");
    QTest::addColumn<int>("inputs");
    for (const auto& [rows, outputs, inputs] : shapes)
        QTest::addRow("%d x %d x %d", rows, outputs, inputs) << rows << outputs << inputs;
}

} // namespace

class TestCudaGemm : public QObject {
    Q_OBJECT

private slots:
    void shapes_data();
    void shapes();
    void tables_data();
    void tables();
    void largeTiles();
    void unaligned();
    void partOfVector();
    void nothingBehind();
    void emptyInput();
    void refusals();
    void plans();
    void finishing_data();
    void finishing();
    void rounding();
};

void TestCudaGemm::shapes_data()
{
    addShapes({{1, 1, 1}, {1, 129, 64}, {17, 20, 1032}, {65, 72, 31}, {16, 64, 72}});
    int i = 0;
    for (const int rows : {9, 16, 17, 64, 130})
        for (const int inputs : {1, 8, 31, 64, 72, 200, 1030})
            for (const int outputs : {1, 7, 64, 100, 129})
                if (i++ % 3 == 0 && (inputs < 1000 || rows * outputs < 2000))
                    QTest::addRow("%d x %d x %d", rows, outputs, inputs)
                        << rows << outputs << inputs;
}

/// Types, finish and gaps change from row to row.
void TestCudaGemm::shapes()
{
    QFETCH(int, rows);
    QFETCH(int, outputs);
    QFETCH(int, inputs);
    const unsigned seed = static_cast<unsigned>(rows * 1000000 + outputs * 1000 + inputs);
    std::mt19937 random(seed);
    for (const DType type : {DType::F32, random() % 2 == 0 ? DType::F16 : DType::BF16}) {
        ProductCase c;
        c.shape = {rows, outputs, inputs};
        c.type = c.inputType = type;
        c.outType = random() % 2 == 0 ? DType::F32 : type;
        c.bias = random() % 2 == 0;
        c.add = random() % 3 == 0;
        c.activation = c.add ? Activation::None : static_cast<Activation>(random() % 4);
        c.prepare(seed);
        QCOMPARE(run(c, static_cast<int64_t>(random() % 3 * 4)), QString());
    }
}

void TestCudaGemm::tables_data()
{
    addShapes({{9, 1, 1},
               {9, 64, 64},
               {16, 8, 31},
               {17, 100, 72},
               {9, 136, 36},
               {64, 7, 100},
               {9, 16, 1030},
               {130, 64, 8}});
}

void TestCudaGemm::tables()
{
    QFETCH(int, rows);
    QFETCH(int, outputs);
    QFETCH(int, inputs);
    for (const DType type : {DType::F32, inputs % 8 == 0 ? DType::F16 : DType::BF16}) {
        ProductCase c;
        c.shape = {rows, outputs, inputs};
        c.type = c.inputType = type;
        c.outType = rows % 2 == 0 ? DType::F32 : type;
        c.table = true;
        c.prepare(static_cast<unsigned>(rows + outputs + inputs));
        QCOMPARE(run(c, (8 - inputs % 8) % 8 + 8), QString()); // aligned rows of p
        if (inputs < 40)
            QCOMPARE(run(c, 3), QString());
    }
}

/// With edges in both directions, and more stages than are in shared memory.
void TestCudaGemm::largeTiles()
{
    for (const bool table : {false, true}) {
        for (const bool second : {false, true}) {
            ProductCase c;
            c.shape = second ? cuda::ProductShape{20, 136, 136} : cuda::ProductShape{130, 72, 40};
            c.type = c.inputType = table == second ? DType::F16 : DType::BF16;
            c.outType = second ? c.type : DType::F32;
            c.bias = !table;
            c.activation = !table && second ? Activation::GeluTanh : Activation::None;
            c.table = table;
            c.prepare(11);
            QCOMPARE(run(c, table ? 8 : 4, 0, cuda::GemmTiles::Large), QString());
        }
    }
}

void TestCudaGemm::unaligned()
{
    for (const bool table : {false, true}) {
        ProductCase c;
        c.shape = {20, 72, 40};
        c.type = c.inputType = c.outType = DType::BF16;
        c.table = table;
        c.prepare(8);
        QCOMPARE(run(c, 0, 1), QString());
    }
}

/// Rows that end in the middle of a vector and begin where vectors do, or do not.
void TestCudaGemm::partOfVector()
{
    for (const DType type : {DType::F32, DType::F16, DType::BF16})
        for (const int outputs : {65, 66, 67}) {
            ProductCase c;
            c.shape = {20, outputs, 40};
            c.type = c.inputType = type;
            c.outType = outputs == 66 ? DType::F32 : type;
            c.prepare(static_cast<unsigned>(outputs));
            QCOMPARE(run(c, 68 - outputs), QString());
            QCOMPARE(run(c), QString());
        }
}

/// A matrix at the end of its memory, for the sanitizers: what is read too much and not used does
/// not show in the result.
void TestCudaGemm::nothingBehind()
{
    for (const DType type : {DType::F32, DType::F16})
        for (const bool table : {false, true})
            for (const int outputs : {7, 72}) {
                ProductCase c;
                c.shape = {20, outputs, 40};
                c.type = c.inputType = type;
                c.table = table;
                c.prepare(12);
                QCOMPARE(run(c, table ? 8 : 0, 0, cuda::GemmTiles::Best, 0), QString());
            }
}

void TestCudaGemm::emptyInput()
{
    ProductCase c;
    c.shape = {0, 9, 64};
    c.type = c.inputType = DType::F16;
    c.prepare(9);
    QCOMPARE(run(c), QString());
    c.table = true;
    QCOMPARE(run(c), QString());
}

void TestCudaGemm::refusals()
{
    const CardArray half(DType::F16, 64);
    const CardArray other(DType::BF16, 64);
    QVERIFY_EXCEPTION_THROWN(cuda::gemm(other, half, half, {9, 1, 1}, {}, 1, stream()), Error);
    QVERIFY_EXCEPTION_THROWN(cuda::gemm(half, half, other, {9, 1, 1}, {}, 1, stream()), Error);
}

/// Every product of the models, within what the smallest card allows.
void TestCudaGemm::plans()
{
    for (const DType type : {DType::F32, DType::F16, DType::BF16})
        for (const bool aligned : {false, true})
            for (const int64_t rows : {1, 9, 64, 65, 512, 2048, 4096, 262144, 4194304})
                for (const int64_t outputs :
                     {1, 1152, 2048, 4096, 4304, 6144, 24576, 65532, 151936}) {
                    const cuda::GemmPlan plan = cuda::gemmPlan(rows, outputs, type, aligned);
                    const int64_t tile = plan.large ? 128 : 64;
                    QVERIFY(plan.launch.sharedBytes <= 48 * 1024);
                    QVERIFY(plan.launch.threads <= 256 && plan.launch.threads % 32 == 0);
                    QCOMPARE(plan.launch.grid[0], (rows + tile - 1) / tile);
                    QCOMPARE(plan.launch.grid[1], (outputs + tile - 1) / tile);
                    QVERIFY(plan.launch.grid[1] <= 65535);
                    QVERIFY(!plan.large || (aligned && type != DType::F32));
                }
    QVERIFY(cuda::gemmPlan(2048, 2048, DType::BF16, true).large);
    QVERIFY(!cuda::gemmPlan(64, 151936, DType::BF16, true).large);
    QVERIFY(!cuda::gemmPlan(64, 64, DType::BF16, false, cuda::GemmTiles::Large).large);
}

void TestCudaGemm::finishing_data()
{
    QTest::addColumn<bool>("bias");
    QTest::addColumn<int>("activation");
    QTest::addColumn<DType>("type");
    for (const DType type : {DType::F32, DType::F16, DType::BF16})
        for (int activation = 0; activation < 4; ++activation)
            for (const bool bias : {false, true})
                if (bias || activation > 0)
                    QTest::addRow("%d %d %s", bias, activation, nameOf(type))
                        << bias << activation << type;
}

void TestCudaGemm::finishing()
{
    QFETCH(bool, bias);
    QFETCH(int, activation);
    QFETCH(DType, type);
    constexpr int rows = 3;
    constexpr int width = 300; // more than a block
    constexpr int stride = 304;
    constexpr float gap = 3; // what is added to NaN would not show
    std::mt19937 random(3);
    const std::vector<float> values = rounded(randomFloats(random, rows * width, 2), type);
    const std::vector<float> biasValues = randomFloats(random, width);
    std::vector<float> expected;
    for (size_t i = 0; i < values.size(); ++i) {
        const double v = values[i] + (bias ? biasValues[i % width] : 0.0F);
        expected.push_back(static_cast<float>(activated(Activation(activation), v)));
    }
    const Surrounded cardBias(DType::F32, biasValues);
    Surrounded out(type, spread(values, width, stride, gap));
    const cuda::Finish finish{bias ? cardBias.floats() : nullptr, Activation(activation),
                              activation == 0}; // add: the sum is there already
    QCOMPARE(inEveryOrder([&] {
                 out.fill(spread(values, width, stride, gap));
                 cuda::finishRows(out, stride, rows, width, finish, stream());
                 const std::vector<float> all = out.values();
                 if (!out.isSurroundingIntact() || !isGapIntact(all, width, stride, gap))
                     return QStringLiteral("wrote beside the output");
                 return difference(gathered(all, width, stride), expected,
                                   type == DType::F32   ? 1e-5f
                                   : type == DType::F16 ? 1e-3f
                                                        : 8e-3f);
             }),
             QString());
}

void TestCudaGemm::rounding()
{
    constexpr int count = 700;
    std::mt19937 random(4);
    const std::vector<float> values = randomFloats(random, count + 4); // the last ones stay out
    const Surrounded in(DType::F32, values);
    for (const DType type : {DType::F32, DType::F16, DType::BF16}) {
        std::vector<float> expected = rounded(values, type);
        std::fill(expected.begin() + count, expected.end(), 0.0f);
        Surrounded out(type, std::vector<float>(values.size(), 0));
        cuda::roundValues(out, in.floats(), count, stream());
        QCOMPARE(out.values(), expected);
        QVERIFY(out.isSurroundingIntact());
    }
}

QTEST_GUILESS_MAIN(TestCudaGemm)
#include "tst_cudagemm.moc"
