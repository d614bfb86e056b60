#pragma once

// Only for sources compiled with -mavx2 -mfma -mf16c, which include it once. Everything has
// internal linkage, so that no code of these instructions can stand in for another source's.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

#include "engine/cpu/kernels.h"

namespace argali::cpu {
namespace {

/// Eight floats.
struct Vector {
    using Type = __m256;
    static constexpr int lanes = 8;

    // Shapes that fit 16 registers.
    static constexpr int tileVectors = 3;
    static constexpr int maxTileVectors = 3;
    static constexpr int tileRows(int vectors) { return vectors == 3 ? 4 : 6; }
    static constexpr int dotRowsAtOnce(int xRows) { return xRows == 1 ? 4 : xRows <= 3 ? 2 : 1; }
    static constexpr int weightedAtOnce = 2;
    static constexpr int depth = 256; // a panel of 24 columns: 24 KB

    static Type zero() { return _mm256_setzero_ps(); }
    static Type set(float x) { return _mm256_set1_ps(x); }
    static Type load(const float* p) { return _mm256_loadu_ps(p); }
    static void store(float* p, Type x) { _mm256_storeu_ps(p, x); }
    static Type add(Type x, Type y) { return _mm256_add_ps(x, y); }
    static Type subtract(Type x, Type y) { return _mm256_sub_ps(x, y); }
    static Type multiply(Type x, Type y) { return _mm256_mul_ps(x, y); }
    static Type divide(Type x, Type y) { return _mm256_div_ps(x, y); }
    /// x * y + z
    static Type fma(Type x, Type y, Type z) { return _mm256_fmadd_ps(x, y, z); }
    /// z - x * y
    static Type fnma(Type x, Type y, Type z) { return _mm256_fnmadd_ps(x, y, z); }
    /// The second where either is NaN.
    static Type max(Type x, Type y) { return _mm256_max_ps(x, y); }
    static Type min(Type x, Type y) { return _mm256_min_ps(x, y); }
    static Type round(Type x)
    {
        return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    }

    /// x * 2^n for whole n in [-252, 254]; in two steps, so that each power is a normal number.
    static Type scaleByPower(Type x, Type n)
    {
        const __m256i whole = _mm256_cvtps_epi32(n);
        const __m256i half = _mm256_srai_epi32(whole, 1);
        const __m256i rest = _mm256_sub_epi32(whole, half);
        return _mm256_mul_ps(_mm256_mul_ps(x, power(half)), power(rest));
    }
    static Type power(__m256i n)
    {
        return _mm256_castsi256_ps(
            _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
    }

    static float total(Type x)
    {
        __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
        four = _mm_add_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
    }
    static float largest(Type x)
    {
        __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
        four = _mm_max_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
    }

    static __m256i mask(int64_t n)
    {
        const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), index);
    }
    /// The first n < lanes, the rest zero.
    static Type loadPart(const float* p, int64_t n) { return _mm256_maskload_ps(p, mask(n)); }
    static void storePart(float* p, Type x, int64_t n) { _mm256_maskstore_ps(p, mask(n), x); }

    static Type fromF16(__m128i bits) { return _mm256_cvtph_ps(bits); }
    static Type fromBf16(__m128i bits)
    {
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
    }
    static __m128i toF16(Type x) { return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT); }
    static __m128i toBf16(Type x)
    {
        const __m256i bits = _mm256_castps_si256(x);
        const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
        const __m256i rounded =
            _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
        const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
        const __m256i isNan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
        const __m256i high = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, isNan), 16);
        const __m256i packed = _mm256_packus_epi32(high, high); // within each half
        return _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
    }

    template <Element element> static Type loadAs(const std::byte* p)
    {
        if constexpr (element == Element::F32)
            return load(reinterpret_cast<const float*>(p));
        const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        return element == Element::F16 ? fromF16(bits) : fromBf16(bits);
    }
    template <Element element> static Type loadPartAs(const std::byte* p, int64_t n)
    {
        if constexpr (element == Element::F32)
            return loadPart(reinterpret_cast<const float*>(p), n);
        uint16_t bits[lanes] = {};
        std::memcpy(bits, p, static_cast<size_t>(n) * 2);
        return loadAs<element>(reinterpret_cast<const std::byte*>(bits));
    }
    template <Element element> static void storeAs(std::byte* p, Type x)
    {
        if constexpr (element == Element::F32)
            store(reinterpret_cast<float*>(p), x);
        else
            _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                             element == Element::F16 ? toF16(x) : toBf16(x));
    }
    template <Element element> static void storePartAs(std::byte* p, Type x, int64_t n)
    {
        if constexpr (element == Element::F32) {
            storePart(reinterpret_cast<float*>(p), x, n);
        } else {
            uint16_t bits[lanes];
            storeAs<element>(reinterpret_cast<std::byte*>(bits), x);
            std::memcpy(p, bits, static_cast<size_t>(n) * 2);
        }
    }

    /// Row i of the result is column i of the eight.
    static void transpose(Type* x)
    {
        Type pairs[lanes];
        for (int i = 0; i < lanes; i += 2) {
            pairs[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
            pairs[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
        }
        Type fours[lanes];
        for (int i = 0; i < lanes; i += 4)
            for (int j = 0; j < 2; ++j) {
                fours[i + 2 * j] = _mm256_shuffle_ps(pairs[i + j], pairs[i + 2 + j], 0x44);
                fours[i + 2 * j + 1] = _mm256_shuffle_ps(pairs[i + j], pairs[i + 2 + j], 0xee);
            }
        for (int i = 0; i < 4; ++i) {
            x[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
            x[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
        }
    }
};

} // namespace
} // namespace argali::cpu
