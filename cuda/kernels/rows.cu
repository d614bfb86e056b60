#include "cuda/kernels/rows.h"

#include <launching.h>

#include "cuda/kernels/elements.h"
#include "cuda/kernels/spread.h"

namespace argali::cuda {

namespace {

constexpr int rowThreads = 256;
constexpr unsigned notANumber = 0x7fc00000u;

/// The first element of this thread's vector in its row.
template <int N> __device__ __forceinline__ int64_t ownColumn()
{
    return (static_cast<int64_t>(blockIdx.y) * blockDim.x + threadIdx.x) * N;
}

template <int N>
__global__ void __launch_bounds__(rowThreads)
    gatherKernel(Out out, In table, const int32_t* ids, int64_t width, int64_t tableRows)
{
    const int64_t column = ownColumn<N>();
    if (column >= width)
        return;
    const int64_t id = ids[blockIdx.x];
    float v[N];
    if (id >= 0 && id < tableRows)
        loadAny(v, table, id * width + column);
    else
        for (float& value : v)
            value = __uint_as_float(notANumber);
    storeAny(out, blockIdx.x * width + column, v);
}

template <int N>
__global__ void __launch_bounds__(rowThreads) convertKernel(Out out, In x, int64_t count)
{
    const int64_t i = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * N;
    if (i >= count)
        return;
    float v[N];
    loadAny(v, x, i);
    storeAny(out, i, v);
}

template <int N>
__global__ void __launch_bounds__(rowThreads)
    addKernel(Out x, const float* positions, int64_t width, int64_t period)
{
    const int64_t column = ownColumn<N>();
    if (column >= width)
        return;
    float added[N];
    loadVector(added, positions + blockIdx.x % period * width + column);
    atType(x.type, [&](auto tag) {
        auto* const place = static_cast<decltype(tag)*>(x.data) + blockIdx.x * width + column;
        float v[N];
        loadVector(v, place);
        for (int j = 0; j < N; ++j)
            v[j] += added[j];
        storeVector(place, v);
    });
}

template <int N>
__global__ void __launch_bounds__(rowThreads) gateKernel(Out out, In gateUp, int64_t width)
{
    const int64_t column = ownColumn<N>();
    if (column >= width)
        return;
    float gate[N];
    float up[N];
    atType(
        gateUp.type,
        [&](auto tag) { // both in one branch, so that the second load does not wait for the first
            const auto* const row =
                static_cast<const decltype(tag)*>(gateUp.data) + blockIdx.x * 2 * width;
            loadVector(gate, row + column);
            loadVector(up, row + width + column);
        });
    for (int j = 0; j < N; ++j)
        gate[j] = gate[j] / (1 + expf(-gate[j])) * up[j];
    storeAny(out, blockIdx.x * width + column, gate);
}

__global__ void setKernel(int32_t* value, int32_t to)
{
    if (threadIdx.x == 0)
        *value = to;
}

__global__ void addValueKernel(int32_t* value, int32_t by)
{
    if (threadIdx.x == 0)
        *value += by;
}

} // namespace

Launch rowsLaunch(int64_t rows, int64_t vectors)
{
    // Blocks of equal size, or the last one of a row would be a few threads that wait for a place
    // like all others.
    const int64_t blocks = partsOf(vectors, rowThreads);
    const int64_t threads =
        blocks == 0 ? warpSize32 : partsOf(partsOf(vectors, blocks), warpSize32) * warpSize32;
    return {{rows, blocks, 1}, static_cast<int>(threads), 0};
}

Launch convertLaunch(int64_t vectors)
{
    return {{partsOf(vectors, rowThreads), 1, 1}, rowThreads, 0};
}

void gatherRows(Out out, In table, const int32_t* ids, int64_t count, int64_t width,
                int64_t tableRows, cudaStream_t stream)
{
    requireFloating(out.type);
    requireFloating(table.type);
    constexpr int n = 8;
    if (fitsVectors(out.data, out.type, width, n) && fitsVectors(table.data, table.type, width, n))
        launch(gatherKernel<n>, rowsLaunch(count, width / n), stream, out, table, ids, width,
               tableRows);
    else
        launch(gatherKernel<1>, rowsLaunch(count, width), stream, out, table, ids, width,
               tableRows);
}

void convertElements(Out out, In x, int64_t count, cudaStream_t stream)
{
    requireFloating(out.type);
    requireFloating(x.type);
    constexpr int n = 8;
    if (fitsVectors(out.data, out.type, count, n) && fitsVectors(x.data, x.type, count, n))
        launch(convertKernel<n>, convertLaunch(count / n), stream, out, x, count);
    else
        launch(convertKernel<1>, convertLaunch(count), stream, out, x, count);
}

void addRows(Out x, const float* positions, int64_t rows, int64_t width, int64_t period,
             cudaStream_t stream)
{
    requireFloating(x.type);
    constexpr int n = 4;
    if (fitsVectors(x.data, x.type, width, n) && fitsVectors(positions, DType::F32, width, n))
        launch(addKernel<n>, rowsLaunch(rows, width / n), stream, x, positions, width, period);
    else
        launch(addKernel<1>, rowsLaunch(rows, width), stream, x, positions, width, period);
}

void gateRows(Out out, In gateUp, int64_t rows, int64_t width, cudaStream_t stream)
{
    requireFloating(out.type);
    requireFloating(gateUp.type);
    constexpr int n = 8;
    if (fitsVectors(out.data, out.type, width, n) &&
        fitsVectors(gateUp.data, gateUp.type, width, n))
        launch(gateKernel<n>, rowsLaunch(rows, width / n), stream, out, gateUp, width);
    else
        launch(gateKernel<1>, rowsLaunch(rows, width), stream, out, gateUp, width);
}

void setValue(int32_t* value, int32_t to, cudaStream_t stream)
{
    launch(setKernel, {{1, 1, 1}, warpSize32, 0}, stream, value, to);
}

void addValue(int32_t* value, int32_t by, cudaStream_t stream)
{
    launch(addValueKernel, {{1, 1, 1}, warpSize32, 0}, stream, value, by);
}

} // namespace argali::cuda
