#include "engine/media/resample.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

namespace argali::resample {

namespace {

#define ARGALI_AVX2 __attribute__((target("avx2")))

/// high * 4096 + low, rounded to whole levels; not yet clamped.
ARGALI_AVX2 inline __m256i levels(__m256i high, __m256i low)
{
    const __m256i half = _mm256_set1_epi32(1 << (weightBits - 1));
    const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high, lowBits), low);
    return _mm256_srai_epi32(_mm256_add_epi32(sum, half), weightBits);
}

ARGALI_AVX2 inline __m128i levels(__m128i high, __m128i low)
{
    const __m128i half = _mm_set1_epi32(1 << (weightBits - 1));
    const __m128i sum = _mm_add_epi32(_mm_slli_epi32(high, lowBits), low);
    return _mm_srai_epi32(_mm_add_epi32(sum, half), weightBits);
}

/// Weights w0 w1 w2 w3 as (w0 w1) four times in the low and (w2 w3) four times in the high lane.
ARGALI_AVX2 inline __m256i pairedWeights(const int16_t* weights)
{
    int64_t four;
    std::memcpy(&four, weights, sizeof four);
    const __m256i places = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    return _mm256_permutevar8x32_epi32(_mm256_set1_epi64x(four), places);
}

ARGALI_AVX2 void horizontal(uint8_t* out, const uint8_t* row, const uint8_t* end, const Axis& axis)
{
    // Four pixels are r0 g0 b0 .. r3 g3 b3 in the first twelve bytes; each lane takes two of them
    // and widens them to (r0 r1) (g0 g1) (b0 b1), what one multiply-add sums.
    const __m256i spread =
        _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, //
                         6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    const int outputs = int(axis.begin.size());
    for (int x = 0; x < outputs; ++x, out += 3) {
        const uint8_t* from = row + size_t(3) * size_t(axis.begin[size_t(x)]);
        const int16_t* high = &axis.high[size_t(x) * size_t(axis.taps)];
        const int16_t* low = &axis.low[size_t(x) * size_t(axis.taps)];
        __m256i sumHigh = _mm256_setzero_si256();
        __m256i sumLow = _mm256_setzero_si256();
        for (int k = 0; k < axis.count[size_t(x)]; k += 4, from += 12) {
            __m128i bytes;
            if (end - from >= 16) {
                bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
            } else { // the last pixels of the picture; weights beyond count are 0
                alignas(16) uint8_t rest[16] = {};
                std::memcpy(rest, from, size_t(end - from));
                bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(rest));
            }
            const __m256i pairs = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), spread);
            sumHigh = _mm256_add_epi32(sumHigh, _mm256_madd_epi16(pairs, pairedWeights(high + k)));
            sumLow = _mm256_add_epi32(sumLow, _mm256_madd_epi16(pairs, pairedWeights(low + k)));
        }
        const __m128i h =
            _mm_add_epi32(_mm256_castsi256_si128(sumHigh), _mm256_extracti128_si256(sumHigh, 1));
        const __m128i l =
            _mm_add_epi32(_mm256_castsi256_si128(sumLow), _mm256_extracti128_si256(sumLow, 1));
        const __m128i words = _mm_packs_epi32(levels(h, l), _mm_setzero_si128());
        const int pixel = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
        if (x + 1 < outputs)
            std::memcpy(out, &pixel, 4); // the fourth byte is the next pixel's first
        else
            std::memcpy(out, &pixel, 3);
    }
}

ARGALI_AVX2 void vertical(uint8_t* out, const uint8_t* rows, size_t stride, size_t bytes,
                          const int16_t* high, const int16_t* low, int count)
{
    size_t i = 0;
    for (; i + 16 <= bytes; i += 16) {
        __m256i high0 = _mm256_setzero_si256(), high1 = high0, low0 = high0, low1 = high0;
        for (int k = 0; k < count; k += 2) {
            const uint8_t* from = rows + size_t(k) * stride + i;
            const uint8_t* next = k + 1 < count ? from + stride : from; // weight 0 beyond count
            const __m256i a =
                _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
            const __m256i b =
                _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(next)));
            int pairHigh, pairLow;
            std::memcpy(&pairHigh, high + k, 4);
            std::memcpy(&pairLow, low + k, 4);
            const __m256i wh = _mm256_set1_epi32(pairHigh), wl = _mm256_set1_epi32(pairLow);
            const __m256i ab0 = _mm256_unpacklo_epi16(a, b), ab1 = _mm256_unpackhi_epi16(a, b);
            high0 = _mm256_add_epi32(high0, _mm256_madd_epi16(ab0, wh));
            high1 = _mm256_add_epi32(high1, _mm256_madd_epi16(ab1, wh));
            low0 = _mm256_add_epi32(low0, _mm256_madd_epi16(ab0, wl));
            low1 = _mm256_add_epi32(low1, _mm256_madd_epi16(ab1, wl));
        }
        const __m256i words = _mm256_packs_epi32(levels(high0, low0), levels(high1, low1));
        const __m128i packed =
            _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), packed);
    }
    if (i < bytes)
        scalarKernels().vertical(out + i, rows + i, stride, bytes - i, high, low, count);
}

} // namespace

const Kernels* avx2Kernels()
{
    static constexpr Kernels kernels{horizontal, vertical};
    return __builtin_cpu_supports("avx2") ? &kernels : nullptr;
}

} // namespace argali::resample

#else

namespace argali::resample {

const Kernels* avx2Kernels()
{
    return nullptr;
}

} // namespace argali::resample

#endif
