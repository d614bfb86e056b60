#include "cuda/kernels/likeliest.h"

#include <limits>
#include <string>
#include <utility>

#include <launching.h>
#include <sharedmemory.h>

#include "cuda/kernels/elements.h"
#include "cuda/kernels/spread.h"

namespace argali::cuda {

namespace {

constexpr int sortThreads = 512;
constexpr int partCandidates = 2048; // of one block: 16 KiB of keys
static_assert(partCandidates >= 2 * mostLikeliest, "or sorting would not make fewer of them");

// A candidate is one number that orders as the candidates do: the logit's bits, turned so that they
// order as the logit does, then the place, turned so that the first one is the largest.
using Key = unsigned long long;
constexpr Key noKey = 0; // below every real one
constexpr Key nanKey = ~Key{0};

__device__ __forceinline__ Key keyOf(float logit, int place)
{
    if (!(logit < __uint_as_float(0x7f800000u))) // so written that NaN is among them
        return nanKey;
    const unsigned bits = __float_as_uint(logit + 0.0f); // both zeros are one
    const unsigned order = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
    return Key{order} << 32 | (0xffffffffu - static_cast<unsigned>(place));
}

__device__ __forceinline__ float logitOf(Key key)
{
    const auto order = static_cast<unsigned>(key >> 32);
    return __uint_as_float((order & 0x80000000u) != 0 ? order & 0x7fffffffu : ~order);
}

__device__ __forceinline__ int placeOf(Key key)
{
    return key == noKey || key == nanKey
               ? -1
               : static_cast<int>(0xffffffffu - static_cast<unsigned>(key));
}

/// Sorts the block's keys, the largest first: a bitonic network.
__device__ __forceinline__ void sortKeys(Key* keys)
{
    for (int size = 2; size <= partCandidates; size *= 2)
        for (int stride = size / 2; stride > 0; stride /= 2) {
            __syncthreads();
            for (int i = static_cast<int>(threadIdx.x); i < partCandidates / 2; i += sortThreads) {
                const int low = i / stride * 2 * stride + i % stride;
                const Key a = keys[low];
                const Key b = keys[low + stride];
                const bool falling = (low & size) == 0;
                if ((a < b) == falling) {
                    keys[low] = b;
                    keys[low + stride] = a;
                }
            }
        }
    __syncthreads();
}

/// The kept largest keys of each part, from logits (the first time) or from keys.
__global__ void __launch_bounds__(sortThreads)
    sortKernel(Key* out, const float* logits, const Key* keys, int count, int kept)
{
    Key* const part = sharedMemory<Key>();
    const int first = static_cast<int>(blockIdx.x) * partCandidates;
    for (int i = static_cast<int>(threadIdx.x); i < partCandidates; i += sortThreads) {
        const int place = first + i;
        part[i] = place >= count      ? noKey
                  : logits != nullptr ? keyOf(logits[place], place)
                                      : keys[place];
    }
    sortKeys(part);
    for (int i = static_cast<int>(threadIdx.x); i < kept; i += sortThreads)
        out[static_cast<int64_t>(blockIdx.x) * kept + i] = part[i];
}

__global__ void __launch_bounds__(sortThreads)
    unpackKernel(float* values, int32_t* places, const Key* keys, int kept)
{
    const int i = static_cast<int>(blockIdx.x * sortThreads + threadIdx.x);
    if (i >= kept)
        return;
    values[i] = logitOf(keys[i]);
    places[i] = placeOf(keys[i]);
}

} // namespace

Launch likeliestLaunch(int64_t candidates)
{
    const int64_t parts = partsOf(candidates, partCandidates);
    return {{parts > 1 ? parts : 1, 1, 1},
            sortThreads,
            partCandidates * static_cast<int64_t>(sizeof(Key))};
}

int64_t likeliestScratch(int64_t count, int64_t kept)
{
    return 2 * likeliestLaunch(count).grid[0] * kept;
}

void likeliestOfRow(float* values, int32_t* places, const float* logits, int64_t count,
                    int64_t kept, uint64_t* scratch, cudaStream_t stream)
{
    if (count < 0 || kept < 1 || kept > mostLikeliest ||
        count > std::numeric_limits<int32_t>::max() - partCandidates)
        throw Error(Error::Code::Internal, "no kernel for the " + std::to_string(kept) +
                                               " largest of " + std::to_string(count));
    static_assert(sizeof(Key) == sizeof(uint64_t), "a key takes a word of the scratch");
    Key* from = nullptr;
    Key* to = reinterpret_cast<Key*>(scratch);
    Key* other = to + likeliestLaunch(count).grid[0] * kept;
    for (int64_t left = count;;) {
        const Launch spread = likeliestLaunch(left);
        launch(sortKernel, spread, stream, to, from == nullptr ? logits : nullptr, from, left,
               kept);
        from = std::exchange(to, other);
        other = from;
        if (spread.grid[0] == 1)
            break;
        left = spread.grid[0] * kept;
    }
    launch(unpackKernel, {{partsOf(kept, sortThreads), 1, 1}, sortThreads, 0}, stream, values,
           places, from, kept);
}

} // namespace argali::cuda
