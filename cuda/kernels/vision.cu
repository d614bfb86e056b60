#include "cuda/kernels/vision.h"

#include <launching.h>

#include "cuda/kernels/elements.h"
#include "cuda/kernels/patchplace.h"
#include "cuda/kernels/rows.h"
#include "cuda/kernels/spread.h"
#include "engine/backend.h"

namespace argali::cuda {

namespace {

constexpr int visionThreads = 256;

/// Neighbouring features of a patch for each thread: their bytes lie 3 apart, which the cache makes
/// up for.
template <int N>
__global__ void __launch_bounds__(visionThreads)
    patchKernel(Out out, const uint8_t* image, int64_t width, PatchLayout layout)
{
    const int patch = static_cast<int>(layout.patch);
    const int features = 3 * patch * patch;
    const int feature = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x) * N;
    if (feature >= features)
        return;
    const PatchPlace place = placeOf(blockIdx.x, width / patch, layout.merge);
    const int channel = feature / (patch * patch);
    const int y = feature / patch % patch;
    const int x = feature % patch;
    const uint8_t* const pixel =
        image + ((place.row * patch + y) * width + place.column * patch + x) * 3 + channel;
    // A choice, not an index, or the parameters would be copied to memory to be looked up in.
    const float mean = channel == 0   ? layout.mean[0]
                       : channel == 1 ? layout.mean[1]
                                      : layout.mean[2];
    const float deviation = channel == 0   ? layout.deviation[0]
                            : channel == 1 ? layout.deviation[1]
                                           : layout.deviation[2];
    float v[N];
    // u / 255 in f32 is for every byte what the references get from a product in double.
    for (int i = 0; i < N; ++i)
        v[i] = (static_cast<float>(pixel[3 * i]) / 255.0f - mean) / deviation;
    storeAny(out, blockIdx.x * static_cast<int64_t>(features) + feature, v);
}

/// The four entries of a row (or column) of the table that one position reads.
struct Taps {
    int64_t index[4];
    float weight[4];
};

/// Source: torch.nn.functional.interpolate, mode bicubic, align_corners false
__device__ __forceinline__ Taps tapsOf(int64_t position, int64_t size, int64_t side)
{
    constexpr float a = -0.75f;
    const auto near = [](float x) { return ((a + 2) * x - (a + 3)) * x * x + 1; }; // |x| <= 1
    const auto far = [](float x) {
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
    }; // 1 < |x| < 2
    const float ratio = static_cast<float>(side) / static_cast<float>(size);
    const float source = (static_cast<float>(position) + 0.5f) * ratio - 0.5f;
    const float base = floorf(source);
    const float t = source - base;
    Taps taps{{}, {far(t + 1), near(t), near(1 - t), far(2 - t)}};
    for (int i = 0; i < 4; ++i) {
        const int64_t index = static_cast<int64_t>(base) - 1 + i;
        taps.index[i] = index < 0 ? 0 : index < side ? index : side - 1;
    }
    return taps;
}

struct Resize {
    int64_t side;
    int64_t rows;
    int64_t columns;
    int64_t merge;
    int64_t width;
};

template <int N>
__global__ void __launch_bounds__(visionThreads)
    resizeKernel(float* out, const float* table, Resize resize)
{
    const int64_t column = (static_cast<int64_t>(blockIdx.y) * blockDim.x + threadIdx.x) * N;
    if (column >= resize.width)
        return;
    const PatchPlace place = placeOf(blockIdx.x, resize.columns, resize.merge);
    const Taps vertical = tapsOf(place.row, resize.rows, resize.side);
    const Taps horizontal = tapsOf(place.column, resize.columns, resize.side);
    float sum[N] = {};
#pragma unroll
    for (int y = 0; y < 4; ++y) {
        float line[N] = {};
#pragma unroll
        for (int x = 0; x < 4; ++x) {
            float v[N];
            loadVector(
                v, table + (vertical.index[y] * resize.side + horizontal.index[x]) * resize.width +
                       column);
            for (int j = 0; j < N; ++j)
                line[j] += v[j] * horizontal.weight[x];
        }
        for (int j = 0; j < N; ++j)
            sum[j] += line[j] * vertical.weight[y];
    }
    storeVector(out + blockIdx.x * resize.width + column, sum);
}

} // namespace

Launch patchifyLaunch(int64_t patches, int64_t vectors)
{
    return rowsLaunch(patches, vectors);
}

Launch resizePositionsLaunch(int64_t patches, int64_t vectors)
{
    return rowsLaunch(patches, vectors);
}

void patchify(Out out, const uint8_t* image, int64_t height, int64_t width,
              const PatchLayout& layout, cudaStream_t stream)
{
    requireFloating(out.type);
    const int64_t patches = height / layout.patch * (width / layout.patch);
    const int64_t features = 3 * layout.patch * layout.patch;
    constexpr int n = 4;
    if (layout.patch % n == 0 && fitsVectors(out.data, out.type, features, n))
        launch(patchKernel<n>, patchifyLaunch(patches, features / n), stream, out, image, width,
               layout);
    else
        launch(patchKernel<1>, patchifyLaunch(patches, features), stream, out, image, width,
               layout);
}

void resizePositions(float* out, const float* table, int64_t side, int64_t rows, int64_t columns,
                     int64_t merge, int64_t width, cudaStream_t stream)
{
    const Resize resize{side, rows, columns, merge, width};
    const int64_t patches = rows * columns;
    constexpr int n = 4;
    if (fitsVectors(out, DType::F32, width, n) && fitsVectors(table, DType::F32, width, n))
        launch(resizeKernel<n>, resizePositionsLaunch(patches, width / n), stream, out, table,
               resize);
    else
        launch(resizeKernel<1>, resizePositionsLaunch(patches, width), stream, out, table, resize);
}

} // namespace argali::cuda
