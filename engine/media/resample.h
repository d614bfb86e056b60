#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/media/image.h"

namespace argali::resample {

/// Weights have 22 bits after the point. They are kept in two halves, weight = high * 4096 + low,
/// so that 16-bit multiply-adds give the very sums that 32-bit integers would.
constexpr int weightBits = 22;
constexpr int lowBits = 12;

/// Which source pixels make each pixel of one axis, and with what weights.
struct Axis {
    int taps = 0;           ///< weights stored per output pixel: count rounded up to four, rest 0
    std::vector<int> begin; ///< first source pixel of each output pixel
    std::vector<int> count; ///< source pixels of each output pixel
    std::vector<int16_t> high, low; ///< taps per output pixel
};

/// Throws: Error::Code::OutOfMemory
/// Source: Pillow 10.3, src/libImaging/Resample.c, precompute_coeffs and normalize_coeffs_8bpc
Axis makeAxis(int from, int to, ResizeFilter filter);

/// The two passes' inner loops. The scalar set is the reference; others must equal it.
struct Kernels {
    /// One output row from one source row; nothing is read at or after end.
    void (*horizontal)(uint8_t* out, const uint8_t* row, const uint8_t* end, const Axis& axis);
    /// One output row of so many bytes from count source rows, stride bytes apart.
    void (*vertical)(uint8_t* out, const uint8_t* rows, size_t stride, size_t bytes,
                     const int16_t* high, const int16_t* low, int count);
};

const Kernels& scalarKernels();
/// Null where this processor has no AVX2.
const Kernels* avx2Kernels();

/// resize() with these kernels; sizes are checked by the caller.
Image run(const Image& image, ImageSize size, ResizeFilter filter, const Kernels& kernels,
          const std::stop_token& stop);

} // namespace argali::resample
