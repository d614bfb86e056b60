#include "cuda/kernels/gemm.h"

#include <cstring>
#include <string>

#include <launching.h>
#include <sharedmemory.h>
#include <tensorcore.h>

#include "cuda/kernels/elements.h"
#include "cuda/kernels/finishing.h"

namespace argali::cuda {

namespace {

struct GemmArguments {
    const void* a; ///< [rows, inputs]
    const void* b; ///< [outputs, inputs], or [inputs, outputs] by rows
    int rows;
    int outputs;
    int inputs;
    int64_t aStride;
    int64_t bStride;
    Out out;
    int64_t outStride;
    Finish finish;
    bool quads; ///< out can be written four neighbours at a time
};

/// A tile of out and the warps that share it; each makes 32 columns.
template <int rowCount, int columnCount, int down, int across, int stageCount> struct Tile {
    static constexpr int rows = rowCount;
    static constexpr int columns = columnCount;
    static constexpr int depth = 32; ///< of one stage
    static constexpr int warpsAcross = across;
    static constexpr int warps = down * across;
    static constexpr int threads = warps * warpSize32;
    static constexpr int warpRows = rows / down;
    static constexpr int warpColumns = columns / across;
    static constexpr int stages = stageCount;
    static constexpr int stageElements = (rows + columns) * depth;
    static constexpr int64_t sharedBytes = static_cast<int64_t>(stages) * stageElements * 2;
    static_assert(warpColumns == 32);
};
using LargeTile = Tile<128, 128, 2, 4, 3>;
using SmallTile = Tile<64, 64, 2, 2, 4>;

// Eight neighbours in 16 bytes are a chunk. Chunks of a row change places with the row, so that the
// eight rows an ldmatrix reads at one column lie in different banks.
__device__ __forceinline__ int placeInDepth(int row, int chunk)
{
    return row * 32 + (chunk ^ (row / 2 % 4)) * 8;
}
template <int columns> __device__ __forceinline__ int placeInColumns(int row, int chunk)
{
    return row * columns + (chunk ^ (row % 8)) * 8;
}

/// Elements [first, first + 8) of a row of `end` into shared memory, zeros for those that are not
/// there.
template <typename T, bool aligned>
__device__ __forceinline__ void copyChunk(T* to, const T* matrix, int row, int rows, int64_t stride,
                                          int first, int end)
{
    const bool there = row < rows && first < end;
    if constexpr (aligned) {
        copyAsync16(to, there ? matrix + row * stride + first : matrix, there);
    } else {
        T values[8];
#pragma unroll
        for (int j = 0; j < 8; ++j)
            values[j] =
                there && first + j < end ? matrix[row * stride + first + j] : fromFloat<T>(0);
        memcpy(to, values, sizeof values);
    }
}

/// One stage: columns [k, k + 32) of the tile's rows of a, and what they meet of b.
template <typename T, typename Tiling, bool byRows, bool aligned>
__device__ __forceinline__ void copyStage(T* stage, const GemmArguments& g, int row, int column,
                                          int k)
{
    constexpr int depth = Tiling::depth;
    const auto* const a = static_cast<const T*>(g.a);
    const auto* const b = static_cast<const T*>(g.b);
    const int thread = static_cast<int>(threadIdx.x);
#pragma unroll 1
    for (int i = thread; i < Tiling::rows * depth / 8; i += Tiling::threads) {
        const int r = i / (depth / 8);
        const int chunk = i % (depth / 8);
        copyChunk<T, aligned>(stage + placeInDepth(r, chunk), a, row + r, g.rows, g.aStride,
                              k + chunk * 8, g.inputs);
    }
    T* const other = stage + Tiling::rows * depth;
#pragma unroll 1
    for (int i = thread; i < Tiling::columns * depth / 8; i += Tiling::threads) {
        if constexpr (byRows) {
            constexpr int chunks = Tiling::columns / 8;
            copyChunk<T, aligned>(other + placeInColumns<Tiling::columns>(i / chunks, i % chunks),
                                  b, k + i / chunks, g.inputs, g.bStride, column + i % chunks * 8,
                                  g.outputs);
        } else {
            const int r = i / (depth / 8);
            const int chunk = i % (depth / 8);
            copyChunk<T, aligned>(other + placeInDepth(r, chunk), b, column + r, g.outputs,
                                  g.bStride, k + chunk * 8, g.inputs);
        }
    }
}

/// sums += the warp's part of one stage.
template <typename T, typename Tiling, bool byRows>
__device__ __forceinline__ void multiplyStage(float (&sums)[Tiling::warpRows / 16][4][4],
                                              const T* stage, int warpRow, int warpColumn, int lane)
{
    const T* const other = stage + Tiling::rows * Tiling::depth;
#pragma unroll
    for (int k = 0; k < Tiling::depth; k += 16) {
        uint32_t b[4][2];
#pragma unroll
        for (int j = 0; j < 2;
             ++j) { // 16 columns: k 0-7 and 8-15 of the first eight, then of the others
            uint32_t four[4];
            if constexpr (byRows)
                loadMatrices4Transposed(
                    four, other + placeInColumns<Tiling::columns>(
                                      k + lane % 16, (warpColumn + 16 * j) / 8 + lane / 16));
            else
                loadMatrices4(four,
                              other + placeInDepth(warpColumn + 16 * j + lane / 16 * 8 + lane % 8,
                                                   k / 8 + lane / 8 % 2));
            b[2 * j][0] = four[0];
            b[2 * j][1] = four[1];
            b[2 * j + 1][0] = four[2];
            b[2 * j + 1][1] = four[3];
        }
#pragma unroll
        for (int i = 0; i < Tiling::warpRows / 16; ++i) {
            uint32_t a[4];
            loadMatrices4(a, stage + placeInDepth(warpRow + 16 * i + lane % 16, k / 8 + lane / 16));
#pragma unroll
            for (int j = 0; j < 4; ++j)
                multiply16x8x16<T>(sums[i][j], a, b[j]);
        }
    }
}

/// Four neighbouring sums of a row, as far as they lie inside.
__device__ __forceinline__ void finishFour(const GemmArguments& g, int row, int column,
                                           float (&sums)[4])
{
    if (row >= g.rows)
        return;
    const int64_t index = row * g.outStride + column;
    if (g.quads && column + 4 <= g.outputs)
        finishVector(g.out, index, sums, column, g.finish);
    else
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (column + j < g.outputs)
                finishValue(g.out, index + j, sums[j], column + j, g.finish);
}

/// Sixteen rows of a warp's sums at a time go through its part of shared memory, from fragments to
/// rows, so that neighbours are written together.
template <typename Tiling>
__device__ __forceinline__ void finishTile(float (&sums)[Tiling::warpRows / 16][4][4],
                                           const GemmArguments& g, float* shared, int row,
                                           int column, int lane)
{
    constexpr int stride = 32 + 4; // rows of one column in different banks
#pragma unroll
    for (int i = 0; i < Tiling::warpRows / 16; ++i) {
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            float* const place = shared + lane / 4 * stride + 8 * j + lane % 4 * 2;
            *reinterpret_cast<float2*>(place) = make_float2(sums[i][j][0], sums[i][j][1]);
            *reinterpret_cast<float2*>(place + 8 * stride) =
                make_float2(sums[i][j][2], sums[i][j][3]);
        }
        __syncwarp();
#pragma unroll 1
        for (int r = lane / 8; r < 16; r += 4) {
            const float4 v = *reinterpret_cast<const float4*>(shared + r * stride + lane % 8 * 4);
            float four[4] = {v.x, v.y, v.z, v.w};
            finishFour(g, row + 16 * i + r, column + lane % 8 * 4, four);
        }
        __syncwarp();
    }
}

/// Copies run stages - 1 ahead of the products. One barrier a stage: behind it the stage is there
/// for all, and the one before it has been used by all and can be filled again.
template <typename T, typename Tiling, bool byRows, bool aligned>
__global__ void __launch_bounds__(Tiling::threads, 2) gemmKernel(GemmArguments g)
{
    T* const shared = sharedMemory<T>();
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    const int warp = static_cast<int>(threadIdx.x) / warpSize32;
    const int warpRow = warp / Tiling::warpsAcross * Tiling::warpRows;
    const int warpColumn = warp % Tiling::warpsAcross * Tiling::warpColumns;
    const int row = static_cast<int>(blockIdx.x) * Tiling::rows;
    const int column = static_cast<int>(blockIdx.y) * Tiling::columns;
    const int steps = (g.inputs + Tiling::depth - 1) / Tiling::depth;
    const auto copy = [&](int step) {
        if (step < steps)
            copyStage<T, Tiling, byRows, aligned>(shared +
                                                      step % Tiling::stages * Tiling::stageElements,
                                                  g, row, column, step * Tiling::depth);
        commitCopies(); // an empty group keeps the count
    };

#pragma unroll 1
    for (int step = 0; step < Tiling::stages - 1; ++step)
        copy(step);
    float sums[Tiling::warpRows / 16][4][4] = {};
#pragma unroll 1
    for (int step = 0; step < steps; ++step) {
        waitCopies<Tiling::stages - 2>();
        __syncthreads();
        copy(step + Tiling::stages - 1);
        multiplyStage<T, Tiling, byRows>(sums,
                                         shared + step % Tiling::stages * Tiling::stageElements,
                                         warpRow, warpColumn, lane);
    }
    __syncthreads(); // the stages are free
    finishTile<Tiling>(sums, g, sharedMemory<float>() + warp * 16 * (32 + 4), row + warpRow,
                       column + warpColumn, lane);
}

constexpr int floatTile = 64;
constexpr int floatDepth = 16;
constexpr int floatThreads = 256;
constexpr int floatStride = floatTile + 4;

/// Products in f32 by ordinary instructions: a thread makes 4 x 4 values of a tile.
template <bool byRows>
__global__ void __launch_bounds__(floatThreads, 2) gemmFloatKernel(GemmArguments g)
{
    constexpr int each = floatTile * floatDepth / floatThreads;
    float* const a = sharedMemory<float>(); // [k, row]
    float* const b = a + floatDepth * floatStride;
    const int thread = static_cast<int>(threadIdx.x);
    const int row = static_cast<int>(blockIdx.x) * floatTile;
    const int column = static_cast<int>(blockIdx.y) * floatTile;
    float nextA[each];
    float nextB[each];
    const auto load = [&](int k) {
#pragma unroll
        for (int i = 0; i < each; ++i) {
            const int e = thread + i * floatThreads;
            const int ka = k + e % floatDepth;
            const int r = row + e / floatDepth;
            nextA[i] = r < g.rows && ka < g.inputs
                           ? static_cast<const float*>(g.a)[r * g.aStride + ka]
                           : 0;
            const int kb = byRows ? k + e / floatTile : ka;
            const int n = column + (byRows ? e % floatTile : e / floatDepth);
            nextB[i] = n < g.outputs && kb < g.inputs
                           ? static_cast<const float*>(
                                 g.b)[byRows ? kb * g.bStride + n : n * g.bStride + kb]
                           : 0;
        }
    };
    float sums[4][4] = {};
    const int down = thread / 16 * 4;
    const int across = thread % 16 * 4;
    load(0);
    for (int k = 0; k < g.inputs; k += floatDepth) {
        __syncthreads(); // the last tiles have been used
#pragma unroll
        for (int i = 0; i < each; ++i) {
            const int e = thread + i * floatThreads;
            a[e % floatDepth * floatStride + e / floatDepth] = nextA[i];
            b[byRows ? e / floatTile * floatStride + e % floatTile
                     : e % floatDepth * floatStride + e / floatDepth] = nextB[i];
        }
        __syncthreads();
        load(k + floatDepth);
#pragma unroll
        for (int i = 0; i < floatDepth; ++i) {
            const float4 va = *reinterpret_cast<const float4*>(a + i * floatStride + down);
            const float4 vb = *reinterpret_cast<const float4*>(b + i * floatStride + across);
            const float fa[4] = {va.x, va.y, va.z, va.w};
            const float fb[4] = {vb.x, vb.y, vb.z, vb.w};
#pragma unroll
            for (int r = 0; r < 4; ++r)
#pragma unroll
                for (int c = 0; c < 4; ++c)
                    sums[r][c] += fa[r] * fb[c];
        }
    }
#pragma unroll
    for (int r = 0; r < 4; ++r)
        finishFour(g, row + down + r, column + across, sums[r]);
}

/// Kernels count rows and columns in 32 bits, for want of registers; places they count in 64.
int narrow(int64_t count)
{
    if (count < 0 || count > (1 << 30))
        throw Error(Error::Code::Internal, "a product with a side of " + std::to_string(count));
    return static_cast<int>(count);
}

bool divides(int64_t bytes, const void* address, int64_t strideBytes)
{
    return reinterpret_cast<uintptr_t>(address) % static_cast<uintptr_t>(bytes) == 0 &&
           strideBytes % bytes == 0;
}

template <bool byRows>
void run(GemmArguments g, DType type, DType bType, cudaStream_t stream, GemmTiles tiles)
{
    if (type != bType || (g.out.type != DType::F32 && g.out.type != type))
        throw Error(Error::Code::Internal, std::string("a product of ") + nameOf(type) + " and " +
                                               nameOf(bType) + " into " + nameOf(g.out.type));
    const int64_t size = sizeOf(type);
    g.quads = divides(4 * sizeOf(g.out.type), g.out.data, g.outStride * sizeOf(g.out.type));
    const bool aligned = divides(16, g.a, g.aStride * size) && divides(16, g.b, g.bStride * size);
    const GemmPlan plan = gemmPlan(g.rows, g.outputs, type, aligned, tiles);
    if (type == DType::F32)
        return launch(gemmFloatKernel<byRows>, plan.launch, stream, g);
    const auto start = [&](auto tag) {
        using T = decltype(tag);
        if (!aligned)
            launch(gemmKernel<T, SmallTile, byRows, false>, plan.launch, stream, g);
        else if (plan.large)
            launch(gemmKernel<T, LargeTile, byRows, true>, plan.launch, stream, g);
        else
            launch(gemmKernel<T, SmallTile, byRows, true>, plan.launch, stream, g);
    };
    if (type == DType::F16)
        start(__half{});
    else
        start(__nv_bfloat16{});
}

} // namespace

