#pragma once

#include <vector>

#include <QString>

#include "cuda/kernels/operand.h"
#include "cuda/kernels/product.h"
#include "tests/cuda/cardmemory.h"

namespace argali::test {

/// An array in the middle of NaN: what a kernel reads beside it spoils its sums, what it writes
/// there shows.
class Surrounded final {
public:
    /// `before` elements of NaN lie in front; a multiple of 8 keeps the alignment of 16 bytes. With
    /// none behind, a sanitizer sees what is read there, even if it is not used.
    Surrounded(DType type, const std::vector<float>& values, int64_t before = 32,
               int64_t behind = 32);

    operator cuda::In() const { return {address(), m_type}; }
    operator cuda::Out() const { return {address(), m_type}; }
    void* address() const;
    const float* floats() const { return static_cast<const float*>(address()); }
    std::vector<float> values() const;
    void fill(const std::vector<float>& values);
    bool isSurroundingIntact() const;

private:
    DType m_type;
    int64_t m_before;
    int64_t m_behind;
    int64_t m_count;
    CardArray m_array;
};

/// One product with random values, and what comes out of it, computed in double.
struct ProductCase {
    cuda::ProductShape shape;
    DType type = DType::F32;      ///< of w
    DType inputType = DType::F32; ///< of x
    DType outType = DType::F32;
    enum class Normed { No, Rms, Layer } normed = Normed::No;
    bool bias = false;
    Activation activation = Activation::None;
    bool add = false;
    bool gated = false; ///< w has 2 N rows; silu(gate) * up
    bool table = false; ///< w is [K, N]

    std::vector<float> x, w, normWeight, normBias, biasValues, before, expected;

    /// Draws the values and computes what is expected.
    void prepare(unsigned seed);
    /// How far a result may be off, in parts of 1 + |expected|.
    float tolerance() const;
};

/// What an activation makes of a value, in double.
double activated(Activation activation, double value);

} // namespace argali::test
