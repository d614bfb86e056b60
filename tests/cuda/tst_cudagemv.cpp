#include <QtTest>

#include "cuda/kernels/gemv.h"
#include "engine/error.h"
#include "tests/cuda/productcase.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

namespace {

/// Runs the case in every order of threads; what is wrong with the result.
QString run(const ProductCase& c, int64_t shift = 0, bool everyOrder = true, int64_t behind = 32)
{
    const Surrounded x(c.inputType, c.x, 32 + shift, behind);
    const Surrounded w(c.type, c.w, 32 + shift, behind);
    const Surrounded weight(DType::F32, c.normWeight, 32, behind);
    const Surrounded normBias(DType::F32, c.normBias, 32, behind);
    const Surrounded bias(DType::F32, c.biasValues, 32, behind);
    Surrounded out(c.outType, c.before);
    cuda::NormWeights norm;
    if (c.normed != ProductCase::Normed::No) {
        const bool layer = c.normed == ProductCase::Normed::Layer;
        norm = {layer, weight.floats(), layer ? normBias.floats() : nullptr, 1e-5f};
    }
    const cuda::Finish finish{c.bias ? bias.floats() : nullptr, c.activation, c.add};
    const auto once = [&] {
        out.fill(c.before);
        if (c.gated)
            cuda::gemvGateUp(out, x, norm, w, c.shape, stream());
        else
            cuda::gemv(out, x, norm, w, c.shape, finish, stream());
        const QString complaint = difference(out.values(), c.expected, c.tolerance());
        return out.isSurroundingIntact() ? complaint : QStringLiteral("wrote beside the output");
    };
    return everyOrder ? inEveryOrder(once) : once();
}

} // namespace

class TestCudaGemv : public QObject {
    Q_OBJECT

private slots:
    void shapes_data();
    void shapes();
    void gated_data();
    void gated();
    void piecesOfLongRows();
    void manyTurns();
    void unaligned();
    void nothingBehind();
    void emptyInput();
    void refusals();
    void plans();
};

void TestCudaGemv::shapes_data()
{
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("outputs");
    QTest::addColumn<int>("inputs");
    int i = 0;
    for (int rows = 1; rows <= 8; ++rows)
        for (const int inputs : {1, 8, 31, 64, 72, 200, 1030})
            for (const int outputs : {1, 7, 64, 100, 129})
                if (i++ % (rows == 1 ? 2 : 11) == 0)
                    QTest::addRow("%d x %d x %d", rows, outputs, inputs)
                        << rows << outputs << inputs;
    QTest::addRow("more than one batch") << 1 << 7 << 4096;
    QTest::addRow("more than one batch, 8 rows") << 8 << 18 << 2000;
}

/// Types, norm and finish change from row to row, so that all pairs of them come.
void TestCudaGemv::shapes()
{
    QFETCH(int, rows);
    QFETCH(int, outputs);
    QFETCH(int, inputs);
    const unsigned seed = static_cast<unsigned>(rows * 1000000 + outputs * 1000 + inputs);
    std::mt19937 random(seed);
    for (const DType type : {DType::F32, DType::F16, DType::BF16}) {
        ProductCase c;
        c.shape = {rows, outputs, inputs};
        c.type = type;
        c.inputType = std::array{DType::F32, DType::F16, DType::BF16}[random() % 3];
        c.outType = random() % 2 == 0 ? DType::F32 : type;
        c.normed = static_cast<ProductCase::Normed>(random() % 3);
        c.bias = random() % 2 == 0;
        c.add = random() % 3 == 0;
        c.activation = c.add ? Activation::None : static_cast<Activation>(random() % 4);
        c.prepare(seed);
        QCOMPARE(run(c), QString());
    }
}

void TestCudaGemv::gated_data()
{
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("outputs");
    QTest::addColumn<int>("inputs");
    for (const int rows : {1, 2, 8})
        for (const auto& [outputs, inputs] :
             {std::pair{1, 8}, {7, 72}, {33, 31}, {20, 1030}, {50, 264}})
            QTest::addRow("%d x %d x %d", rows, outputs, inputs) << rows << outputs << inputs;
}

void TestCudaGemv::gated()
{
    QFETCH(int, rows);
    QFETCH(int, outputs);
    QFETCH(int, inputs);
    for (const DType type : {DType::F32, DType::F16, DType::BF16}) {
        for (const auto normed : {ProductCase::Normed::No, ProductCase::Normed::Rms}) {
            ProductCase c;
            c.shape = {rows, outputs, inputs};
            c.type = type;
            c.normed = normed;
            c.gated = true;
            c.outType = normed == ProductCase::Normed::No ? DType::F32 : type;
            c.prepare(static_cast<unsigned>(rows + outputs));
            QCOMPARE(run(c), QString());
        }
    }
}

