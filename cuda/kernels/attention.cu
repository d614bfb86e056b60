#include "cuda/kernels/attention.h"

#include <cmath>
#include <string>

#include <launching.h>
#include <sharedmemory.h>

#include "cuda/kernels/attentiontile.h"

namespace argali::cuda {

namespace {

constexpr int scalarRows = 4; ///< of a block, one a warp
constexpr int scalarThreads = scalarRows * warpSize32;

/// What a decoder and a vision encoder have in common: rows of queries that meet rows of keys of
/// their frame; a decoder has one frame. Columns of query head h begin at h width, those of keys at
/// key head h / shared.
template <typename T> struct AttentionTask {
    T* out = nullptr;
    const T* q = nullptr;
    const T* keys = nullptr;
    const T* values = nullptr;
    int outStride = 0; ///< elements from a row to the next
    int queryStride = 0;
    int keyStride = 0;
    int64_t keyHeadStride = 0; ///< elements from a key head to the next
    int queries = 0;           ///< of a frame
    int width = 0;
    int shared = 1;
    float scale = 0; ///< C^-0.5 log2(e)
    /// Keys before the first query, which sees itself but no later one; null: queries see all of
    /// their frame.
    const int32_t* length = nullptr;
};

/// Blocks of a multiprocessor that registers must suffice for: while one waits for its keys, others
/// multiply.
constexpr int blocksOf(int paddedWidth)
{
    return paddedWidth > 80 ? 2 : 3;
}

template <typename T, int W>
__global__ void __launch_bounds__(attentionThreads, blocksOf(W)) tileKernel(AttentionTask<T> task)
{
    constexpr int keyTile = keyTileOf(W);
    T* const keyRows = sharedMemory<T>();
    T* const valueRows = keyRows + keyTile * tilePitchOf(W);
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    const int warpRow = static_cast<int>(threadIdx.x) / warpSize32 * 16;
    const int tiles = (task.queries + queryTile - 1) / queryTile;
    const int64_t frameRow = static_cast<int64_t>(blockIdx.x) / tiles * task.queries;
    // Late queries see the most keys: they begin first.
    const int first = (tiles - 1 - static_cast<int>(blockIdx.x) % tiles) * queryTile;
    const int head = static_cast<int>(blockIdx.y);
    const bool causal = task.length != nullptr;
    const int offset = causal ? *task.length : 0;
    const int count = min(queryTile, task.queries - first);
    const int keys = causal ? offset + first + count : task.queries;
    const int64_t headOffset = head / task.shared * task.keyHeadStride + frameRow * task.keyStride;
    const T* const keySource = task.keys + headOffset;
    const T* const valueSource = task.values + headOffset;

    // Ahead of the first keys, so that it is complete with them.
    const QueryRows<T, W> queries(valueRows + keyTile * tilePitchOf(W),
                                  task.q + (frameRow + first + warpRow) * task.queryStride +
                                      static_cast<int64_t>(head) * task.width,
                                  task.queryStride, count - warpRow, task.width);
    loadTile<T, W>(keyRows, keySource, task.keyStride, keys, task.width);
    WeighedRows<W> rows;
    for (int key = 0; key < keys; key += keyTile) {
        waitCopies<0>();
        __syncthreads(); // the keys are there, and nobody reads the last values
        loadTile<T, W>(valueRows, valueSource + static_cast<int64_t>(key) * task.keyStride,
                       task.keyStride, keys - key, task.width);
        float scores[keyTile / 8][4];
        scoreKeys<T, W>(scores, queries, keyRows);
        const int seen =
            causal ? offset + first + warpRow + 1 - key : keys - key; // by the warp's first row
        if (seen < keyTile) {
            const int row = causal ? lane / 4 : 0;
            const int next = causal ? 8 : 0;
            hideKeys(scores, {min(seen + row, keys - key), min(seen + row + next, keys - key)});
        }
        weighKeys<W>(scores, rows, task.scale);
        waitCopies<0>();
        __syncthreads(); // the values are there, and nobody reads these keys
        if (key + keyTile < keys)
            loadTile<T, W>(keyRows,
                           keySource + static_cast<int64_t>(key + keyTile) * task.keyStride,
                           task.keyStride, keys - key - keyTile, task.width);
        addValues<T, W>(rows, scores, valueRows);
    }
    writeRows<T, W>(task.out + (frameRow + first + warpRow) * task.outStride +
                        static_cast<int64_t>(head) * task.width,
                    task.outStride, rows, count - warpRow, task.width);
}

/// One query row a warp, one key a lane: for f32, which tensor cores would round, and for widths of
/// which rows do not begin at multiples of 16 bytes.
template <typename T>
__global__ void __launch_bounds__(scalarThreads) scalarKernel(AttentionTask<T> task, int64_t rows)
{
    constexpr int columns = attentionWidthLimit / warpSize32;
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    const int warp = static_cast<int>(threadIdx.x) / warpSize32;
    const int64_t row = static_cast<int64_t>(blockIdx.x) * scalarRows + warp;
    if (row >= rows)
        return;
    const int64_t frame = row / task.queries;
    const int head = static_cast<int>(blockIdx.y);
    const int keys =
        task.length != nullptr ? *task.length + static_cast<int>(row) + 1 : task.queries;
    const int64_t headOffset =
        head / task.shared * task.keyHeadStride + frame * task.queries * task.keyStride;
    const int64_t headColumn = static_cast<int64_t>(head) * task.width;
    float* const query = sharedMemory<float>() + warp * (task.width + warpSize32);
    float* const weights = query + task.width;
    for (int c = lane; c < task.width; c += warpSize32)
        query[c] = toFloat(task.q[row * task.queryStride + headColumn + c]) * task.scale;
    __syncwarp();

    float sums[columns] = {};
    float maximum = minusInfinity;
    float sum = 0;
    for (int first = 0; first < keys; first += warpSize32) {
        const int count = min(warpSize32, keys - first);
        float score = minusInfinity;
        if (lane < count) {
            const T* const key =
                task.keys + headOffset + static_cast<int64_t>(first + lane) * task.keyStride;
            score = 0;
            for (int c = 0; c < task.width; ++c)
                score += query[c] * toFloat(key[c]);
        }
        const float largest = fmaxf(maximum, warpMax(score));
        const float correction = exp2f(maximum - largest);
        const float weight = exp2f(score - largest);
        sum = sum * correction + weight;
        maximum = largest;
        weights[lane] = toFloat(fromFloat<T>(weight));
        __syncwarp();
        const T* const value =
            task.values + headOffset + static_cast<int64_t>(first) * task.keyStride;
#pragma unroll
        for (int i = 0; i < columns; ++i) {
            const int c = lane + i * warpSize32;
            sums[i] *= correction;
            if (c < task.width)
                for (int k = 0; k < count; ++k)
                    sums[i] +=
                        weights[k] * toFloat(value[static_cast<int64_t>(k) * task.keyStride + c]);
        }
        __syncwarp();
    }
    const float factor = 1 / warpSum(sum);
#pragma unroll
    for (int i = 0; i < columns; ++i) {
        const int c = lane + i * warpSize32;
        if (c < task.width)
            task.out[row * task.outStride + headColumn + c] = fromFloat<T>(sums[i] * factor);
    }
}

bool usesTiles(int64_t width, DType type)
{
    return type != DType::F32 && width % 8 == 0;
}

/// The widths that tiles are compiled for; 80 is for heads of 72 columns.
int paddedWidth(int64_t width)
{
    for (const int padded : {32, 64, 80, 128})
        if (width <= padded)
            return padded;
    return attentionWidthLimit;
}

/// queries: of a frame
Launch attentionLaunch(int64_t queries, int64_t frames, int64_t heads, int64_t width, DType type)
{
    if (!usesTiles(width, type))
        return {{(queries * frames + scalarRows - 1) / scalarRows, heads, 1},
                scalarThreads,
                scalarRows * (width + warpSize32) * static_cast<int64_t>(sizeof(float))};
    const int padded = paddedWidth(width);
    return {{(queries + queryTile - 1) / queryTile * frames, heads, 1},
            attentionThreads,
            (2 * keyTileOf(padded) + (padded > 128 ? queryTile : 0)) *
                int64_t{tilePitchOf(padded)} * 2};
}

template <typename T>
void launchAttention(AttentionTask<T> task, int64_t frames, const Launch& shape, DType type,
                     cudaStream_t stream)
{
    task.scale =
        static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(task.width)));
    if constexpr (sizeof(T) == 2) {
        if (usesTiles(task.width, type)) {
            switch (paddedWidth(task.width)) {
            case 32:
                return launch(tileKernel<T, 32>, shape, stream, task);
            case 64:
                return launch(tileKernel<T, 64>, shape, stream, task);
            case 80:
                return launch(tileKernel<T, 80>, shape, stream, task);
            case 128:
                return launch(tileKernel<T, 128>, shape, stream, task);
            default:
                return launch(tileKernel<T, 256>, shape, stream, task);
            }
        }
    }
    launch(scalarKernel<T>, shape, stream, task, frames * task.queries);
}

