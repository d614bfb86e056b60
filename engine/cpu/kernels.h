#pragma once

// Included by sources that are compiled for one instruction set each: nothing here may be an inline
// function or a template, whose code the linker could share with processors that lack the set.

#include <cstddef>
#include <cstdint>

namespace argali::cpu {

/// Floating types of elements in memory.
enum class Element { F32, F16, BF16 };

/// Products of a few rows with a panel of columns. The right-hand factor is packed: a panel holds
/// some columns, in whole vectors, padded with zeros, as [k][width] or, for BF16, as [k /
/// 2][width][2] with an odd k padded with zeros. The left-hand rows lie as they are, padded in the
/// same way.
struct PanelKernels {
    static constexpr int vectorLimit = 5;

    Element element;           ///< of the rows and the panels
    int lanes;                 ///< columns of a vector
    int vectors;               ///< of a panel in large products
    int maxVectors;            ///< of any panel, at most vectorLimit
    int depth;                 ///< k of a panel in large products, such that it stays in the cache
    int rows[vectorLimit + 1]; ///< rows of the largest tile by vectors of its panel

    /// Column j of the panel is elements k0 .. k0 + k - 1 of columns[j], for j < count.
    void (*packColumns)(void* panel, int width, const std::byte* const* columns, int count,
                        Element type, int64_t k0, int64_t k);
    /// Column j of the panel is element j of k rows, stride bytes apart, for j < count.
    void (*packRows)(void* panel, int width, const std::byte* rows, int64_t stride, int count,
                     Element type, int64_t k);
    /// c [rows, vectors * lanes] = or += a [rows, k] panel; strides in elements.
    void (*tile)(float* c, int64_t cStride, const void* a, int64_t aStride, const void* panel,
                 int vectors, int rows, int64_t k, bool add);
};

/// Products of BF16 with BF16, with f32 sums.
struct Bf16Kernels {
    /// As Kernels::dotRows, for BF16 rows and x.
    void (*dotRows)(float* out, int64_t outStride, const std::byte* const* rows, int64_t count,
                    int64_t k, const uint16_t* x, int64_t xStride, int xRows);
    const PanelKernels* panels;
};

/// The inner loops of all operations, for one instruction set. Pointers to bytes need no alignment.
struct Kernels {
    /// Rows of x that dotRows and weightedRows take at once, at most.
    static constexpr int rowLimit = 8;

    // Elements
    void (*load)(float* out, const std::byte* in, Element type, int64_t n);
    /// Rounds to nearest, ties to even; NaN stays NaN.
    void (*store)(std::byte* out, Element type, const float* in, int64_t n);
    void (*add)(float* x, const float* y, int64_t n);
    void (*scale)(float* x, float factor, int64_t n);
    /// out = (x - centre) * factor * weight + bias; without a bias when that is null.
    void (*affine)(float* out, const float* x, float centre, float factor, const float* weight,
                   const float* bias, int64_t n);
    void (*geluTanh)(float* x, int64_t n);
    void (*gelu)(float* x, int64_t n);
    void (*quickGelu)(float* x, int64_t n);
    /// gate = silu(gate) * up
    void (*siluTimes)(float* gate, const float* up, int64_t n);
    /// The pairs (x[j], x[j + half]) turned by angles of these cosines and sines.
    void (*rotate)(float* x, const float* cosines, const float* sines, int64_t half);

    // Sums over a row
    float (*sum)(const float* x, int64_t n);
    float (*sumSquares)(const float* x, float centre, int64_t n);
    float (*maximum)(const float* x, int64_t n);
    /// x = exp(x - shift); returns the sum.
    float (*expSum)(float* x, float shift, int64_t n);

    // Products that read their weights once
    /// out[t * outStride + r] = x[t] . rows[r], for r < count and t < xRows <= rowLimit.
    /// x is padded with zeros to a multiple of 64 elements.
    void (*dotRows)(float* out, int64_t outStride, const std::byte* const* rows, int64_t count,
                    Element type, int64_t k, const float* x, int64_t xStride, int xRows);
    /// out[t] [n] = sum over s < count of weights[t * weightStride + s] * row s; t < xRows <=
    /// rowLimit.
    void (*weightedRows)(float* out, int64_t outStride, const float* weights, int64_t weightStride,
                         int xRows, const std::byte* rows, int64_t stride, int64_t count,
                         Element type, int64_t n);

    const PanelKernels* panels;
    const Bf16Kernels* bf16; ///< null where the set has no instruction for them
};

extern const Kernels scalarKernels;
extern const Kernels avx2Kernels;
extern const Kernels avx512Kernels;
extern const Bf16Kernels avx512Bf16Kernels; ///< beside those of AVX-512

// Multiply-adds out of registers, for measuring what a processor can do at best.

/// Runs rounds of independent multiply-adds; returns the operations done (a multiply-add is two).
using PeakLoop = double (*)(int64_t rounds);
double scalarPeak(int64_t rounds);
double avx2Peak(int64_t rounds);
double avx512Peak(int64_t rounds);
double avx512Bf16Peak(int64_t rounds);

} // namespace argali::cpu
