#pragma once

// Only for sources compiled with -mavx512f -mavx512bw -mavx512dq -mavx512vl, which include it once.
// Everything has internal linkage, so that no code of these instructions can stand in for another
// source's.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "engine/cpu/kernels.h"

namespace argali::cpu {
namespace {

/// Sixteen floats.
struct Vector {
    using Type = __m512;
    static constexpr int lanes = 16;

    // Shapes that fit 32 registers.
    static constexpr int tileVectors = 4;
    static constexpr int maxTileVectors = 5;
    static constexpr int tileRows(int vectors) { return vectors == 5 ? 5 : vectors == 4 ? 6 : 8; }
    static constexpr int dotRowsAtOnce(int xRows) { return xRows <= 2 ? 4 : 2; }
    static constexpr int weightedAtOnce = 4;
    static constexpr int depth = 384; // a panel of 64 columns: 96 KB

    static Type zero() { return _mm512_setzero_ps(); }
    static Type set(float x) { return _mm512_set1_ps(x); }
    static Type load(const float* p) { return _mm512_loadu_ps(p); }
    static void store(float* p, Type x) { _mm512_storeu_ps(p, x); }
    static Type add(Type x, Type y) { return _mm512_add_ps(x, y); }
    static Type subtract(Type x, Type y) { return _mm512_sub_ps(x, y); }
    static Type multiply(Type x, Type y) { return _mm512_mul_ps(x, y); }
    static Type divide(Type x, Type y) { return _mm512_div_ps(x, y); }
    /// x * y + z
    static Type fma(Type x, Type y, Type z) { return _mm512_fmadd_ps(x, y, z); }
    /// z - x * y
    static Type fnma(Type x, Type y, Type z) { return _mm512_fnmadd_ps(x, y, z); }
    /// The second where either is NaN.
    static Type max(Type x, Type y) { return _mm512_max_ps(x, y); }
    static Type min(Type x, Type y) { return _mm512_min_ps(x, y); }
    static Type round(Type x)
    {
        return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    }
    /// x * 2^n for whole n.
    static Type scaleByPower(Type x, Type n) { return _mm512_scalef_ps(x, n); }

    static float total(Type x) { return _mm512_reduce_add_ps(x); }
    static float largest(Type x) { return _mm512_reduce_max_ps(x); }

    static __mmask16 mask(int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
    /// The first n < lanes, the rest zero.
    static Type loadPart(const float* p, int64_t n) { return _mm512_maskz_loadu_ps(mask(n), p); }
    static void storePart(float* p, Type x, int64_t n) { _mm512_mask_storeu_ps(p, mask(n), x); }

    static Type fromF16(__m256i bits) { return _mm512_cvtph_ps(bits); }
    static Type fromBf16(__m256i bits)
    {
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
    }
    static __m256i toF16(Type x) { return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT); }
    static __m256i toBf16(Type x)
    {
        const __m512i bits = _mm512_castps_si512(x);
        const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
        const __m512i rounded =
            _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
        const __mmask16 isNan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
        const __m512i safe =
            _mm512_mask_or_epi32(rounded, isNan, bits, _mm512_set1_epi32(0x400000));
        return _mm512_cvtepi32_epi16(_mm512_srli_epi32(safe, 16));
    }

    template <Element element> static Type loadAs(const std::byte* p)
    {
        if constexpr (element == Element::F32)
            return _mm512_loadu_ps(p);
        const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
        return element == Element::F16 ? fromF16(bits) : fromBf16(bits);
    }
    template <Element element> static Type loadPartAs(const std::byte* p, int64_t n)
    {
        if constexpr (element == Element::F32)
            return _mm512_maskz_loadu_ps(mask(n), p);
        const __m256i bits = _mm256_maskz_loadu_epi16(mask(n), p);
        return element == Element::F16 ? fromF16(bits) : fromBf16(bits);
    }
    template <Element element> static void storeAs(std::byte* p, Type x)
    {
        if constexpr (element == Element::F32)
            _mm512_storeu_ps(p, x);
        else
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                                element == Element::F16 ? toF16(x) : toBf16(x));
    }
    template <Element element> static void storePartAs(std::byte* p, Type x, int64_t n)
    {
        if constexpr (element == Element::F32)
            _mm512_mask_storeu_ps(p, mask(n), x);
        else
            _mm256_mask_storeu_epi16(p, mask(n), element == Element::F16 ? toF16(x) : toBf16(x));
    }

    /// Row i of the result is column i of the sixteen.
    static void transpose(Type* x)
    {
        Type pairs[lanes];
        for (int i = 0; i < lanes; i += 2) {
            pairs[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
            pairs[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
        }
        Type fours[lanes];
        for (int i = 0; i < lanes; i += 4)
            for (int j = 0; j < 2; ++j) {
                fours[i + 2 * j] = _mm512_shuffle_ps(pairs[i + j], pairs[i + 2 + j], 0x44);
                fours[i + 2 * j + 1] = _mm512_shuffle_ps(pairs[i + j], pairs[i + 2 + j], 0xee);
            }
        // fours[4 g + c] holds columns c, c + 4, c + 8, c + 12 of rows 4 g .. 4 g + 3, a quarter
        // each.
        for (int c = 0; c < 4; ++c) {
            const Type low = _mm512_shuffle_f32x4(fours[c], fours[4 + c], 0x88);
            const Type high = _mm512_shuffle_f32x4(fours[c], fours[4 + c], 0xdd);
            const Type lowRest = _mm512_shuffle_f32x4(fours[8 + c], fours[12 + c], 0x88);
            const Type highRest = _mm512_shuffle_f32x4(fours[8 + c], fours[12 + c], 0xdd);
            x[c] = _mm512_shuffle_f32x4(low, lowRest, 0x88);
            x[c + 8] = _mm512_shuffle_f32x4(low, lowRest, 0xdd);
            x[c + 4] = _mm512_shuffle_f32x4(high, highRest, 0x88);
            x[c + 12] = _mm512_shuffle_f32x4(high, highRest, 0xdd);
        }
    }
};

} // namespace
} // namespace argali::cpu
