// What the fused layers share: half precision, exponential, small matrix products, sums.

#pragma once

#include <torch/extension.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

namespace fused {

using at::Tensor;
using Vec = float __attribute__((vector_size(64), aligned(4)));
constexpr int64_t kLanes = 16;

// bfloat16 in plain integer arithmetic, which the compiler turns into vector instructions
struct Half {
    uint16_t bits;

    Half() = default;
    explicit Half(float f)
    {
        const auto u = std::bit_cast<uint32_t>(f);
        bits = uint16_t((u + 0x7fff + ((u >> 16) & 1)) >> 16);
    }
    explicit operator float() const { return std::bit_cast<float>(uint32_t(bits) << 16); }
};

// e^x to 2e-7 of its value for x below 88, likewise
inline float exponential(float x)
{
    const float y = std::max(x, -87.0f) * 1.44269504f;
    const float whole = std::floor(y + 0.5f), f = (y - whole) * 0.693147181f;
    const float p =
        1 +
        f * (1 + f * (0.5f + f * (0.166666667f + f * (0.0416666667f +
                                                      f * (0.00833333333f + f * 0.00138888889f)))));
    return p * std::bit_cast<float>((int32_t(whole) + 127) << 23);
}

inline Tensor half(const Tensor& t)
{
    return t.to(at::kBFloat16).contiguous();
}

inline const Half* in(const Tensor& t)
{
    return static_cast<const Half*>(t.const_data_ptr());
}

inline Half* out(Tensor& t)
{
    return static_cast<Half*>(t.mutable_data_ptr());
}

// C [m, n] (+)= A [m, k] B [k, n]; A by any strides, n a multiple of 16.
template <int Rows, int Columns>
void multiplyTile(int64_t k, const float* a, int64_t aRow, int64_t aStep, const float* b,
                  int64_t bRow, float* c, int64_t cRow, bool add)
{
    Vec sum[Rows][Columns];
    for (int r = 0; r < Rows; ++r)
        for (int j = 0; j < Columns; ++j)
            sum[r][j] = add ? *reinterpret_cast<const Vec*>(c + r * cRow + j * kLanes) : Vec{};
    for (int64_t i = 0; i < k; ++i) {
        Vec right[Columns];
        for (int j = 0; j < Columns; ++j)
            right[j] = *reinterpret_cast<const Vec*>(b + i * bRow + j * kLanes);
        for (int r = 0; r < Rows; ++r) {
            const float left = a[r * aRow + i * aStep];
            for (int j = 0; j < Columns; ++j)
                sum[r][j] += left * right[j];
        }
    }
    for (int r = 0; r < Rows; ++r)
        for (int j = 0; j < Columns; ++j)
            *reinterpret_cast<Vec*>(c + r * cRow + j * kLanes) = sum[r][j];
}

template <int Columns>
void multiplyColumns(int64_t m, int64_t k, const float* a, int64_t aRow, int64_t aStep,
                     const float* b, int64_t bRow, float* c, int64_t cRow, bool add)
{
    int64_t r = 0;
    for (; r + 6 <= m; r += 6)
        multiplyTile<6, Columns>(k, a + r * aRow, aRow, aStep, b, bRow, c + r * cRow, cRow, add);
    for (; r + 2 <= m; r += 2)
        multiplyTile<2, Columns>(k, a + r * aRow, aRow, aStep, b, bRow, c + r * cRow, cRow, add);
    for (; r < m; ++r)
        multiplyTile<1, Columns>(k, a + r * aRow, aRow, aStep, b, bRow, c + r * cRow, cRow, add);
}

inline void multiply(int64_t m, int64_t n, int64_t k, const float* a, int64_t aRow, int64_t aStep,
                     const float* b, int64_t bRow, float* c, int64_t cRow, bool add = false)
{
    int64_t j = 0;
    for (; j + 3 * kLanes <= n; j += 3 * kLanes)
        multiplyColumns<3>(m, k, a, aRow, aStep, b + j, bRow, c + j, cRow, add);
    for (; j < n; j += kLanes)
        multiplyColumns<1>(m, k, a, aRow, aStep, b + j, bRow, c + j, cRow, add);
}

inline Tensor plus(const Tensor& x, const Tensor& y)
{
    auto sum = at::empty_like(x);
    const float* a = x.const_data_ptr<float>();
    const Half* b = in(y);
    float* __restrict to = sum.mutable_data_ptr<float>();
    for (int64_t i = 0, n = x.numel(); i < n; ++i)
        to[i] = a[i] + float(b[i]);
    return sum;
}

} // namespace fused
