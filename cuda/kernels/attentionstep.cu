#include <algorithm>
#include <cmath>
#include <string>

#include <launching.h>
#include <sharedmemory.h>
#include <tensorcore.h>

#include "cuda/kernels/attention.h"
#include "cuda/kernels/elements.h"

namespace argali::cuda {

namespace {

constexpr int stepThreads = 256;
constexpr int stepWarps = stepThreads / warpSize32;
/// Rows of a block: query heads that share keys, times tokens.
constexpr int mostRows = 16;
/// Two or more threads beside each other cover the widest head in pairs of columns.
constexpr int mostRowsOfThread = mostRows * attentionWidthLimit / 2 / stepThreads;
/// Parts of the cache. With 8 key heads, 256 blocks have some 8 MiB under way, and putting the
/// results of more parts together would cost more than a shorter part saves.
constexpr int mostSplits = warpSize32;
constexpr int leastKeysOfPart = 64;
constexpr float minusInfinity = -__builtin_huge_valf();

template <typename T> struct StepTask {
    T* out = nullptr;
    const T* q = nullptr;
    const T* keys = nullptr;
    const T* values = nullptr;
    const int32_t* length = nullptr;
    float* scratch = nullptr;
    unsigned* counters = nullptr;
    int64_t keyHeadStride = 0; ///< elements from a key head to the next
    int tokens = 0;
    int heads = 0;
    int shared = 1; ///< query heads for a key head
    int width = 0;
    int tileKeys = 0;
    float scale = 0; ///< C^-0.5 log2(e)
};

/// Shared memory of a block: tiles of keys and of values, queries in f32, weights, and what is
/// known of each row.
struct StepLayout {
    int chunks;      ///< 16 bytes each, that cover a row of a tile
    int pitchChunks; ///< odd, so that rows begin in different banks
    int queryPitch;  ///< floats
    int weightPitch; ///< floats
    int rows;

    __host__ __device__ StepLayout(int width, int elementBytes, int tileKeys, int blockRows)
        : chunks((width * elementBytes + 15) / 16),
          pitchChunks(chunks | 1),
          queryPitch(chunks * (16 / elementBytes)),
          weightPitch(tileKeys > mostSplits ? tileKeys : mostSplits),
          rows(blockRows)
    {
    }
    __host__ __device__ int bytes(int tileKeys) const
    {
        return 2 * tileKeys * pitchChunks * 16 + rows * (queryPitch + weightPitch + 4) * 4 + 16;
    }
};

/// Starts copies of `count` rows into a tile; the other rows become zero, whatever lies behind the
/// keys in use.
template <typename T>
__device__ __forceinline__ void stageRows(T* tile, const T* from, int count,
                                          const StepTask<T>& task, const StepLayout& layout)
{
    constexpr int perChunk = 16 / static_cast<int>(sizeof(T));
    const int thread = static_cast<int>(threadIdx.x);
    const int pitch = layout.pitchChunks * perChunk;
    if (task.width % perChunk == 0) {
        int row = thread / layout.chunks;
        int chunk = thread % layout.chunks;
        const int rowStep = stepThreads / layout.chunks;
        const int chunkStep = stepThreads % layout.chunks;
        while (row < task.tileKeys) {
            const bool there = row < count;
            copyAsync16(tile + row * pitch + chunk * perChunk,
                        there ? from + row * task.width + chunk * perChunk : from, there);
            row += rowStep;
            chunk += chunkStep;
            if (chunk >= layout.chunks) {
                chunk -= layout.chunks;
                ++row;
            }
        }
    } else {
        for (int index = thread; index < task.tileKeys * pitch; index += stepThreads) {
            const int row = index / pitch;
            const int column = index % pitch;
            tile[index] = row < count && column < task.width ? from[row * task.width + column]
                                                             : fromFloat<T>(0);
        }
    }
    commitCopies();
}

/// The product of a key in a tile and a query, both filled with zeros to whole chunks.
template <typename T>
__device__ __forceinline__ float dot(const T* key, const float* query, int chunks)
{
    constexpr int perChunk = 16 / static_cast<int>(sizeof(T));
    float sum = 0;
#pragma unroll 4
    for (int i = 0; i < chunks; ++i) {
        float k[perChunk];
        loadVector(k, key + i * perChunk);
#pragma unroll
        for (int j = 0; j < perChunk; j += 4) {
            float q[4];
            loadVector(q, query + i * perChunk + j);
            sum += k[j] * q[0] + k[j + 1] * q[1] + k[j + 2] * q[2] + k[j + 3] * q[3];
        }
    }
    return sum;
}

/// Scores of a tile become weights 2^(score - maximum); one warp a row.
__device__ __forceinline__ void weighTile(float* weights, const StepLayout& layout, int tileKeys,
                                          float* maximum, float* sum, float* correction)
{
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    for (int row = static_cast<int>(threadIdx.x) / warpSize32; row < layout.rows;
         row += stepWarps) {
        float* const scores = weights + row * layout.weightPitch;
        const float before = maximum[row];
        float largest = before;
        for (int key = lane; key < tileKeys; key += warpSize32)
            largest = fmaxf(largest, scores[key]);
        largest = warpMax(largest);
        // A row that has seen no key yet must not compute infinity - infinity.
        const float base = largest == minusInfinity ? 0 : largest;
        float total = 0;
        for (int key = lane; key < tileKeys; key += warpSize32) {
            scores[key] = exp2f(scores[key] - base);
            total += scores[key];
        }
        total = warpSum(total);
        if (lane == 0) {
            correction[row] = exp2f(before - base);
            sum[row] = sum[row] * correction[row] + total;
            maximum[row] = largest;
        }
    }
}

/// Pairs of columns that a thread sums, the same in rows `set`, `set + sets`, ...
struct ThreadColumns {
    int column;
    int set;
    int sets;
    int rows; ///< of this thread

