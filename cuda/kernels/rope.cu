#include "cuda/kernels/rope.h"

#include <cmath>
#include <string>

#include <launching.h>
#include <sharedmemory.h>

#include "cuda/kernels/elements.h"
#include "cuda/kernels/patchplace.h"
#include "cuda/kernels/spread.h"

namespace argali::cuda {

namespace {

constexpr int64_t widestHead = 256;
constexpr int headWarps = 4; // small blocks: a decode step has few heads and many multiprocessors
constexpr int patchThreads = 256;
constexpr int patchesOfBlock = 4;

/// theta^(-2j/width) for j < width / 2, computed in double and rounded to f32 as the references
/// hold them, which a card would do slowly; as a parameter it costs no memory. Behind them zeros.
struct Frequencies {
    float values[widestHead / 2];
    float magnitude; ///< of cosines and sines
};

Frequencies frequenciesOf(float theta, int64_t width)
{
    Frequencies result{};
    result.magnitude = 1;
    for (int64_t j = 0; j < width / 2; ++j)
        result.values[j] = static_cast<float>(
            std::pow(static_cast<double>(theta),
                     -2.0 * static_cast<double>(j) / static_cast<double>(width)));
    return result;
}

/// The same with factors, each step rounded as the reference rounds it.
Frequencies frequenciesOf(const Rope& rope, int64_t width)
{
    Frequencies result = frequenciesOf(rope.theta, width);
    result.magnitude = rope.magnitude;
    for (size_t j = 0; j < rope.factors.size(); ++j) {
        const auto power = static_cast<float>(
            std::pow(static_cast<double>(rope.theta),
                     2.0 * static_cast<double>(j) / static_cast<double>(width)));
        result.values[j] = 1 / (rope.factors[j] * power);
    }
    return result;
}

/// What a lane has of a head: V neighbouring pairs (j, j + C / 2) from j = V lane on; 0 behind the
/// last one.
template <int V> struct Pairs {
    float low[V];
    float high[V];
};

/// N pairs at a time, which is V or, for heads that vectors do not divide, 1.
template <int V, int N, typename T>
__device__ __forceinline__ void loadPairs(Pairs<V>& pairs, const T* head, int first, int half)
{
    for (int i = 0; i < V; i += N) {
        float low[N] = {};
        float high[N] = {};
        if (first + i < half) {
            loadVector(low, head + first + i);
            loadVector(high, head + half + first + i);
        }
        for (int j = 0; j < N; ++j) {
            pairs.low[i + j] = low[j];
            pairs.high[i + j] = high[j];
        }
    }
}

template <int V, int N>
__device__ __forceinline__ void loadPairs(Pairs<V>& pairs, const In& from, int64_t offset,
                                          int first, int half)
{
    atType(from.type, [&](auto tag) {
        loadPairs<V, N>(pairs, static_cast<const decltype(tag)*>(from.data) + offset, first, half);
    });
}

template <int V, int N>
__device__ __forceinline__ void storePairs(const Out& to, int64_t offset, const Pairs<V>& pairs,
                                           int first, int half)
{
    atType(to.type, [&](auto tag) {
        auto* const head = static_cast<decltype(tag)*>(to.data) + offset;
        for (int i = 0; i < V; i += N) {
            float low[N];
            float high[N];
            for (int j = 0; j < N; ++j) {
                low[j] = pairs.low[i + j];
                high[j] = pairs.high[i + j];
            }
            if (first + i < half) {
                storeVector(head + first + i, low);
                storeVector(head + half + first + i, high);
            }
        }
    });
}

/// Norm of one head by its warp, all lanes taking part.
template <int V, int N>
__device__ __forceinline__ void normalise(Pairs<V>& x, const NormWeights& norm, int first, int half)
{
    const float width = static_cast<float>(2 * half);
    float mean = 0;
    if (norm.layer) {
        float sum = 0;
        for (int i = 0; i < V; ++i)
            sum += x.low[i] + x.high[i];
        mean = warpSum(sum) / width;
    }
    float squares = 0;
    for (int i = 0; i < V; ++i) {
        x.low[i] -= mean;
        x.high[i] -= mean;
        if (first + i < half)
            squares += x.low[i] * x.low[i] + x.high[i] * x.high[i];
    }
    const float scale = rsqrtf(warpSum(squares) / width + norm.epsilon);
    Pairs<V> w;
    loadPairs<V, N>(w, norm.weight, first, half);
    for (int i = 0; i < V; ++i) {
        x.low[i] *= scale * w.low[i];
        x.high[i] *= scale * w.high[i];
    }
    if (norm.layer) {
        loadPairs<V, N>(w, norm.bias, first, half);
        for (int i = 0; i < V; ++i) {
            x.low[i] += w.low[i];
            x.high[i] += w.high[i];
        }
    }
}

/// A warp computes its angles once, for all its heads of one token; a lane's pairs stay in its
/// registers from the load to the store.
template <int V, int N>
__global__ void __launch_bounds__(headWarps* warpSize32)
    headKernel(Out q, Out keys, Out values, In qkv, NormWeights query, NormWeights key,
               Frequencies frequencies, HeadLayout layout, const int32_t* length, int headsOfWarp)
{
    const int lane = static_cast<int>(threadIdx.x) % warpSize32;
    const int warp = static_cast<int>(threadIdx.x) / warpSize32;
    const int64_t token = blockIdx.x;
    const int64_t all = layout.heads + 2 * layout.groups;
    const int64_t begin = (static_cast<int64_t>(blockIdx.y) * headWarps + warp) * headsOfWarp;
    const int64_t end = begin + headsOfWarp < all ? begin + headsOfWarp : all;
    if (begin >= end)
        return;
    const int first = lane * V;
    const int half = static_cast<int>(layout.width / 2);
    const int64_t row = token * all * layout.width;

    Pairs<V> next; // on its way while the angles are computed, or the head before it
    loadPairs<V, N>(next, qkv, row + begin * layout.width, first, half);
    const int64_t position = *length + token;
    float cosines[V];
    float sines[V];
    for (int i = 0; i < V; ++i) {
        // The angle is a product in f32, as the references have it.
        const float angle = static_cast<float>(position) * frequencies.values[first + i];
        cosines[i] = frequencies.magnitude * cosf(angle);
        sines[i] = frequencies.magnitude * sinf(angle);
    }
    for (int64_t head = begin; head < end; ++head) {
        Pairs<V> x = next;
        if (head + 1 < end)
            loadPairs<V, N>(next, qkv, row + (head + 1) * layout.width, first, half);
        const bool isQuery = head < layout.heads;
        const bool isValue = head >= layout.heads + layout.groups;
        if (!isValue) {
            const NormWeights norm = isQuery ? query : key;
            if (norm.weight != nullptr)
                normalise<V, N>(x, norm, first, half);
            for (int i = 0; i < V; ++i) {
                const float low = x.low[i];
                const float high = x.high[i];
                x.low[i] = low * cosines[i] - high * sines[i];
                x.high[i] = high * cosines[i] + low * sines[i];
            }
        }
        if (isQuery) {
            storePairs<V, N>(q, (token * layout.heads + head) * layout.width, x, first, half);
        } else if (position >= 0 && position < layout.capacity) {
            const int64_t group =
                isValue ? head - layout.heads - layout.groups : head - layout.heads;
            // Field by field: a reference to either would copy both parameters to memory.
            const Out target{isValue ? values.data : keys.data, isValue ? values.type : keys.type};
            storePairs<V, N>(target, (group * layout.capacity + position) * layout.width, x, first,
                             half);
        }
    }
}

struct PatchHeads {
    int64_t patches;
    int64_t columns;
    int64_t merge;
    int64_t framePatches;
    int heads;
    int half;
};

template <int N>
__global__ void __launch_bounds__(patchThreads)
    patchKernel(Out qkv, Frequencies frequencies, PatchHeads layout)
{
    const int half = layout.half;
    float* const cosines = sharedMemory<float>(); // [patchesOfBlock, C / 2]
    float* const sines = cosines + patchesOfBlock * half;
    const int64_t firstPatch = static_cast<int64_t>(blockIdx.x) * patchesOfBlock;
    const int64_t left = layout.patches - firstPatch;
    const int count = left < patchesOfBlock ? static_cast<int>(left) : patchesOfBlock;
    const int quarter = half / 2;

    for (int i = static_cast<int>(threadIdx.x); i < count * half; i += patchThreads) {
        const int j = i % half;
        const PatchPlace place =
            placeOf((firstPatch + i / half) % layout.framePatches, layout.columns, layout.merge);
        const float angle =
            j < quarter ? static_cast<float>(place.row) * frequencies.values[j]
                        : static_cast<float>(place.column) * frequencies.values[j - quarter];
        cosines[i] = cosf(angle);
        sines[i] = sinf(angle);
    }
    __syncthreads();

    const int vectors = half / N;
    const int rotated = 2 * layout.heads; // those of q and k
    const int64_t rowElements = static_cast<int64_t>(3) * layout.heads * 2 * half;
    for (int i = static_cast<int>(threadIdx.x); i < count * rotated * vectors; i += patchThreads) {
        const int patch = i / (rotated * vectors);
        const int head = i / vectors % rotated;
        const int j = i % vectors * N;
        const float* const cosine = cosines + patch * half + j;
        const float* const sine = sines + patch * half + j;
        atType(qkv.type, [&](auto tag) {
            auto* const low = static_cast<decltype(tag)*>(qkv.data) +
                              (firstPatch + patch) * rowElements +
                              static_cast<int64_t>(head) * 2 * half + j;
            float a[N];
            float b[N];
            loadVector(a, low);
            loadVector(b, low + half);
            for (int k = 0; k < N; ++k) {
                const float was = a[k];
                a[k] = was * cosine[k] - b[k] * sine[k];
                b[k] = b[k] * cosine[k] + was * sine[k];
            }
            storeVector(low, a);
            storeVector(low + half, b);
        });
    }
}

void requireWidth(int64_t width, int64_t divisor)
{
    if (width <= 0 || width % divisor != 0 || width > widestHead)
        throw Error(Error::Code::Internal,
                    "no rotary kernel for heads of " + std::to_string(width));
}

/// One for few tokens, where the multiprocessors wait for each other's heads; more for many, so
/// that angles are worth their time.
int headsOfWarp(int64_t tokens)
{
    return tokens < 64 ? 1 : 4;
}

} // namespace

Launch headNormRopeLaunch(const HeadLayout& layout)
{
    const int64_t heads = layout.heads + 2 * layout.groups;
    return {{layout.tokens,
             partsOf(heads, static_cast<int64_t>(headWarps) * headsOfWarp(layout.tokens)), 1},
            headWarps * warpSize32,
            0};
}

Launch ropePatchesLaunch(int64_t patches, int64_t headWidth)
{
    return {{partsOf(patches, patchesOfBlock), 1, 1},
            patchThreads,
            patchesOfBlock * headWidth * static_cast<int64_t>(sizeof(float))};
}

void headNormRopeAppend(Out q, Out keys, Out values, In qkv, const NormWeights& query,
                        const NormWeights& key, const Rope& rope, const HeadLayout& layout,
                        const int32_t* length, cudaStream_t stream)
{
    requireWidth(layout.width, 2);
    for (const DType type : {q.type, keys.type, values.type, qkv.type})
        requireFloating(type);
    const int64_t half = layout.width / 2;
    const auto run = [&](auto kernel) {
        launch(kernel, headNormRopeLaunch(layout), stream, q, keys, values, qkv, query, key,
               frequenciesOf(rope, layout.width), layout, length, headsOfWarp(layout.tokens));
    };
    const auto fits = [&](int n) {
        const auto fitsFloats = [&](const float* data) {
            return fitsVectors(data, DType::F32, half, n);
        };
        return fitsVectors(q.data, q.type, half, n) && fitsVectors(keys.data, keys.type, half, n) &&
               fitsVectors(values.data, values.type, half, n) &&
               fitsVectors(qkv.data, qkv.type, half, n) && fitsFloats(query.weight) &&
               fitsFloats(query.bias) && fitsFloats(key.weight) && fitsFloats(key.bias);
    };
    if (half <= warpSize32)
        run(headKernel<1, 1>);
    else if (half <= 2 * warpSize32 && fits(2))
        run(headKernel<2, 2>);
    else if (fits(4))
        run(headKernel<4, 4>);
    else
        run(headKernel<4, 1>);
}

void ropePatches(Out qkv, int64_t patches, int64_t heads, int64_t headWidth, int64_t rows,
                 int64_t columns, int64_t merge, float theta, cudaStream_t stream)
{
    requireWidth(headWidth, 4);
    requireFloating(qkv.type);
    const int64_t half = headWidth / 2;
    const PatchHeads layout{
        patches, columns, merge, rows * columns, static_cast<int>(heads), static_cast<int>(half)};
    // theta^(-4j/C): the frequencies of a head of half the width
    const Frequencies frequencies = frequenciesOf(theta, half);
    constexpr int n = 4;
    if (fitsVectors(qkv.data, qkv.type, half, n))
        launch(patchKernel<n>, ropePatchesLaunch(patches, headWidth), stream, qkv, frequencies,
               layout);
    else
        launch(patchKernel<1>, ropePatchesLaunch(patches, headWidth), stream, qkv, frequencies,
               layout);
}

} // namespace argali::cuda
