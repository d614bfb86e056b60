#include "cuda/kernels/gemv.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include <launching.h>
#include <sharedmemory.h>

#include "cuda/kernels/elements.h"
#include "cuda/kernels/finishing.h"

namespace argali::cuda {

namespace {

// One row of x is the decode step: many small blocks spread evenly. With more rows, x is what a
// block reads most, and more warps share it.
constexpr int gemvThreads(int rows)
{
    return rows == 1 ? 128 : 256;
}
// Accesses to each of two rows of weights that a lane starts before it uses the last ones. Two such
// batches are under way: 256 bytes a lane for one row of x.
constexpr int gemvBatch(int rows)
{
    return rows == 1 ? 4 : 2;
}
constexpr int64_t pieceBytes = 48 * 1024;
// Enough for several blocks at a time on the largest card, with a tail that is short beside the
// whole.
constexpr int64_t wantedBlocks = 2048;

struct GemvArguments {
    Out out;
    In x;
    NormWeights norm;
    const void* w;
    ProductShape shape;
    Finish finish;
    bool gated;
    int groups;
    int64_t piece;
};

/// Of shared memory: R rows of a piece, rounded up to what an access is aligned to.
__host__ __device__ constexpr int64_t inputBytes(int64_t rows, int64_t piece, int64_t elementBytes)
{
    return (rows * piece * elementBytes + 15) / 16 * 16;
}

template <int N>
__device__ __forceinline__ void loadInput(float (&v)[N], const In& x, int64_t index)
{
    if (x.type == DType::F32)
        loadVector(v, static_cast<const float*>(x.data) + index);
    else if (x.type == DType::F16)
        loadVector(v, static_cast<const __half*>(x.data) + index);
    else
        loadVector(v, static_cast<const __nv_bfloat16*>(x.data) + index);
}

/// Mean (0 for an RMS norm) and factor of each row, in shared memory after the next barrier; in two
/// passes for LayerNorm, since sums of squares lose a small variance beside a large mean. Every
/// block does this for itself: x comes from the cache, and a kernel of its own would cost more.
template <int N>
__device__ __forceinline__ void findStatistics(float2* statistics, const GemvArguments& a,
                                               float* scratch)
{
    const int64_t width = a.shape.inputs;
    const int64_t first = static_cast<int64_t>(threadIdx.x) * N;
    const int64_t step = static_cast<int64_t>(blockDim.x) * N;
    const auto rows = static_cast<int>(a.shape.rows);
    for (int r = 0; r < rows; ++r) {
        float mean = 0;
        if (a.norm.layer) {
            float sum = 0;
            for (int64_t i = first; i < width; i += step) {
                float v[N];
                loadInput(v, a.x, r * width + i);
                for (int j = 0; j < N; ++j)
                    sum += v[j];
            }
            mean = blockSum(sum, scratch) / static_cast<float>(width);
        }
        float squares = 0;
        for (int64_t i = first; i < width; i += step) {
            float v[N];
            loadInput(v, a.x, r * width + i);
            for (int j = 0; j < N; ++j)
                squares += (v[j] - mean) * (v[j] - mean);
        }
        const float variance = blockSum(squares, scratch) / static_cast<float>(width);
        if (threadIdx.x == 0)
            statistics[r] = make_float2(mean, rsqrtf(variance + a.norm.epsilon));
    }
}

/// Columns [begin, begin + count) of all rows of x, normalised and rounded, into shared memory;
/// rows lie a.piece apart.
template <typename W, int N>
__device__ __forceinline__ void stageInput(W* shared, const GemvArguments& a,
                                           const float2* statistics, int64_t begin, int64_t count)
{
    const int64_t step = static_cast<int64_t>(blockDim.x) * N;
    const auto rows = static_cast<int>(a.shape.rows);
    for (int r = 0; r < rows; ++r) {
        for (int64_t i = static_cast<int64_t>(threadIdx.x) * N; i < count; i += step) {
            float v[N];
            loadInput(v, a.x, r * a.shape.inputs + begin + i);
            if (a.norm.weight != nullptr) {
                const float2 s = statistics[r];
                float w[N];
                loadVector(w, a.norm.weight + begin + i);
                for (int j = 0; j < N; ++j)
                    v[j] = (v[j] - s.x) * s.y * w[j];
                if (a.norm.layer) {
                    loadVector(w, a.norm.bias + begin + i);
                    for (int j = 0; j < N; ++j)
                        v[j] += w[j];
                }
            }
            storeVector(shared + r * a.piece + i, v);
        }
    }
}

/// The values of one access to weights or staged x, as f32.
template <typename W>
__device__ __forceinline__ void unpack(float (&out)[16 / sizeof(W)], const uint4& packed)
{
    W values[16 / sizeof(W)];
    memcpy(values, &packed, sizeof values);
#pragma unroll
    for (int j = 0; j < static_cast<int>(16 / sizeof(W)); ++j)
        out[j] = toFloat(values[j]);
}
template <typename W> __device__ __forceinline__ void unpack(float (&out)[1], const W& value)
{
    out[0] = toFloat(value);
}

/// Weights of a lane: `batch` accesses to each of two rows, kept as they are until they are
/// multiplied.
template <typename W, bool wide, int batch> struct Weights {
    using Access = std::conditional_t<wide, uint4, W>;
    static constexpr int count = static_cast<int>(sizeof(Access) / sizeof(W));
    Access values[2][batch];

    /// Accesses first, first + 32, ... of rows that have `end` of them.
    __device__ __forceinline__ void load(const W* one, const W* other, int first, int end)
    {
#pragma unroll
        for (int u = 0; u < batch; ++u) {
            const int i = first + u * warpSize32;
            if (i < end) {
                values[0][u] = reinterpret_cast<const Access*>(one)[i];
                values[1][u] = reinterpret_cast<const Access*>(other)[i];
            }
        }
    }

    template <int R>
    __device__ __forceinline__ void multiply(float (&sums)[2 * R], const W* x, int stride,
                                             int first, int end) const
    {
#pragma unroll
        for (int u = 0; u < batch; ++u) {
            const int i = first + u * warpSize32;
            if (i >= end)
                continue; // what lies behind was neither read nor staged
            float one[count];
            float other[count];
            unpack<W>(one, values[0][u]);
            unpack<W>(other, values[1][u]);
#pragma unroll
            for (int r = 0; r < R; ++r) {
                float factor[count];
                unpack<W>(factor, reinterpret_cast<const Access*>(x + r * stride)[i]);
#pragma unroll
                for (int j = 0; j < count; ++j) {
                    sums[2 * r] += one[j] * factor[j];
                    sums[2 * r + 1] += other[j] * factor[j];
                }
            }
        }
    }
};

/// Sums of M values over the warp: value i ends in lanes i * 32 / M and the next. Each step halves
/// the values that a lane carries on, which takes a fifth of the exchanges of M sums known to all.
template <int M, int offset = warpSize32 / 2>
__device__ __forceinline__ float spreadSums(const float (&values)[M], int lane)
{
    if constexpr (M > 1) {
        const bool upper = (lane & offset) != 0;
        float kept[M / 2];
#pragma unroll
        for (int i = 0; i < M / 2; ++i) {
            const float low =
                values[i]; // a choice between places, not values, would put them into memory
            const float high = values[i + M / 2];
            const float given = upper ? low : high;
            kept[i] = (upper ? high : low) + __shfl_xor_sync(wholeWarp, given, offset);
        }
        return spreadSums<M / 2, offset / 2>(kept, lane);
    } else {
        float sum = values[0];
#pragma unroll
        for (int distance = offset; distance > 0; distance /= 2)
            sum += __shfl_xor_sync(wholeWarp, sum, distance);
        return sum;
    }
}

/// The sums of a warp become values of out: for rows r of x, of row n of the weights (2 r) and its
/// partner.
template <int R>
__device__ __forceinline__ void storeSums(float (&sums)[2 * R], const GemvArguments& a, int64_t n,
                                          int lane)
{
    constexpr int sharers = warpSize32 / (2 * R);
    const float sum = spreadSums(sums, lane);
    const float partner = __shfl_xor_sync(wholeWarp, sum, sharers);
    const int row = lane / sharers / 2;
    const bool second = lane / sharers % 2 == 1;
    const int64_t column = second ? n + 1 : n;
    if (lane % sharers != 0 || row >= a.shape.rows || column >= a.shape.outputs ||
        (a.gated && second))
        return;
    const int64_t index = row * a.shape.outputs + column;
    if (a.gated)
        storeFloat(a.out, index, siluTimes(sum, partner));
    else
        finishValue(a.out, index, sum, column, a.finish);
}

/// A warp multiplies two rows of weights at a time with all rows of x: neighbours, or a gate row
/// and its up row. The first weights are asked for before x is staged, so that the memory is busy
/// meanwhile.
template <typename W, int R, bool wide>
__global__ void __launch_bounds__(gemvThreads(R), R == 1 ? 4 : 2) gemvKernel(GemvArguments a)
{
    constexpr int N = wide ? 4 : 1;
    constexpr int batch = gemvBatch(R);
    constexpr int step = batch * warpSize32;
    constexpr int warps = gemvThreads(R) / warpSize32;
    using Batch = Weights<W, wide, batch>;
    W* const x = sharedMemory<W>();
    auto* const statistics = reinterpret_cast<float2*>(sharedMemory<unsigned char>() +
                                                       inputBytes(R, a.piece, sizeof(W)));
    auto* const scratch = reinterpret_cast<float*>(statistics + R);
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    const int warp = static_cast<int>(threadIdx.x) / warpSize32;
    const int64_t width = a.shape.inputs;

    for (int group = 0; group < a.groups; ++group) {
        const int64_t pair = (static_cast<int64_t>(blockIdx.x) * a.groups + group) * warps + warp;
        const int64_t n = a.gated ? pair : 2 * pair;
        // Warps without a row go along for the barriers, with a row that exists.
        const int64_t one = min(n, a.shape.outputs - 1);
        const int64_t other = a.gated ? one + a.shape.outputs : min(n + 1, a.shape.outputs - 1);
        float sums[2 * R] = {};
        for (int64_t begin = 0; begin < width; begin += a.piece) {
            const int64_t columns = min(a.piece, width - begin);
            const W* const rowOne = static_cast<const W*>(a.w) + one * width + begin;
            const W* const rowOther = static_cast<const W*>(a.w) + other * width + begin;
            const int count = static_cast<int>(columns) / Batch::count;
            Batch current;
            current.load(rowOne, rowOther, lane, count);
            if (group == 0) { // with several pieces there is one group
                if (begin == 0 && a.norm.weight != nullptr)
                    findStatistics<N>(statistics, a, scratch);
                __syncthreads(); // statistics are there, and nobody reads the last piece any more
                stageInput<W, N>(x, a, statistics, begin, columns);
                __syncthreads();
            }
            for (int first = lane; first < count; first += step) {
                Batch next;
                next.load(rowOne, rowOther, first + step, count);
                current.template multiply<R>(sums, x, static_cast<int>(a.piece), first, count);
                current = next;
            }
        }
        storeSums<R>(sums, a, n, lane);
    }
}

bool isAligned(const void* address)
{
    return reinterpret_cast<uintptr_t>(address) % 16 == 0;
}

void run(const GemvArguments& arguments, In w, cudaStream_t stream)
{
    const ProductShape& shape = arguments.shape;
    if (shape.rows > gemvRowLimit)
        throw Error(Error::Code::Internal, "a GEMV of " + std::to_string(shape.rows) + " rows");
    if (arguments.out.type != DType::F32 && arguments.out.type != w.type)
        throw Error(Error::Code::Internal, std::string("a product of ") + nameOf(w.type) +
                                               " into " + nameOf(arguments.out.type));
    const NormWeights& norm = arguments.norm;
    const bool aligned = isAligned(w.data) && isAligned(arguments.x.data) &&
                         isAligned(norm.weight) && isAligned(norm.bias);
    const GemvPlan plan = gemvPlan(shape, w.type, arguments.gated, aligned);
    GemvArguments a = arguments;
    a.groups = plan.groups;
    a.piece = plan.piece;
    withType(w.type, [&](auto tag) {
        using W = decltype(tag);
        if (!plan.wide)
            launch(gemvKernel<W, 8, false>, plan.launch, stream, a);
        else if (plan.rows == 1)
            launch(gemvKernel<W, 1, true>, plan.launch, stream, a);
        else if (plan.rows == 4)
            launch(gemvKernel<W, 4, true>, plan.launch, stream, a);
        else
            launch(gemvKernel<W, 8, true>, plan.launch, stream, a);
    });
}

} // namespace

GemvPlan gemvPlan(const ProductShape& shape, DType type, bool gated, bool aligned)
{
    GemvPlan plan;
    const int64_t size = sizeOf(type);
    plan.wide = aligned && shape.inputs * size % 16 == 0;
    plan.rows = !plan.wide || shape.rows > 4 ? 8 : shape.rows > 1 ? 4 : 1;
    const int64_t fitting = pieceBytes / (plan.rows * size);
    plan.piece = std::min(shape.inputs, fitting);
    plan.launch.threads = gemvThreads(plan.rows);
    const int64_t warps = plan.launch.threads / warpSize32;
    const int64_t pairs = gated ? shape.outputs : (shape.outputs + 1) / 2;
    const int64_t turns = (pairs + warps - 1) / warps;
    if (plan.piece == shape.inputs) // x is staged once for all turns
        plan.groups = static_cast<int>(std::max<int64_t>(1, turns / wantedBlocks));
    plan.launch.grid[0] = shape.rows == 0 ? 0 : (turns + plan.groups - 1) / plan.groups;
    plan.launch.sharedBytes = inputBytes(plan.rows, plan.piece, size) +
                              plan.rows * static_cast<int64_t>(sizeof(float2)) +
                              warps * static_cast<int64_t>(sizeof(float));
    return plan;
}

void gemv(Out out, In x, const NormWeights& norm, In w, const ProductShape& shape,
          const Finish& finish, cudaStream_t stream)
{
    run({out, x, norm, w.data, shape, finish, false, 1, 0}, w, stream);
}

void gemvGateUp(Out out, In x, const NormWeights& norm, In w, const ProductShape& shape,
                cudaStream_t stream)
{
    run({out, x, norm, w.data, shape, {}, true, 1, 0}, w, stream);
}

} // namespace argali::cuda