    __device__ __forceinline__ ThreadColumns(int width, int blockRows)
    {
        const int pairs = (width + 1) / 2;
        sets = stepThreads / pairs;
        set = static_cast<int>(threadIdx.x) / pairs;
        column = static_cast<int>(threadIdx.x) % pairs * 2;
        rows = set < sets && set < blockRows ? (blockRows - set + sets - 1) / sets : 0;
    }
};

template <typename T> __global__ void __launch_bounds__(stepThreads, 2) stepKernel(StepTask<T> task)
{
    constexpr int perChunk = 16 / static_cast<int>(sizeof(T));
    const int thread = static_cast<int>(threadIdx.x);
    const int splits = static_cast<int>(gridDim.x);
    const int split = static_cast<int>(blockIdx.x);
    const int offset = *task.length;
    const int total = offset + task.tokens;
    const int share = max(leastKeysOfPart, ((total + splits - 1) / splits + 15) / 16 * 16);
    const int parts = (total + share - 1) / share;
    if (split >= parts)
        return;
    const int begin = split * share;
    const int end = min(total, begin + share);

    // Rows of all tokens and heads of a group, in blocks of mostRows
    const int groupRows = task.tokens * task.shared;
    const int rowBlocks = (groupRows + mostRows - 1) / mostRows;
    const int group = static_cast<int>(blockIdx.y) / rowBlocks;
    const int firstRow = static_cast<int>(blockIdx.y) % rowBlocks * mostRows;
    const StepLayout layout(task.width, sizeof(T), task.tileKeys,
                            min(mostRows, groupRows - firstRow));
    const auto tokenOf = [&](int row) { return (firstRow + row) / task.shared; };
    const auto resultOf = [&](int row) { // its place among [T, H]
        return static_cast<int64_t>(tokenOf(row)) * task.heads + group * task.shared +
               (firstRow + row) % task.shared;
    };

    const int pitch = layout.pitchChunks * perChunk;
    T* const keyRows = sharedMemory<T>();
    T* const valueRows = keyRows + task.tileKeys * pitch;
    float* const queries = reinterpret_cast<float*>(valueRows + task.tileKeys * pitch);
    float* const weights = queries + layout.rows * layout.queryPitch;
    float* const maximum = weights + layout.rows * layout.weightPitch;
    float* const sum = maximum + layout.rows;
    float* const correction = sum + layout.rows;
    int* const limits = reinterpret_cast<int*>(correction + layout.rows);
    int* const isLast = limits + layout.rows;

    const T* const keySource = task.keys + group * task.keyHeadStride;
    const T* const valueSource = task.values + group * task.keyHeadStride;
    const auto stage = [&](T* tile, const T* source, int key) {
        stageRows(tile, source + static_cast<int64_t>(key) * task.width, end - key, task, layout);
    };
    stage(keyRows, keySource, begin);
    stage(valueRows, valueSource, begin);
    for (int index = thread; index < layout.rows * layout.queryPitch; index += stepThreads) {
        const int row = index / layout.queryPitch;
        const int column = index % layout.queryPitch;
        queries[index] = column < task.width
                             ? toFloat(task.q[resultOf(row) * task.width + column]) * task.scale
                             : 0;
    }
    if (thread < layout.rows) {
        maximum[thread] = minusInfinity;
        sum[thread] = 0;
        limits[thread] = offset + tokenOf(thread) + 1;
    }

    const ThreadColumns mine(task.width, layout.rows);
    float weighed[mostRowsOfThread][2] = {};
    for (int key = begin; key < end; key += task.tileKeys) {
        const int next = key + task.tileKeys;
        waitCopies<1>();
        __syncthreads(); // the keys are there
        for (int index = thread; index < layout.rows * task.tileKeys; index += stepThreads) {
            const int row = index / task.tileKeys;
            const int k = index % task.tileKeys;
            weights[row * layout.weightPitch + k] =
                key + k < min(end, limits[row])
                    ? dot(keyRows + k * pitch, queries + row * layout.queryPitch, layout.chunks)
                    : minusInfinity;
        }
        __syncthreads(); // the scores are there, and nobody reads these keys
        if (next < end)
            stage(keyRows, keySource, next);
        else
            commitCopies(); // of nothing, for the count of groups
        weighTile(weights, layout, task.tileKeys, maximum, sum, correction);
        waitCopies<1>();
        __syncthreads(); // weights and values are there
#pragma unroll
        for (int i = 0; i < mostRowsOfThread; ++i)
            if (i < mine.rows) {
                weighed[i][0] *= correction[mine.set + i * mine.sets];
                weighed[i][1] *= correction[mine.set + i * mine.sets];
            }
        for (int k = 0; k < min(task.tileKeys, end - key); k += 4) {
            float v[4][2];
            if (mine.rows > 0)
#pragma unroll
                for (int j = 0; j < 4; ++j)
                    loadVector(v[j], valueRows + (k + j) * pitch + mine.column);
#pragma unroll
            for (int i = 0; i < mostRowsOfThread; ++i)
                if (i < mine.rows) {
                    float w[4];
                    loadVector(w, weights + (mine.set + i * mine.sets) * layout.weightPitch + k);
#pragma unroll
                    for (int j = 0; j < 4; ++j) {
                        weighed[i][0] += w[j] * v[j][0];
                        weighed[i][1] += w[j] * v[j][1];
                    }
                }
        }
        __syncthreads(); // nobody reads these values and weights
        if (next < end)
            stage(valueRows, valueSource, next);
        else
            commitCopies();
    }

    // Results of parts: [splits, T, H, C] values weighed, then [splits, T, H, 2] maximum and sum
    const int partPitch = (task.width + 1) / 2 * 2;
    const int64_t partRows = static_cast<int64_t>(task.tokens) * task.heads;
    float* const state = task.scratch + splits * partRows * partPitch;
#pragma unroll
    for (int i = 0; i < mostRowsOfThread; ++i)
        if (i < mine.rows)
            storeVector(task.scratch +
                            (split * partRows + resultOf(mine.set + i * mine.sets)) * partPitch +
                            mine.column,
                        weighed[i]);
    if (thread < layout.rows)
        storeVector(state + (split * partRows + resultOf(thread)) * 2,
                    {maximum[thread], sum[thread]});
    __threadfence();
    __syncthreads();
    if (thread == 0) // the counter is zero again with the last part
        *isLast = atomicInc(task.counters + blockIdx.y, static_cast<unsigned>(parts - 1)) ==
                  static_cast<unsigned>(parts - 1);
    __syncthreads();
    if (*isLast == 0)
        return;
    __threadfence();

    const int lane = thread % warpSize32;
    for (int row = thread / warpSize32; row < layout.rows; row += stepWarps) {
        float part[2] = {minusInfinity, 0};
        if (lane < parts)
            loadVector(part, state + (lane * partRows + resultOf(row)) * 2);
        const float weight = exp2f(part[0] - warpMax(part[0]));
        weights[row * layout.weightPitch + lane] = weight / warpSum(weight * part[1]);
    }
    __syncthreads();
    for (int i = 0; i < mine.rows; ++i) {
        const int row = mine.set + i * mine.sets;
        const float* const results = task.scratch + resultOf(row) * partPitch + mine.column;
        float sums[2] = {0, 0};
#pragma unroll 8
        for (int p = 0; p < parts; ++p) {
            float result[2];
            loadVector(result, results + p * partRows * partPitch);
            sums[0] += weights[row * layout.weightPitch + p] * result[0];
            sums[1] += weights[row * layout.weightPitch + p] * result[1];
        }
        T* const target = task.out + resultOf(row) * task.width + mine.column;
        if (task.width % 2 == 0) {
            storeVector(target, sums);
        } else {
            target[0] = fromFloat<T>(sums[0]);
            if (mine.column + 1 < task.width)
                target[1] = fromFloat<T>(sums[1]);
        }
    }
}

int64_t rowsOfGroup(const AttentionShape& shape)
{
    return shape.tokens * (shape.heads / shape.groups);
}

/// As many as leave room for several blocks on a multiprocessor.
int tileKeysOf(int64_t width, DType type)
{
    constexpr int64_t tileBytes = 40 * 1024;
    int keys = leastKeysOfPart;
    while (keys > 16 && 2 * keys * (width * sizeOf(type) + 16) > tileBytes)
        keys /= 2;
    return keys;
}

} // namespace

int64_t attendStepSplits(int64_t capacity)
{
    return std::clamp<int64_t>((capacity + leastKeysOfPart - 1) / leastKeysOfPart, 1, mostSplits);
}

int64_t attendStepScratchFloats(const AttentionShape& shape)
{
    return attendStepSplits(shape.capacity) * shape.tokens * shape.heads *
           ((shape.width + 1) / 2 * 2 + 2);
}

int64_t attendStepCounters(const AttentionShape& shape)
{
    return shape.groups * ((rowsOfGroup(shape) + mostRows - 1) / mostRows);
}

Launch attendStepLaunch(const AttentionShape& shape, DType type)
{
    const int tileKeys = tileKeysOf(shape.width, type);
    const StepLayout layout(static_cast<int>(shape.width), static_cast<int>(sizeOf(type)), tileKeys,
                            static_cast<int>(std::min<int64_t>(mostRows, rowsOfGroup(shape))));
    return {{attendStepSplits(shape.capacity), attendStepCounters(shape), 1},
            stepThreads,
            layout.bytes(tileKeys)};
}

void attendStep(Out out, In q, In keys, In values, const AttentionShape& shape,
                const int32_t* length, float* scratch, uint32_t* counters, cudaStream_t stream)
{
    if (q.type != out.type || q.type != keys.type || q.type != values.type || shape.width < 1 ||
        shape.width > attentionWidthLimit)
        throw Error(Error::Code::Internal, "attention of heads of " + std::to_string(shape.width) +
                                               " columns, or of operands of different types");
    withType(q.type, [&](auto tag) {
        using T = decltype(tag);
        StepTask<T> task;
        task.out = static_cast<T*>(out.data);
        task.q = static_cast<const T*>(q.data);
        task.keys = static_cast<const T*>(keys.data);
        task.values = static_cast<const T*>(values.data);
        task.length = length;
        task.scratch = scratch;
        task.counters = counters;
        task.keyHeadStride = shape.capacity * shape.width;
        task.tokens = static_cast<int>(shape.tokens);
        task.heads = static_cast<int>(shape.heads);
        task.shared = static_cast<int>(shape.heads / shape.groups);
        task.width = static_cast<int>(shape.width);
        task.tileKeys = tileKeysOf(shape.width, q.type);
        task.scale =
            static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(shape.width)));
        launch(stepKernel<T>, attendStepLaunch(shape, q.type), stream, task);
    });
}

} // namespace argali::cuda