void requireAttention(bool sameTypes, int64_t width)
{
    if (!sameTypes || width < 1 || width > attentionWidthLimit)
        throw Error(Error::Code::Internal,
                    "attention of heads of " + std::to_string(width) + " columns" +
                        (sameTypes ? "" : " with operands of different types"));
}

} // namespace

Launch attendPromptLaunch(const AttentionShape& shape, DType type)
{
    return attentionLaunch(shape.tokens, 1, shape.heads, shape.width, type);
}

void attendPrompt(Out out, In q, In keys, In values, const AttentionShape& shape,
                  const int32_t* length, cudaStream_t stream)
{
    requireAttention(q.type == out.type && q.type == keys.type && q.type == values.type,
                     shape.width);
    withType(q.type, [&](auto tag) {
        using T = decltype(tag);
        AttentionTask<T> task;
        task.out = static_cast<T*>(out.data);
        task.q = static_cast<const T*>(q.data);
        task.keys = static_cast<const T*>(keys.data);
        task.values = static_cast<const T*>(values.data);
        task.outStride = task.queryStride = static_cast<int>(shape.heads * shape.width);
        task.keyStride = static_cast<int>(shape.width);
        task.keyHeadStride = shape.capacity * shape.width;
        task.queries = static_cast<int>(shape.tokens);
        task.width = static_cast<int>(shape.width);
        task.shared = static_cast<int>(shape.heads / shape.groups);
        task.length = length;
        launchAttention(task, 1, attendPromptLaunch(shape, q.type), q.type, stream);
    });
}

Launch attendFramesLaunch(int64_t patches, int64_t heads, int64_t width, int64_t framePatches,
                          DType type)
{
    const int64_t frames = framePatches == 0 ? 0 : patches / framePatches;
    return attentionLaunch(framePatches, frames, heads, width, type);
}

void attendFrames(Out out, In qkv, int64_t patches, int64_t heads, int64_t width,
                  int64_t framePatches, cudaStream_t stream)
{
    requireAttention(qkv.type == out.type, width);
    withType(qkv.type, [&](auto tag) {
        using T = decltype(tag);
        AttentionTask<T> task;
        task.out = static_cast<T*>(out.data);
        task.q = static_cast<const T*>(qkv.data);
        task.keys = task.q + heads * width;
        task.values = task.keys + heads * width;
        task.outStride = static_cast<int>(heads * width);
        task.queryStride = task.keyStride = 3 * task.outStride;
        task.keyHeadStride = width;
        task.queries = static_cast<int>(framePatches);
        task.width = static_cast<int>(width);
        launchAttention(task, framePatches == 0 ? 0 : patches / framePatches,
                        attendFramesLaunch(patches, heads, width, framePatches, qkv.type), qkv.type,
                        stream);
    });
}

} // namespace argali::cuda