void TestCudaGemv::piecesOfLongRows()
{
    for (const auto normed : {ProductCase::Normed::No, ProductCase::Normed::Layer}) {
        ProductCase c;
        c.shape = {8, 17, 6152}; // three pieces, the last one short
        c.type = DType::BF16;
        c.normed = normed;
        c.bias = true;
        c.prepare(5);
        QVERIFY(cuda::gemvPlan(c.shape, c.type, false, true).piece * 2 < c.shape.inputs);
        QCOMPARE(run(c), QString());
    }
    ProductCase c;
    c.shape = {1, 5, 18944}; // one row in two pieces
    c.normed = ProductCase::Normed::Rms;
    c.prepare(6);
    QCOMPARE(run(c), QString());
}

/// So many outputs that a block has several turns, the last one without work for some warps.
void TestCudaGemv::manyTurns()
{
    ProductCase c;
    c.shape = {1, 2048 * 8 * 2 + 8 * 5 + 3, 8};
    c.type = DType::BF16;
    c.prepare(7);
    QCOMPARE(cuda::gemvPlan(c.shape, c.type, false, true).groups, 2);
    QCOMPARE(run(c, 0, false), QString()); // one order is enough for the turns: 262144 threads
}

void TestCudaGemv::unaligned()
{
    for (const DType type : {DType::F32, DType::F16}) {
        ProductCase c;
        c.shape = {3, 9, 64};
        c.type = type;
        c.inputType = type;
        c.prepare(8);
        QCOMPARE(run(c, 1), QString());
    }
}

/// Operands at the end of their memory, for the sanitizers: what is read too much and not used does
/// not show in the result.
void TestCudaGemv::nothingBehind()
{
    for (const DType type : {DType::F32, DType::F16, DType::BF16})
        for (const int rows : {1, 3, 8})
            for (const int inputs : {31, 72})
                for (const bool gated : {false, true}) {
                    ProductCase c;
                    c.shape = {rows, 7, inputs};
                    c.type = c.inputType = type;
                    c.normed = ProductCase::Normed::Layer;
                    c.gated = gated;
                    c.bias = !gated;
                    c.prepare(10);
                    QCOMPARE(run(c, 0, true, 0), QString());
                }
}

void TestCudaGemv::emptyInput()
{
    ProductCase c;
    c.shape = {0, 9, 64};
    c.prepare(9);
    QCOMPARE(run(c), QString());
}

void TestCudaGemv::refusals()
{
    const CardArray any(DType::F16, 64);
    const CardArray floats(DType::BF16, 64);
    QVERIFY_EXCEPTION_THROWN(cuda::gemv(any, any, {}, any, {9, 1, 1}, {}, stream()), Error);
    QVERIFY_EXCEPTION_THROWN(cuda::gemv(floats, any, {}, any, {1, 1, 1}, {}, stream()), Error);
}

/// Every product of the models, within what the smallest card allows.
void TestCudaGemv::plans()
{
    for (const DType type : {DType::F32, DType::F16, DType::BF16})
        for (int64_t rows = 1; rows <= 8; ++rows)
            for (const int64_t inputs : {1152, 2048, 4096, 4304, 4608, 6144, 12288, 18944, 1030})
                for (const int64_t outputs : {1, 2048, 4096, 6144, 24576, 65532, 151936})
                    for (const bool gated : {false, true}) {
                        const cuda::GemvPlan plan =
                            cuda::gemvPlan({rows, outputs, inputs}, type, gated, true);
                        QVERIFY(plan.launch.sharedBytes <= 49 * 1024);
                        QVERIFY(plan.launch.threads <= 256 && plan.launch.threads % 32 == 0);
                        QVERIFY(plan.rows >= rows);
                        QVERIFY(plan.piece == inputs ||
                                (plan.groups == 1 && plan.piece * sizeOf(type) % 16 == 0));
                        const int64_t perTurn = plan.launch.threads / 32 * (gated ? 1 : 2);
                        QVERIFY(plan.launch.grid[0] * plan.groups * perTurn >= outputs);
                        QVERIFY(plan.launch.grid[0] >= std::min<int64_t>(outputs / perTurn, 1024));
                        QCOMPARE(plan.wide, inputs * sizeOf(type) % 16 == 0);
                    }
}

QTEST_GUILESS_MAIN(TestCudaGemv)
#include "tst_cudagemv.moc"
