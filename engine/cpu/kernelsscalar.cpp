#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/cpu/halffloat.h"
#include "engine/cpu/kernels.h"

// The reference of the other sources kernels*.cpp: what each of their functions computes, in plain
// words.

namespace argali::cpu {

namespace {

constexpr int lanes = 8;
constexpr int tileRows = 4;

/// Element i; in need not be aligned.
float element(const std::byte* in, Element type, int64_t i)
{
    if (type == Element::F32) {
        float value;
        std::memcpy(&value, in + i * 4, sizeof value);
        return value;
    }
    uint16_t bits;
    std::memcpy(&bits, in + i * 2, sizeof bits);
    return type == Element::BF16 ? floatOfBf16(bits) : floatOfF16(bits);
}

void load(float* out, const std::byte* in, Element type, int64_t n)
{
    for (int64_t i = 0; i < n; ++i)
        out[i] = element(in, type, i);
}

void store(std::byte* out, Element type, const float* in, int64_t n)
{
    if (type == Element::F32) {
        std::memcpy(out, in, static_cast<size_t>(n) * sizeof(float));
        return;
    }
    for (int64_t i = 0; i < n; ++i) {
        const uint16_t bits = type == Element::BF16 ? bf16OfFloat(in[i]) : f16OfFloat(in[i]);
        std::memcpy(out + i * 2, &bits, sizeof bits);
    }
}

void add(float* x, const float* y, int64_t n)
{
    for (int64_t i = 0; i < n; ++i)
        x[i] += y[i];
}

void scale(float* x, float factor, int64_t n)
{
    for (int64_t i = 0; i < n; ++i)
        x[i] *= factor;
}

void affine(float* out, const float* x, float centre, float factor, const float* weight,
            const float* bias, int64_t n)
{
    for (int64_t i = 0; i < n; ++i)
        out[i] = (x[i] - centre) * factor * weight[i] + (bias != nullptr ? bias[i] : 0.0f);
}

void geluTanh(float* x, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) {
        const float inner = 0.7978845608028654f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
        // 0.5 (1 + tanh u) = 1 / (1 + exp(-2 u)), which keeps its digits for very negative u
        x[i] = x[i] / (1.0f + std::exp(-2.0f * inner));
    }
}

void gelu(float* x, int64_t n)
{
    // 1 + erf(u) = erfc(-u), which keeps its digits for very negative u
    for (int64_t i = 0; i < n; ++i)
        x[i] = 0.5f * x[i] * std::erfc(x[i] * -0.70710678118654752f);
}

void quickGelu(float* x, int64_t n)
{
    for (int64_t i = 0; i < n; ++i)
        x[i] = x[i] / (1.0f + std::exp(-1.702f * x[i]));
}

void siluTimes(float* gate, const float* up, int64_t n)
{
    for (int64_t i = 0; i < n; ++i)
        gate[i] = gate[i] / (1.0f + std::exp(-gate[i])) * up[i];
}

void rotate(float* x, const float* cosines, const float* sines, int64_t half)
{
    for (int64_t j = 0; j < half; ++j) {
        const float first = x[j];
        const float second = x[j + half];
        x[j] = first * cosines[j] - second * sines[j];
        x[j + half] = second * cosines[j] + first * sines[j];
    }
}

float sum(const float* x, int64_t n)
{
    double total = 0;
    for (int64_t i = 0; i < n; ++i)
        total += x[i];
    return static_cast<float>(total);
}

float sumSquares(const float* x, float centre, int64_t n)
{
    double total = 0;
    for (int64_t i = 0; i < n; ++i) {
        const float difference = x[i] - centre;
        total += static_cast<double>(difference) * difference;
    }
    return static_cast<float>(total);
}

float maximum(const float* x, int64_t n)
{
    float largest = -std::numeric_limits<float>::infinity();
    for (int64_t i = 0; i < n; ++i)
        largest = std::max(largest, x[i]);
    return largest;
}

float expSum(float* x, float shift, int64_t n)
{
    double total = 0;
    for (int64_t i = 0; i < n; ++i) {
        x[i] = std::exp(x[i] - shift);
        total += x[i];
    }
    return static_cast<float>(total);
}

void dotRows(float* out, int64_t outStride, const std::byte* const* rows, int64_t count,
             Element type, int64_t k, const float* x, int64_t xStride, int xRows)
{
    for (int64_t r = 0; r < count; ++r) {
        float totals[Kernels::rowLimit] = {};
        for (int64_t i = 0; i < k; ++i) {
            const float weight = element(rows[r], type, i);
            for (int t = 0; t < xRows; ++t)
                totals[t] += weight * x[t * xStride + i];
        }
        for (int t = 0; t < xRows; ++t)
            out[t * outStride + r] = totals[t];
    }
}

void weightedRows(float* out, int64_t outStride, const float* weights, int64_t weightStride,
                  int xRows, const std::byte* rows, int64_t stride, int64_t count, Element type,
                  int64_t n)
{
    for (int t = 0; t < xRows; ++t)
        std::fill_n(out + t * outStride, n, 0.0f);
    for (int64_t s = 0; s < count; ++s)
        for (int t = 0; t < xRows; ++t)
            for (int64_t i = 0; i < n; ++i)
                out[t * outStride + i] +=
                    weights[t * weightStride + s] * element(rows + s * stride, type, i);
}

void packColumns(void* panel, int width, const std::byte* const* columns, int count, Element type,
                 int64_t k0, int64_t k)
{
    auto* const out = static_cast<float*>(panel);
    for (int j = 0; j < width; ++j)
        for (int64_t i = 0; i < k; ++i)
            out[i * width + j] = j < count ? element(columns[j], type, k0 + i) : 0.0f;
}

void packRows(void* panel, int width, const std::byte* rows, int64_t stride, int count,
              Element type, int64_t k)
{
    auto* const out = static_cast<float*>(panel);
    for (int64_t i = 0; i < k; ++i) {
        load(out + i * width, rows + i * stride, type, count);
        std::fill_n(out + i * width + count, width - count, 0.0f);
    }
}

void tile(float* c, int64_t cStride, const void* a, int64_t aStride, const void* panel, int vectors,
          int rows, int64_t k, bool keep)
{
    const auto* const left = static_cast<const float*>(a);
    const auto* const right = static_cast<const float*>(panel);
    const int width = vectors * lanes;
    for (int v = 0; v < vectors; ++v) {
        float totals[tileRows][lanes] = {};
        for (int64_t i = 0; i < k; ++i)
            for (int r = 0; r < rows; ++r)
                for (int j = 0; j < lanes; ++j)
                    totals[r][j] += left[r * aStride + i] * right[i * width + v * lanes + j];
        for (int r = 0; r < rows; ++r)
            for (int j = 0; j < lanes; ++j) {
                float& target = c[r * cStride + v * lanes + j];
                target = (keep ? target : 0.0f) + totals[r][j];
            }
    }
}

constexpr PanelKernels panels{
    .element = Element::F32,
    .lanes = lanes,
    .vectors = 2,
    .maxVectors = 2,
    .depth = 256,
    .rows = {0, tileRows, tileRows, 0, 0, 0},
    .packColumns = packColumns,
    .packRows = packRows,
    .tile = tile,
};

} // namespace

constinit const Kernels scalarKernels{
    .load = load,
    .store = store,
    .add = add,
    .scale = scale,
    .affine = affine,
    .geluTanh = geluTanh,
    .gelu = gelu,
    .quickGelu = quickGelu,
    .siluTimes = siluTimes,
    .rotate = rotate,
    .sum = sum,
    .sumSquares = sumSquares,
    .maximum = maximum,
    .expSum = expSum,
    .dotRows = dotRows,
    .weightedRows = weightedRows,
    .panels = &panels,
    .bf16 = nullptr,
};

double scalarPeak(int64_t rounds)
{
    // Eight chains hide the latency of one multiplication and one addition.
    float totals[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    volatile float given = 0.999f;
    const float factor = given;
    for (int64_t i = 0; i < rounds; ++i)
        for (float& total : totals)
            total = total * factor + factor;
    float all = 0;
    for (const float total : totals)
        all += total;
    given = all; // keeps the loop from being removed
    return static_cast<double>(rounds) * 8 * 2;
}

} // namespace argali::cpu
