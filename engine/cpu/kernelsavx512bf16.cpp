#include "engine/cpu/vectoravx512.h"

#include "engine/cpu/packing.h"

// Products of BF16 pairs: each lane of vdpbf16ps adds two products to its f32 sum.

namespace argali::cpu {
namespace {

/// BF16 elements of a vector.
constexpr int pairLanes = 2 * lanes;

__m512 dot(__m512 sum, __m512i x, __m512i y)
{
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(x), reinterpret_cast<__m512bh>(y));
}

__m512i loadPairs(const std::byte* p, int64_t n)
{
    return n >= pairLanes ? _mm512_loadu_si512(p)
                          : _mm512_maskz_loadu_epi16(static_cast<__mmask32>((1u << n) - 1), p);
}

/// As in kernelssimd.h.
template <int count, int xRows, int steps>
void dotBlock(float* out, int64_t outStride, const std::byte* const* rows, int64_t k,
              const uint16_t* x, int64_t xStride)
{
    __m512 sums[count][xRows][steps];
    for (int r = 0; r < count; ++r)
        for (int t = 0; t < xRows; ++t)
            for (int s = 0; s < steps; ++s)
                sums[r][t][s] = _mm512_setzero_ps();
    const auto step = [&](int64_t i, int s, const __m512i* weights) {
        for (int t = 0; t < xRows; ++t) {
            const __m512i values = _mm512_loadu_si512(x + t * xStride + i);
            for (int r = 0; r < count; ++r)
                sums[r][t][s] = dot(sums[r][t][s], weights[r], values);
        }
    };
    __m512i weights[count];
    int64_t i = 0;
    for (; i + steps * pairLanes <= k; i += steps * pairLanes)
        for (int s = 0; s < steps; ++s) {
            for (int r = 0; r < count; ++r)
                weights[r] = _mm512_loadu_si512(rows[r] + (i + s * pairLanes) * 2);
            step(i + s * pairLanes, s, weights);
        }
    for (; i < k; i += pairLanes) {
        for (int r = 0; r < count; ++r)
            weights[r] = loadPairs(rows[r] + i * 2, k - i);
        step(i, 0, weights);
    }
    for (int r = 0; r < count; ++r)
        for (int t = 0; t < xRows; ++t) {
            for (int s = 1; s < steps; ++s)
                sums[r][t][0] = _mm512_add_ps(sums[r][t][0], sums[r][t][s]);
            out[t * outStride + r] = Vector::total(sums[r][t][0]);
        }
}

template <int xRows>
void dotAll(float* out, int64_t outStride, const std::byte* const* rows, int64_t count, int64_t k,
            const uint16_t* x, int64_t xStride)
{
    constexpr int atOnce = Vector::dotRowsAtOnce(xRows);
    constexpr int steps = xRows == 1 ? 2 : 1;
    int64_t r = 0;
    for (; r + atOnce <= count; r += atOnce)
        dotBlock<atOnce, xRows, steps>(out + r, outStride, rows + r, k, x, xStride);
    for (; r < count; ++r)
        dotBlock<1, xRows, steps>(out + r, outStride, rows + r, k, x, xStride);
}

void dotRows(float* out, int64_t outStride, const std::byte* const* rows, int64_t count, int64_t k,
             const uint16_t* x, int64_t xStride, int xRows)
{
    using Function = void (*)(float*, int64_t, const std::byte* const*, int64_t, int64_t,
                              const uint16_t*, int64_t);
    static constexpr Function byRows[Kernels::rowLimit] = {
        dotAll<1>, dotAll<2>, dotAll<3>, dotAll<4>, dotAll<5>, dotAll<6>, dotAll<7>, dotAll<8>};
    byRows[xRows - 1](out, outStride, rows, count, k, x, xStride);
}

void packColumns(void* panel, int width, const std::byte* const* columns, int count, Element,
                 int64_t k0, int64_t k)
{
    packWords(
        static_cast<float*>(panel), width, count, (k + 1) / 2, [&](int column, int64_t i, int64_t) {
            return _mm512_castsi512_ps(loadPairs(columns[column] + (k0 + 2 * i) * 2, k - 2 * i));
        });
}

void packRows(void* panel, int width, const std::byte* rows, int64_t stride, int count, Element,
              int64_t k)
{
    auto* const out = static_cast<uint32_t*>(panel);
    for (int64_t i = 0; i < k; i += 2)
        for (int column = 0; column < width; column += lanes) {
            const int64_t n = count - column;
            const __mmask16 mask = n >= lanes ? 0xffff : n <= 0 ? 0 : Vector::mask(n);
            const std::byte* const place = rows + i * stride + column * 2;
            const __m256i low = _mm256_maskz_loadu_epi16(mask, place);
            const __m256i high = _mm256_maskz_loadu_epi16(i + 1 < k ? mask : 0, place + stride);
            const __m512i pairs = _mm512_or_si512(
                _mm512_cvtepu16_epi32(low), _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16));
            _mm512_storeu_si512(out + i / 2 * width + column, pairs);
        }
}

