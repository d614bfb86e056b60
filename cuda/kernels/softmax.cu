#include "cuda/kernels/softmax.h"

#include <cfloat>
#include <limits>
#include <string>

#include <launching.h>
#include <sharedmemory.h>

#include "cuda/kernels/elements.h"
#include "cuda/kernels/spread.h"

namespace argali::cuda {

namespace {

constexpr int softmaxThreads = 1024;
constexpr int softmaxWarps = softmaxThreads / warpSize32;
static_assert(softmaxWarps == warpSize32, "one lane for each warp's part");

/// Of some values: how many, their mean, and the sum of their squared distances from it, which
/// keeps a small variance beside a large mean in a single pass.
struct Moments {
    float count = 0;
    float mean = 0;
    float squares = 0;
};

/// Source: Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample
/// variances (1979)
__device__ __forceinline__ Moments together(const Moments& a, const Moments& b)
{
    const float count = a.count + b.count;
    const float share = count > 0 ? b.count / count : 0;
    const float distance = b.mean - a.mean;
    return {count, a.mean + distance * share,
            a.squares + b.squares + distance * distance * a.count * share};
}

/// Those of all lanes, in lane 0.
__device__ __forceinline__ Moments warpMoments(Moments own)
{
    for (int offset = warpSize32 / 2; offset > 0; offset /= 2)
        own = together(own, {__shfl_xor_sync(wholeWarp, own.count, offset),
                             __shfl_xor_sync(wholeWarp, own.mean, offset),
                             __shfl_xor_sync(wholeWarp, own.squares, offset)});
    return own;
}

/// Where a block puts its warps' parts. Each has its own place, so that no barrier is needed
/// between the last reader of one and the first writer of the next.
struct Scratch {
    float counts[softmaxWarps];
    float means[softmaxWarps];
    float squares[softmaxWarps];
    float largest[softmaxWarps];
    float sums[softmaxWarps];
};

/// Those of the block, known to each thread.
__device__ __forceinline__ Moments blockMoments(Moments own, Scratch& scratch)
{
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    const int warp = static_cast<int>(threadIdx.x) / warpSize32;
    own = warpMoments(own);
    if (lane == 0) {
        scratch.counts[warp] = own.count;
        scratch.means[warp] = own.mean;
        scratch.squares[warp] = own.squares;
    }
    __syncthreads();
    own = warpMoments({scratch.counts[lane], scratch.means[lane], scratch.squares[lane]});
    return {__shfl_sync(wholeWarp, own.count, 0), __shfl_sync(wholeWarp, own.mean, 0),
            __shfl_sync(wholeWarp, own.squares, 0)};
}

/// The largest of all threads, known to each.
__device__ __forceinline__ float blockMax(float value, Scratch& scratch)
{
    value = warpMax(value);
    if (threadIdx.x % warpSize32 == 0)
        scratch.largest[threadIdx.x / warpSize32] = value;
    __syncthreads();
    return warpMax(scratch.largest[threadIdx.x % warpSize32]);
}

template <int N> __device__ __forceinline__ Moments momentsOf(const float* row, int width)
{
    Moments moments;
#pragma unroll 4
    for (int i = static_cast<int>(threadIdx.x) * N; i < width; i += softmaxThreads * N) {
        float v[N];
        loadVector(v, row + i);
        Moments part{N, 0, 0};
        for (int j = 0; j < N; ++j)
            part.mean += v[j] / N;
        for (int j = 0; j < N; ++j)
            part.squares += (v[j] - part.mean) * (v[j] - part.mean);
        moments = together(moments, part);
    }
    return moments;
}

/// (v - mean) * scale * weight + bias for N columns from i on, whatever of it the norm has.
template <int N>
__device__ __forceinline__ void loadNormalised(float (&v)[N], const float* row,
                                               const NormWeights& norm, float mean, float scale,
                                               int i)
{
    loadVector(v, row + i);
    if (norm.weight == nullptr)
        return;
    float w[N];
    loadVector(w, norm.weight + i);
    for (int j = 0; j < N; ++j)
        v[j] = (v[j] - mean) * scale * w[j];
    if (!norm.layer)
        return;
    loadVector(w, norm.bias + i);
    for (int j = 0; j < N; ++j)
        v[j] += w[j];
}

/// The row is read three times, twice from the L2 cache: for the statistics of the norm, for the
/// largest value and the sum (which grows along with it), and for the probabilities.
template <int N>
__global__ void __launch_bounds__(softmaxThreads, 1)
    normSoftmaxKernel(Out probabilities, const float* logits, NormWeights norm, int width,
                      int stride)
{
    Scratch& scratch = *sharedMemory<Scratch>();
    const float* const row = logits + static_cast<int64_t>(blockIdx.x) * stride;
    const int first = static_cast<int>(threadIdx.x) * N;
    constexpr int step = softmaxThreads * N;

    float mean = 0;
    float scale = 1;
    if (norm.weight != nullptr) {
        const Moments moments = blockMoments(momentsOf<N>(row, width), scratch);
        const float variance = moments.squares / moments.count;
        mean = norm.layer ? moments.mean : 0;
        scale =
            rsqrtf((norm.layer ? variance : variance + moments.mean * moments.mean) + norm.epsilon);
    }

    // Not minus infinity: a thread without columns would subtract it from itself.
    float largest = -FLT_MAX;
    float sum = 0;
#pragma unroll 2
    for (int i = first; i < width; i += step) {
        float v[N];
        loadNormalised(v, row, norm, mean, scale, i);
        const float before = largest;
        for (int j = 0; j < N; ++j)
            largest = fmaxf(largest, v[j]);
        sum *= expf(before - largest);
        for (int j = 0; j < N; ++j)
            sum += expf(v[j] - largest);
    }
    const float top = blockMax(largest, scratch);
    const float share = 1 / blockSum(sum * expf(largest - top), scratch.sums);

#pragma unroll 2
    for (int i = first; i < stride; i += step) {
        float v[N] = {};
        if (i < width) {
            loadNormalised(v, row, norm, mean, scale, i);
            for (int j = 0; j < N; ++j)
                v[j] = expf(v[j] - top) * share;
        }
        storeAny(probabilities, static_cast<int64_t>(blockIdx.x) * stride + i, v);
    }
}

} // namespace

Launch normSoftmaxRowsLaunch(int64_t rows)
{
    return {{rows, 1, 1}, softmaxThreads, static_cast<int64_t>(sizeof(Scratch))};
}

void normSoftmaxRows(Out probabilities, const float* logits, const NormWeights& norm, int64_t rows,
                     int64_t width, int64_t stride, cudaStream_t stream)
{
    requireFloating(probabilities.type);
    // The loops' counters pass the end by one step.
    if (width <= 0 || width > stride ||
        stride > std::numeric_limits<int>::max() - 4 * softmaxThreads)
        throw Error(Error::Code::Internal, "no softmax over rows of " + std::to_string(width));
    constexpr int n = 4;
    const auto fitsFloats = [&](const float* data) {
        return fitsVectors(data, DType::F32, width, n);
    };
    const bool fits = fitsVectors(probabilities.data, probabilities.type, stride, n) &&
                      fitsFloats(logits) && fitsFloats(norm.weight) && fitsFloats(norm.bias);
    launch(fits ? normSoftmaxKernel<n> : normSoftmaxKernel<1>, normSoftmaxRowsLaunch(rows), stream,
           probabilities, logits, norm, width, stride);
}

} // namespace argali::cuda