GemmPlan gemmPlan(int64_t rows, int64_t outputs, DType type, bool aligned, GemmTiles tiles)
{
    const auto count = [](int64_t length, int64_t tile) { return (length + tile - 1) / tile; };
    GemmPlan plan;
    if (type == DType::F32) {
        plan.launch = {{count(rows, floatTile), count(outputs, floatTile), 1},
                       floatThreads,
                       2 * floatDepth * floatStride * static_cast<int64_t>(sizeof(float))};
        return plan;
    }
    // Small tiles read more, but a card is idle where there are fewer large ones than it has
    // processors.
    constexpr int64_t processors = 128;
    const bool fills =
        rows > SmallTile::rows &&
        count(rows, LargeTile::rows) * count(outputs, LargeTile::columns) >= processors;
    plan.large = aligned && (tiles == GemmTiles::Best ? fills : tiles == GemmTiles::Large);
    if (plan.large)
        plan.launch = {{count(rows, LargeTile::rows), count(outputs, LargeTile::columns), 1},
                       LargeTile::threads,
                       LargeTile::sharedBytes};
    else
        plan.launch = {{count(rows, SmallTile::rows), count(outputs, SmallTile::columns), 1},
                       SmallTile::threads,
                       SmallTile::sharedBytes};
    return plan;
}

void gemm(Out out, In x, In w, const ProductShape& shape, const Finish& finish, int64_t outStride,
          cudaStream_t stream, GemmTiles tiles)
{
    run<false>({x.data, w.data, narrow(shape.rows), narrow(shape.outputs), narrow(shape.inputs),
                shape.inputs, shape.inputs, out, outStride, finish, false},
               x.type, w.type, stream, tiles);
}

void gemmTable(Out out, In p, In table, int64_t rows, int64_t outputs, int64_t inputs,
               int64_t pStride, cudaStream_t stream, GemmTiles tiles)
{
    run<true>({p.data,
               table.data,
               narrow(rows),
               narrow(outputs),
               narrow(inputs),
               pStride,
               outputs,
               out,
               outputs,
               {},
               false},
              p.type, table.type, stream, tiles);
}

} // namespace argali::cuda