template <int vectors, int rows>
void multiplyTile(float* c, int64_t cStride, const uint16_t* a, int64_t aStride,
                  const uint16_t* panel, int64_t pairs, bool keep)
{
    __m512 sums[rows][vectors];
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v)
            sums[r][v] = keep ? _mm512_loadu_ps(c + r * cStride + v * lanes) : _mm512_setzero_ps();
    for (int64_t i = 0; i < pairs; ++i) {
        __m512i right[vectors];
        for (int v = 0; v < vectors; ++v)
            right[v] = _mm512_loadu_si512(panel + (i * vectors + v) * pairLanes);
        for (int r = 0; r < rows; ++r) {
            int pair;
            __builtin_memcpy(&pair, a + r * aStride + 2 * i, sizeof pair);
            const __m512i left = _mm512_set1_epi32(pair);
            for (int v = 0; v < vectors; ++v)
                sums[r][v] = dot(sums[r][v], left, right[v]);
        }
    }
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v)
            _mm512_storeu_ps(c + r * cStride + v * lanes, sums[r][v]);
}

/// Finds the function made for rows <= limit of them.
template <int vectors, int limit>
void tileOfRows(float* c, int64_t cStride, const uint16_t* a, int64_t aStride,
                const uint16_t* panel, int rows, int64_t pairs, bool keep)
{
    if (rows == limit)
        multiplyTile<vectors, limit>(c, cStride, a, aStride, panel, pairs, keep);
    else if constexpr (limit > 1)
        tileOfRows<vectors, limit - 1>(c, cStride, a, aStride, panel, rows, pairs, keep);
}

template <int limit>
void tileOfVectors(float* c, int64_t cStride, const uint16_t* a, int64_t aStride,
                   const uint16_t* panel, int vectors, int rows, int64_t pairs, bool keep)
{
    if (vectors == limit)
        tileOfRows<limit, Vector::tileRows(limit)>(c, cStride, a, aStride, panel, rows, pairs,
                                                   keep);
    else if constexpr (limit > 1)
        tileOfVectors<limit - 1>(c, cStride, a, aStride, panel, vectors, rows, pairs, keep);
}

void tile(float* c, int64_t cStride, const void* a, int64_t aStride, const void* panel, int vectors,
          int rows, int64_t k, bool keep)
{
    tileOfVectors<Vector::maxTileVectors>(c, cStride, static_cast<const uint16_t*>(a), aStride,
                                          static_cast<const uint16_t*>(panel), vectors, rows,
                                          (k + 1) / 2, keep);
}

constexpr PanelKernels panels{
    .element = Element::BF16,
    .lanes = lanes,
    .vectors = Vector::tileVectors,
    .maxVectors = Vector::maxTileVectors,
    .depth = 1024, // a panel of 64 columns: 128 KB
    .rows = {0, Vector::tileRows(1), Vector::tileRows(2), Vector::tileRows(3), Vector::tileRows(4),
             Vector::tileRows(5)},
    .packColumns = packColumns,
    .packRows = packRows,
    .tile = tile,
};

} // namespace

constinit const Bf16Kernels avx512Bf16Kernels{
    .dotRows = dotRows,
    .panels = &panels,
};

double avx512Bf16Peak(int64_t rounds)
{
    constexpr int chains = 16;
    volatile int given = 0x3f7f3f7f; // two BF16 just below one
    const __m512i factor = _mm512_set1_epi32(given);
    __m512 sums[chains];
    for (int i = 0; i < chains; ++i)
        sums[i] = _mm512_set1_ps(static_cast<float>(i));
    for (int64_t round = 0; round < rounds; ++round)
        for (int i = 0; i < chains; ++i)
            sums[i] = dot(sums[i], factor, factor);
    for (int i = 1; i < chains; ++i)
        sums[0] = _mm512_add_ps(sums[0], sums[i]);
    given = static_cast<int>(Vector::total(sums[0]) > 0); // keeps the loop from being removed
    return static_cast<double>(rounds) * chains * pairLanes * 2;
}

} // namespace argali::cpu
