#include <QtTest>

#include <cmath>

#include "cuda/matmul.h"
#include "engine/error.h"
#include "tests/cuda/fakecublaslt.h"
#include "tests/cuda/productcase.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;
using Lt = cuda::CublasLt;

namespace {

FakeCublasLt& fake()
{
    return FakeCublasLt::instance();
}

} // namespace

class TestCudaMatmul : public QObject {
    Q_OBJECT

private slots:
    void init() { fake() = {}; }
    void cleanup() { QCOMPARE(fake().alive, 0); }
    void noLibraryForAnEmulatedCard();
    void libraryThatDoesNotStart();
    void product();
    void table();
    void exactFloats();
    void addWithBias();
    void roundedBias();
    void epilogueRefused();
    void activationTheLibraryLacks_data();
    void activationTheLibraryLacks();
    void productRefused();
    void planIsKept();
    void failure();
    void emptyInput();

private:
    const CardArray m_x{DType::BF16, std::vector<float>(16 * 24, 1)};
    const CardArray m_w{DType::BF16, std::vector<float>(40 * 24, 0.5f)};
    const std::vector<float> m_zeros = std::vector<float>(16 * 48, 0);
    const std::vector<float> m_biasValues = std::vector<float>(40, 0.1f);
    const CardArray m_bias{DType::F32, m_biasValues};
    static constexpr cuda::ProductShape shape{16, 40, 24};
};

void TestCudaMatmul::noLibraryForAnEmulatedCard()
{
    QVERIFY(Lt::open() == nullptr);
    cuda::Matmul matmul(0, stream());
    QVERIFY(!matmul.usesLibrary());
    QCOMPARE(matmul.name(), std::string("own kernels"));
    for (const bool isTable : {false, true}) {
        ProductCase c;
        c.shape = {17, 24, 40};
        c.type = c.inputType = DType::F16;
        c.table = isTable;
        c.bias = !isTable;
        c.prepare(1);
        const CardArray x(c.type, c.x);
        const CardArray w(c.type, c.w);
        const CardArray bias(DType::F32, c.biasValues);
        const CardArray out(DType::F32, 17 * 24);
        if (isTable)
            matmul.multiplyTable(out, x, w, 17, 24, 40, 40);
        else
            matmul.multiply(out, x, w, c.shape, {bias.as<float>()}, 24);
        QCOMPARE(difference(out.values(), c.expected, c.tolerance()), QString());
    }
}

void TestCudaMatmul::libraryThatDoesNotStart()
{
    fake().createStatus = 1;
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    QVERIFY(!matmul.usesLibrary());
    const CardArray out(DType::F32, 16 * 40);
    matmul.multiply(out, m_x, m_w, shape, {}, 40);
    QCOMPARE(out.values(), std::vector<float>(16 * 40, 12));
    QVERIFY(fake().calls.empty());
}

/// out^T = w^T^T x^T, by columns.
void TestCudaMatmul::product()
{
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    QVERIFY(matmul.usesLibrary());
    QCOMPARE(matmul.name(), std::string("cuBLASLt 13.0.2"));
    const CardArray out(DType::F32, 16 * 48);
    matmul.multiply(out, m_x, m_w, shape, {m_bias.as<float>(), Activation::GeluTanh, false}, 48);
    QCOMPARE(fake().calls.size(), size_t{1});
    const FakeCublasLt::Call& call = fake().calls.front();
    QCOMPARE(call.descriptor.compute, Lt::Compute32F);
    QCOMPARE(call.descriptor.scale, Lt::Real32F);
    QCOMPARE(call.descriptor.value<int32_t>(Lt::TransposeA), int32_t{Lt::Transposed});
    QCOMPARE(call.descriptor.value<int32_t>(Lt::TransposeB), int32_t{Lt::AsStored});
    QCOMPARE(call.descriptor.value<uint32_t>(Lt::EpilogueKind), uint32_t{Lt::EpilogueGeluBias});
    QCOMPARE(call.descriptor.value<const void*>(Lt::BiasPointer), m_bias.as<const void>());
    QCOMPARE(call.descriptor.value<int32_t>(Lt::BiasType), int32_t{Lt::Real32F});
    const auto is = [](const FakeCublasLt::Layout& l, Lt::DataType type, uint64_t rows,
                       uint64_t columns, int64_t stride) {
        return l.type == type && l.rows == rows && l.columns == columns && l.stride == stride;
    };
    QVERIFY(is(call.a, Lt::Real16BF, 24, 40, 24));
    QVERIFY(is(call.b, Lt::Real16BF, 24, 16, 24));
    QVERIFY(is(call.c, Lt::Real32F, 40, 16, 48));
    QVERIFY(is(call.d, Lt::Real32F, 40, 16, 48));
    QCOMPARE(call.aData, m_w.as<const void>());
    QCOMPARE(call.bData, m_x.as<const void>());
    QCOMPARE(call.cData, out.as<const void>());
    QCOMPARE(call.dData, out.as<const void>());
    QCOMPARE(call.alpha, 1.0f);
    QCOMPARE(call.beta, 0.0f);
    QCOMPARE(call.algorithm, uint64_t{101});
    QCOMPARE(call.workspaceBytes, size_t{32} << 20);
    QVERIFY(call.workspace != nullptr);
    QCOMPARE(call.stream, stream());
    const auto& preferred = fake().preferred.front();
    QCOMPARE(preferred.at(Lt::WorkspaceBytes), uint64_t{32} << 20);
    QCOMPARE(preferred.at(Lt::ReductionSchemes), uint64_t{Lt::ReduceInComputeType});
    for (const int attribute : {Lt::AlignmentA, Lt::AlignmentB, Lt::AlignmentC, Lt::AlignmentD})
        QVERIFY(preferred.at(attribute) >= 16 && preferred.at(attribute) <= 256);
}

