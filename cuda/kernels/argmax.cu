#include "cuda/kernels/argmax.h"

#include <limits>
#include <string>

#include <launching.h>
#include <sharedmemory.h>

#include "cuda/kernels/elements.h"
#include "cuda/kernels/spread.h"

namespace argali::cuda {

namespace {

constexpr int argmaxThreads = 256;
constexpr int argmaxWarps = argmaxThreads / warpSize32;
constexpr int64_t partElements = 8 * argmaxThreads; // two loads of 16 bytes for each thread
constexpr int64_t mostParts = 1024;
constexpr int noIndex = 0x7fffffff; // behind every real one
constexpr int nanIndex = -1;        // before every real one

struct Candidate {
    float value;
    int index;
};

/// What is no number beats all, then the larger value, then the earlier place. An order of all
/// candidates, so that it does not matter how they meet.
__device__ __forceinline__ Candidate better(const Candidate& a, const Candidate& b)
{
    if (a.index == nanIndex || b.index == nanIndex)
        return {0, nanIndex};
    if (a.value != b.value)
        return a.value > b.value ? a : b;
    return a.index < b.index ? a : b;
}

__device__ __forceinline__ Candidate noCandidate()
{
    return {__uint_as_float(0xff800000u), noIndex}; // minus infinity
}

__device__ __forceinline__ Candidate warpBest(Candidate own)
{
    for (int offset = warpSize32 / 2; offset > 0; offset /= 2)
        own = better(own, {__shfl_xor_sync(wholeWarp, own.value, offset),
                           __shfl_xor_sync(wholeWarp, own.index, offset)});
    return own;
}

/// The best of the block, known to the threads of the first warp.
__device__ __forceinline__ Candidate blockBest(Candidate own, Candidate* scratch)
{
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    own = warpBest(own);
    if (lane == 0)
        scratch[threadIdx.x / warpSize32] = own;
    __syncthreads();
    return threadIdx.x < warpSize32 ? warpBest(lane < argmaxWarps ? scratch[lane] : noCandidate())
                                    : own;
}

template <int N>
__global__ void __launch_bounds__(argmaxThreads)
    partKernel(float* values, int32_t* indices, const float* logits, int count)
{
    Candidate best = noCandidate();
    const int step = static_cast<int>(gridDim.x) * argmaxThreads * N;
#pragma unroll 2
    for (int i = static_cast<int>(blockIdx.x * argmaxThreads + threadIdx.x) * N; i < count;
         i += step) {
        float v[N];
        loadVector(v, logits + i);
        for (int j = 0; j < N; ++j)
            best = better(
                best,
                {v[j], v[j] < __uint_as_float(0x7f800000u) ? i + j : nanIndex}); // false for NaN
    }
    best = blockBest(best, sharedMemory<Candidate>());
    if (threadIdx.x == 0) {
        values[blockIdx.x] = best.value;
        indices[blockIdx.x] = best.index;
    }
}

__global__ void __launch_bounds__(argmaxThreads)
    lastKernel(int32_t* index, const float* values, const int32_t* indices, int parts)
{
    Candidate best = noCandidate();
    for (int i = static_cast<int>(threadIdx.x); i < parts; i += argmaxThreads)
        best = better(best, {values[i], indices[i]});
    best = blockBest(best, sharedMemory<Candidate>());
    if (threadIdx.x == 0)
        *index = best.index == noIndex ? -1 : best.index;
}

int64_t partsOfRow(int64_t count)
{
    const int64_t parts = partsOf(count, partElements);
    return parts < mostParts ? parts : mostParts;
}

constexpr int64_t candidateBytes = argmaxWarps * static_cast<int64_t>(sizeof(Candidate));

} // namespace

Launch argmaxLaunch(int64_t count)
{
    return {{partsOfRow(count), 1, 1}, argmaxThreads, candidateBytes};
}

int64_t argmaxScratch(int64_t count)
{
    return 2 * partsOfRow(count);
}

void argmaxRow(int32_t* index, const float* logits, int64_t count, float* scratch,
               cudaStream_t stream)
{
    // The loop's counter passes the end by one step.
    if (count < 0 || count > std::numeric_limits<int32_t>::max() - mostParts * partElements)
        throw Error(Error::Code::Internal, "no kernel for the largest of " + std::to_string(count));
    static_assert(sizeof(float) == sizeof(int32_t),
                  "a place takes as much of the scratch as a value");
    const int64_t parts = partsOfRow(count);
    auto* const indices = reinterpret_cast<int32_t*>(scratch + parts);
    constexpr int n = 4;
    const bool fits = fitsVectors(logits, DType::F32, count, n);
    launch(fits ? partKernel<n> : partKernel<1>, argmaxLaunch(count), stream, scratch, indices,
           logits, count);
    launch(lastKernel, {{1, 1, 1}, argmaxThreads, candidateBytes}, stream, index, scratch, indices,
           parts);
}

} // namespace argali::cuda
