#include <QtTest>

#include <launching.h>
#include <sharedmemory.h>
#include <tensorcore.h>

#include "cuda/kernels/elements.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

using namespace argali;
using namespace argali::test;

namespace {

/// Reverses the values of a block through shared memory.
__global__ void reverseKernel(float* out, bool withBarrier)
{
    float* const shared = cuda::sharedMemory<float>();
    shared[threadIdx.x] = static_cast<float>(threadIdx.x);
    if (withBarrier)
        __syncthreads();
    out[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

__global__ void divergentKernel()
{
    if (threadIdx.x < 16)
        __syncwarp();
    else
        __syncthreads();
}

__global__ void copyKernel(float* out, const float* in, bool wait)
{
    float* const shared = cuda::sharedMemory<float>();
    cuda::copyAsync16(shared + 4 * threadIdx.x, in + 4 * threadIdx.x, true);
    cuda::commitCopies();
    if (wait)
        cuda::waitCopies<0>();
    for (int i = 0; i < 4; ++i)
        out[4 * threadIdx.x + i] = shared[4 * threadIdx.x + i];
}

/// c = a b^T with a [16, 16] and b [8, 16] in shared memory, as GEMM kernels do it.
template <typename T> __global__ void tileKernel(float* c, const T* a, const T* b)
{
    T* const shared = cuda::sharedMemory<T>();
    const int lane = static_cast<int>(threadIdx.x);
    for (int i = lane; i < 16 * 16; i += 32)
        shared[i] = a[i];
    for (int i = lane; i < 8 * 16; i += 32)
        shared[16 * 16 + i] = b[i];
    __syncthreads();
    uint32_t fa[4];
    uint32_t fb[4];
    cuda::loadMatrices4(fa, shared + (lane % 16) * 16 + lane / 16 * 8);
    cuda::loadMatrices4(fb, shared + 16 * 16 + (lane % 8) * 16 + lane / 8 % 2 * 8);
    float sums[4] = {0, 0, 0, 0};
    cuda::multiply16x8x16<T>(sums, fa, {fb[0], fb[1]});
    for (int i = 0; i < 4; ++i)
        c[(lane / 4 + 8 * (i / 2)) * 8 + 2 * (lane % 4) + i % 2] = sums[i];
}

QString reverse(bool withBarrier)
{
    CardArray out(DType::F32, 64);
    std::vector<float> expected;
    for (int i = 63; i >= 0; --i)
        expected.push_back(static_cast<float>(i));
    return inEveryOrder([&] {
        cuda::launch(reverseKernel, {{1, 1, 1}, 64, 64 * 4}, stream(), out.as<float>(),
                     withBarrier);
        return difference(out.values(), expected, 0);
    });
}

} // namespace

class TestEmulator : public QObject {
    Q_OBJECT

private slots:
    void barrierOrders() { QCOMPARE(reverse(true), QString()); }
    void missingBarrierShows() { QVERIFY(!reverse(false).isEmpty()); }
    void threadsThatNeverMeet();
    void copiesArriveWhenAwaited();
    void tile();
    void sumOverBlock();
};

void TestEmulator::threadsThatNeverMeet()
{
    cuda::launch(divergentKernel, {{1, 1, 1}, 32, 0}, stream());
    QVERIFY_EXCEPTION_THROWN(cudaStreamSynchronize(stream()), std::logic_error);
}

void TestEmulator::copiesArriveWhenAwaited()
{
    const std::vector<float> values(128, 3.5f);
    const CardArray in(DType::F32, values);
    const CardArray out(DType::F32, 128);
    const cuda::Launch shape{{1, 1, 1}, 32, 512};
    cuda::launch(copyKernel, shape, stream(), out.as<float>(), in.as<const float>(), true);
    QCOMPARE(out.values(), values);
    cuda::launch(copyKernel, shape, stream(), out.as<float>(), in.as<const float>(), false);
    QVERIFY(std::isnan(out.values().front()));
}

void TestEmulator::tile()
{
    std::mt19937 random(7);
    const std::vector<float> a = rounded(randomFloats(random, 256), DType::BF16);
    const std::vector<float> b = rounded(randomFloats(random, 128), DType::BF16);
    std::vector<float> expected(128, 0);
    for (size_t i = 0; i < 16; ++i)
        for (size_t j = 0; j < 8; ++j)
            for (size_t k = 0; k < 16; ++k)
                expected[i * 8 + j] += a[i * 16 + k] * b[j * 16 + k];
    const CardArray ca(DType::BF16, a);
    const CardArray cb(DType::BF16, b);
    const CardArray out(DType::F32, 128);
    cuda::launch(tileKernel<__nv_bfloat16>, {{1, 1, 1}, 32, 768}, stream(), out.as<float>(),
                 ca.as<const __nv_bfloat16>(), cb.as<const __nv_bfloat16>());
    QCOMPARE(difference(out.values(), expected, 1e-6f), QString());
}

__global__ void sumKernel(float* out)
{
    const float sum = cuda::blockSum(static_cast<float>(threadIdx.x), cuda::sharedMemory<float>());
    out[threadIdx.x] = sum;
}

void TestEmulator::sumOverBlock()
{
    CardArray out(DType::F32, 96);
    QCOMPARE(inEveryOrder([&] {
                 cuda::launch(sumKernel, {{1, 1, 1}, 96, 12}, stream(), out.as<float>());
                 return difference(out.values(), std::vector<float>(96, 95 * 96 / 2), 0);
             }),
             QString());
}

QTEST_GUILESS_MAIN(TestEmulator)
#include "tst_emulator.moc"
