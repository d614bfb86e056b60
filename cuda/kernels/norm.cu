#include "cuda/kernels/norm.h"

#include <launching.h>
#include <sharedmemory.h>

#include "cuda/kernels/elements.h"

namespace argali::cuda {

namespace {

constexpr int normThreads = 256;

/// Statistics in f32 over the row itself: of its squares, or in two passes of its distance from the
/// mean, since sums of squares lose a small variance beside a large mean.
template <int N, typename OutType, typename InType>
__global__ void __launch_bounds__(normThreads)
    normKernel(OutType* out, const InType* x, NormWeights norm, int64_t width)
{
    float* const scratch = sharedMemory<float>();
    const InType* const row = x + blockIdx.x * width;
    OutType* const target = out + blockIdx.x * width;
    const int64_t first = static_cast<int64_t>(threadIdx.x) * N;
    constexpr int64_t step = normThreads * N;

    float mean = 0;
    if (norm.layer) {
        float sum = 0;
        for (int64_t i = first; i < width; i += step) {
            float v[N];
            loadVector(v, row + i);
            for (int j = 0; j < N; ++j)
                sum += v[j];
        }
        mean = blockSum(sum, scratch) / static_cast<float>(width);
    }
    float squares = 0;
    for (int64_t i = first; i < width; i += step) {
        float v[N];
        loadVector(v, row + i);
        for (int j = 0; j < N; ++j)
            squares += (v[j] - mean) * (v[j] - mean);
    }
    const float scale =
        rsqrtf(blockSum(squares, scratch) / static_cast<float>(width) + norm.epsilon);
    for (int64_t i = first; i < width; i += step) {
        float v[N];
        float w[N];
        loadVector(v, row + i);
        loadVector(w, norm.weight + i);
        for (int j = 0; j < N; ++j)
            v[j] = (v[j] - mean) * scale * w[j];
        if (norm.layer) {
            loadVector(w, norm.bias + i);
            for (int j = 0; j < N; ++j)
                v[j] += w[j];
        }
        storeVector(target + i, v);
    }
}

} // namespace

Launch normRowsLaunch(int64_t rows, int64_t)
{
    return {
        {rows, 1, 1}, normThreads, normThreads / warpSize32 * static_cast<int64_t>(sizeof(float))};
}

void normRows(Out out, In x, const NormWeights& norm, int64_t rows, int64_t width,
              cudaStream_t stream)
{
    const Launch shape = normRowsLaunch(rows, width);
    withType(out.type, [&](auto outTag) {
        withType(x.type, [&](auto inTag) {
            using OutType = decltype(outTag);
            using InType = decltype(inTag);
            auto* const target = static_cast<OutType*>(out.data);
            const auto* const source = static_cast<const InType*>(x.data);
            if (width % 4 == 0)
                launch(normKernel<4, OutType, InType>, shape, stream, target, source, norm, width);
            else
                launch(normKernel<1, OutType, InType>, shape, stream, target, source, norm, width);
        });
    });
}

} // namespace argali::cuda