void TestCudaMatmul::table()
{
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    const CardArray out(DType::BF16, 16 * 40);
    matmul.multiplyTable(out, m_x, m_w, 16, 40, 22, 24); // 22 of 24 columns count
    const FakeCublasLt::Call& call = fake().calls.front();
    QCOMPARE(call.descriptor.value<int32_t>(Lt::TransposeA), int32_t{Lt::AsStored});
    QVERIFY(call.a.rows == 40 && call.a.columns == 22 && call.a.stride == 40);
    QVERIFY(call.b.rows == 22 && call.b.columns == 16 && call.b.stride == 24);
    QVERIFY(call.d.rows == 40 && call.d.columns == 16 && call.d.stride == 40 &&
            call.d.type == Lt::Real16BF);
    QCOMPARE(call.descriptor.value<uint32_t>(Lt::EpilogueKind), uint32_t{Lt::EpilogueNone});
    QCOMPARE(call.aData, m_w.as<const void>());
}

void TestCudaMatmul::exactFloats()
{
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    const CardArray x(DType::F32, m_zeros);
    const CardArray out(DType::F32, 16 * 40);
    matmul.multiply(out, x, x, {16, 40, 16}, {}, 40);
    QCOMPARE(fake().calls.front().descriptor.compute, Lt::Compute32FPedantic);
    QCOMPARE(fake().calls.front().a.type, Lt::Real32F);
}

void TestCudaMatmul::addWithBias()
{
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    const CardArray out(DType::F32, 16 * 40);
    matmul.multiply(out, m_x, m_w, shape, {m_bias.as<float>(), Activation::None, true}, 40);
    const FakeCublasLt::Call& call = fake().calls.front();
    QCOMPARE(call.beta, 1.0f);
    QCOMPARE(call.descriptor.value<uint32_t>(Lt::EpilogueKind), uint32_t{Lt::EpilogueBias});
}

/// The library adds a bias of the type of out; ours is f32.
void TestCudaMatmul::roundedBias()
{
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    const CardArray out(DType::BF16, 16 * 40);
    matmul.multiply(out, m_x, m_w, shape, {m_bias.as<float>()}, 40);
    QCOMPARE(cudaStreamSynchronize(stream()), cudaSuccess);
    const FakeCublasLt::Call& call = fake().calls.front();
    QCOMPARE(call.descriptor.value<int32_t>(Lt::BiasType), int32_t{Lt::Real16BF});
    const auto* const bias = call.descriptor.value<const uint16_t*>(Lt::BiasPointer);
    QCOMPARE(static_cast<const void*>(bias),
             static_cast<const void*>(static_cast<const unsigned char*>(call.workspace) +
                                      call.workspaceBytes));
    const CardArray expected(DType::BF16, m_biasValues);
    QVERIFY(std::equal(bias, bias + 40, expected.as<const uint16_t>()));
}

void TestCudaMatmul::epilogueRefused()
{
    fake().refusesEpilogues = true;
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    for (const bool add : {false, true}) {
        fake().calls.clear();
        const CardArray out(DType::F32, m_zeros); // the fake leaves 0 as the sum
        matmul.multiply(out, m_x, m_w, shape,
                        {m_bias.as<float>(), add ? Activation::None : Activation::GeluTanh, add},
                        48);
        QCOMPARE(fake().calls.size(), size_t{1});
        QCOMPARE(fake().calls.front().beta, add ? 1.0f : 0.0f);
        QVERIFY(fake().calls.front().descriptor.value<uint32_t>(Lt::EpilogueKind) <=
                Lt::EpilogueNone);
        const float each = add ? 0.1f : 0.0539828f; // gelu(0.1)
        const std::vector<float> values = out.values();
        for (size_t i = 0; i < values.size(); ++i)
            QVERIFY(std::abs(values[i] - (i % 48 < 40 ? each : 0)) < 1e-5f);
    }
}

