#pragma once

#include <cstring>

#include <tensorcore.h>

#include "cuda/kernels/elements.h"

// The steps of attention on tensor cores: 16 query rows of a warp meet a tile of keys and values in
// shared memory. With g = lane / 4 and q = lane % 4, a thread has rows g and g + 8, and of every
// eight columns 2 q and the next, as multiply16x8x16() lays them out. W is the width of heads
// rounded up to a multiple of 16.

namespace argali::cuda {

constexpr int attentionWarps = 4;
constexpr int attentionThreads = attentionWarps * warpSize32;
constexpr int queryTile = attentionWarps * 16;
constexpr float minusInfinity = -__builtin_huge_valf();

/// Sums of wide heads take so many registers that fewer scores fit beside them.
constexpr int keyTileOf(int paddedWidth)
{
    return paddedWidth > 128 ? 16 : 64;
}
/// Elements from one row of a tile to the next: an odd number of 16 bytes, so that eight rows of a
/// matrix lie in different banks.
constexpr int tilePitchOf(int paddedWidth)
{
    return paddedWidth + 8;
}

template <typename T> __device__ __forceinline__ uint32_t pairOf(float low, float high)
{
    const Vector<T, 2> pair{{fromFloat<T>(low), fromFloat<T>(high)}};
    uint32_t bits;
    memcpy(&bits, &pair, sizeof bits);
    return bits;
}

/// Starts the copies of a tile; rows from `count` on and columns from `width` on become zero,
/// whatever lies there.
template <typename T, int W>
__device__ __forceinline__ void loadTile(T* tile, const T* from, int stride, int count, int width)
{
    constexpr int chunks = W / 8;
#pragma unroll 4
    for (int i = 0; i < keyTileOf(W) * chunks / attentionThreads; ++i) {
        const int index = i * attentionThreads + static_cast<int>(threadIdx.x);
        const int row = index / chunks;
        const int column = index % chunks * 8;
        const bool there = row < count && column < width;
        copyAsync16(tile + row * tilePitchOf(W) + column,
                    there ? from + row * stride + column : from, there);
    }
    commitCopies();
}

/// Query rows of a warp as left operands; rows from `count` on are zero. They are kept in
/// registers, straight from the card's memory, but those of wide heads, which would leave none for
/// sums, in shared memory.
template <typename T, int W> class QueryRows {
public:
    static constexpr bool areKept = W <= 128;

    /// tile: queryTile rows of shared memory, unless rows are kept; they are there after
    /// waitCopies<0>() and a barrier.
    __device__ __forceinline__ QueryRows(T* tile, const T* from, int stride, int count, int width)
    {
        const int lane = static_cast<int>(threadIdx.x) % warpSize32;
        if constexpr (areKept) {
#pragma unroll
            for (int k = 0; k < W / 16; ++k)
#pragma unroll
                for (int i = 0; i < 4; ++i) {
                    const int row = lane / 4 + 8 * (i % 2);
                    const int column = 16 * k + 8 * (i / 2) + 2 * (lane % 4);
                    m_kept[k][i] = 0;
                    if (row < count && column < width) {
                        const auto pair =
                            *reinterpret_cast<const Vector<T, 2>*>(from + row * stride + column);
                        memcpy(&m_kept[k][i], &pair, sizeof pair);
                    }
                }
        } else {
            T* const rows =
                tile + (static_cast<int>(threadIdx.x) / warpSize32 * 16) * tilePitchOf(W);
            for (int index = lane; index < 16 * (W / 8); index += warpSize32) {
                const int row = index / (W / 8);
                const int column = index % (W / 8) * 8;
                const bool there = row < count && column < width;
                copyAsync16(rows + row * tilePitchOf(W) + column,
                            there ? from + row * stride + column : from, there);
            }
            m_rows = rows + lane % 16 * tilePitchOf(W) + lane / 16 * 8;
        }
    }
    /// Columns 16 k .. 16 k + 15.
    __device__ __forceinline__ void get(uint32_t (&a)[4], int k) const
    {
        if constexpr (areKept) {
#pragma unroll
            for (int i = 0; i < 4; ++i)
                a[i] = m_kept[k][i];
        } else {
            loadMatrices4(a, m_rows + 16 * k);
        }
    }

private:
    uint32_t m_kept[areKept ? W / 16 : 1][4];
    const T* m_rows = nullptr;
};

/// scores = queries keys^T
template <typename T, int W>
__device__ __forceinline__ void scoreKeys(float (&scores)[keyTileOf(W) / 8][4],
                                          const QueryRows<T, W>& queries, const T* keys)
{
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    const T* const row = keys + (lane / 16 * 8 + lane % 8) * tilePitchOf(W) + lane / 8 % 2 * 8;
#pragma unroll
    for (int n = 0; n < keyTileOf(W) / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
            scores[n][i] = 0;
#pragma unroll
    for (int k = 0; k < W / 16; ++k) {
        uint32_t a[4];
        queries.get(a, k);
#pragma unroll
        for (int n = 0; n < keyTileOf(W) / 16; ++n) {
            uint32_t b[4]; // keys 0 .. 7 in the first two, 8 .. 15 in the others
            loadMatrices4(b, row + 16 * n * tilePitchOf(W) + 16 * k);
            multiply16x8x16<T>(scores[2 * n], a, {b[0], b[1]});
            multiply16x8x16<T>(scores[2 * n + 1], a, {b[2], b[3]});
        }
    }
}

/// Hides the keys of a tile that the two rows of this thread do not see: those from limits[] on.
template <int N>
__device__ __forceinline__ void hideKeys(float (&scores)[N][4], const int (&limits)[2])
{
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
#pragma unroll
    for (int n = 0; n < N; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i)
            if (8 * n + 2 * (lane % 4) + i % 2 >= limits[i / 2])
                scores[n][i] = minusInfinity;
}

/// The values weighed so far, with the maximum of scores and the sum of weights of the two rows of
/// this thread. The maximum is that of the row, the sum that of this thread's columns.
template <int W> struct WeighedRows {
    float values[W / 8][4] = {};
    float maximum[2] = {minusInfinity, minusInfinity};
    float sum[2] = {0, 0};
};

/// Scores become weights 2^(scale (score - maximum)); what was weighed with a lower maximum is
/// scaled.
template <int W>
__device__ __forceinline__ void weighKeys(float (&scores)[keyTileOf(W) / 8][4],
                                          WeighedRows<W>& rows, float scale)
{
    float correction[2];
    float base[2];
#pragma unroll
    for (int r = 0; r < 2; ++r) {
        float largest = rows.maximum[r];
#pragma unroll
        for (int n = 0; n < keyTileOf(W) / 8; ++n)
            largest = fmaxf(largest, fmaxf(scores[n][2 * r], scores[n][2 * r + 1]));
        largest = fmaxf(largest, __shfl_xor_sync(wholeWarp, largest, 1));
        largest = fmaxf(largest, __shfl_xor_sync(wholeWarp, largest, 2));
        // A row that has seen no key yet must not compute infinity - infinity.
        base[r] = largest == minusInfinity ? 0 : largest * scale;
        correction[r] = exp2f(fmaf(rows.maximum[r], scale, -base[r]));
        rows.maximum[r] = largest;
        rows.sum[r] *= correction[r];
    }
    // After the first tiles the maximum seldom rises.
    if (__any_sync(wholeWarp, correction[0] != 1 || correction[1] != 1)) {
#pragma unroll
        for (int n = 0; n < W / 8; ++n)
#pragma unroll
            for (int i = 0; i < 4; ++i)
                rows.values[n][i] *= correction[i / 2];
    }
#pragma unroll
    for (int n = 0; n < keyTileOf(W) / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            scores[n][i] = exp2f(fmaf(scores[n][i], scale, -base[i / 2]));
            rows.sum[i / 2] += scores[n][i];
        }
}

/// rows += weights values; the weights are rounded to the type of the values.
template <typename T, int W>
__device__ __forceinline__ void addValues(WeighedRows<W>& rows,
                                          const float (&weights)[keyTileOf(W) / 8][4],
                                          const T* values)
{
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    const T* const row = values + lane % 16 * tilePitchOf(W) + lane / 16 * 8;
#pragma unroll
    for (int k = 0; k < keyTileOf(W) / 16; ++k) {
        // The result of a product has the layout of a left operand.
        const uint32_t a[4] = {pairOf<T>(weights[2 * k][0], weights[2 * k][1]),
                               pairOf<T>(weights[2 * k][2], weights[2 * k][3]),
                               pairOf<T>(weights[2 * k + 1][0], weights[2 * k + 1][1]),
                               pairOf<T>(weights[2 * k + 1][2], weights[2 * k + 1][3])};
#pragma unroll
        for (int n = 0; n < W / 16; ++n) {
            uint32_t b[4]; // columns 0 .. 7 in the first two, 8 .. 15 in the others
            loadMatrices4Transposed(b, row + 16 * k * tilePitchOf(W) + 16 * n);
            multiply16x8x16<T>(rows.values[2 * n], a, {b[0], b[1]});
            multiply16x8x16<T>(rows.values[2 * n + 1], a, {b[2], b[3]});
        }
    }
}

/// Divides by the sum of weights and writes `count` rows of `width` columns.
template <typename T, int W>
__device__ __forceinline__ void writeRows(T* out, int stride, const WeighedRows<W>& rows, int count,
                                          int width)
{
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
#pragma unroll
    for (int r = 0; r < 2; ++r) {
        float sum = rows.sum[r];
        sum += __shfl_xor_sync(wholeWarp, sum, 1);
        sum += __shfl_xor_sync(wholeWarp, sum, 2);
        const float factor = 1 / sum;
        const int row = lane / 4 + 8 * r;
#pragma unroll
        for (int n = 0; n < W / 8; ++n) {
            const int column = 8 * n + 2 * (lane % 4);
            if (row < count && column < width)
                storeVector<2, T>(
                    out + row * stride + column,
                    {rows.values[n][2 * r] * factor, rows.values[n][2 * r + 1] * factor});
        }
    }
}

} // namespace argali::cuda