void TestCudaMatmul::activationTheLibraryLacks_data()
{
    QTest::addColumn<int>("activation");
    QTest::addColumn<float>("each");
    QTest::newRow("gelu") << int(Activation::Gelu) << 0.0539828f; // 0.1 Phi(0.1)
    QTest::newRow("quick gelu") << int(Activation::QuickGelu)
                                << 0.0542448f; // 0.1 / (1 + exp(-0.1702))
}

void TestCudaMatmul::activationTheLibraryLacks()
{
    QFETCH(int, activation);
    QFETCH(float, each);
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    const CardArray out(DType::F32, m_zeros); // the fake leaves 0 as the sum
    matmul.multiply(out, m_x, m_w, shape, {m_bias.as<float>(), Activation(activation), false}, 48);
    QCOMPARE(fake().calls.size(), size_t{1});
    QVERIFY(fake().calls.front().descriptor.value<uint32_t>(Lt::EpilogueKind) <= Lt::EpilogueNone);
    const std::vector<float> values = out.values();
    for (size_t i = 0; i < values.size(); ++i)
        QVERIFY(std::abs(values[i] - (i % 48 < 40 ? each : 0)) < 1e-6f);
}

void TestCudaMatmul::productRefused()
{
    fake().refusesAll = true;
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    const CardArray out(DType::F32, 16 * 40);
    matmul.multiply(out, m_x, m_w, shape, {m_bias.as<float>()}, 40);
    QVERIFY(fake().calls.empty());
    QCOMPARE(difference(out.values(), std::vector<float>(16 * 40, 12.1f), 1e-5f), QString());
    const size_t asked = fake().asked.size();
    matmul.multiply(out, m_x, m_w, shape, {m_bias.as<float>()}, 40);
    QCOMPARE(fake().asked.size(), asked); // not again
}

void TestCudaMatmul::planIsKept()
{
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    const CardArray out(DType::F32, 16 * 48);
    const CardArray otherBias(DType::F32, m_biasValues);
    matmul.multiply(out, m_x, m_w, shape, {m_bias.as<float>()}, 40);
    matmul.multiply(out, m_x, m_w, shape, {otherBias.as<float>()}, 40);
    QCOMPARE(fake().calls.back().descriptor.value<const void*>(Lt::BiasPointer),
             otherBias.as<const void>());
    size_t asked = fake().asked.size();
    const auto isNew = [&](auto multiply) {
        multiply();
        return fake().asked.size() == ++asked;
    };
    QVERIFY(isNew([&] { matmul.multiply(out, m_x, m_w, shape, {}, 40); }));
    QVERIFY(isNew([&] { matmul.multiply(out, m_x, m_w, shape, {}, 48); }));
    QVERIFY(isNew([&] { matmul.multiply(out, m_x, m_w, {15, 40, 24}, {}, 48); }));
    QVERIFY(isNew([&] {
        matmul.multiply(out, m_x, m_w, shape, {nullptr, Activation::None, true}, 48);
    }));
    QVERIFY(isNew([&] {
        matmul.multiply(out, m_x, m_w, shape, {nullptr, Activation::GeluTanh}, 48);
    }));
    QVERIFY(isNew([&] { matmul.multiplyTable(out, m_x, m_w, 16, 40, 24, 24); }));
    const cuda::In shifted{m_x.as<const uint16_t>() + 1, DType::BF16};
    QVERIFY(isNew([&] { matmul.multiply(out, shifted, m_w, {15, 40, 24}, {}, 48); }));
    QCOMPARE(fake().preferred.back().at(Lt::AlignmentB), uint64_t{2});
}

void TestCudaMatmul::failure()
{
    fake().matmulStatus = 13;
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    const CardArray out(DType::F32, 16 * 40);
    try {
        matmul.multiply(out, m_x, m_w, shape, {}, 40);
        QFAIL("no error");
    } catch (const Error& error) {
        QCOMPARE(error.code(), Error::Code::Device);
    }
}

void TestCudaMatmul::emptyInput()
{
    cuda::Matmul matmul(0, stream(), FakeCublasLt::functions());
    const CardArray out(DType::F32, 1);
    matmul.multiply(out, m_x, m_w, {0, 40, 24}, {}, 40);
    matmul.multiplyTable(out, m_x, m_w, 0, 40, 24, 24);
    QVERIFY(fake().calls.empty() && fake().asked.empty());
}

QTEST_GUILESS_MAIN(TestCudaMatmul)
#include "tst_cudamatmul.moc"
