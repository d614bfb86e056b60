#pragma once

#include <vector>

#include "engine/backend.h"
#include "engine/cpu/context.h"

namespace argali::cpu {

/// Weights of a linear layer: the stored rows in place, or converted once when their type does not
/// fit.
class CpuLinear final : public LinearWeight {
public:
    /// Throws: Error::Code::Internal for shapes that disagree, Error::Code::OutOfMemory
    static Linear make(const Kernels& kernels, const LinearSource& source);

    Element element() const { return m_element; }
    /// Addresses of rows [first, first + count); they need not be aligned.
    void rows(const std::byte** out, int64_t first, int64_t count) const;
    /// f32 [N], or null.
    const float* bias() const { return m_bias.isEmpty() ? nullptr : m_bias.as<float>(); }

private:
    CpuLinear(std::vector<Tensor> parts, Tensor bias, Element element, int64_t outputs,
              int64_t inputs, DType compute);

    std::vector<Tensor> m_parts; ///< stacked along N
    Tensor m_bias;
    Element m_element;
};

/// What becomes of a product.
struct Finish {
    enum class Kind {
        Store, ///< out = activation(product)
        Add,   ///< out += product
        Gated, ///< out = silu(first half of the product) * second half
    };
    Kind kind = Kind::Store;
    Activation activation = Activation::None;
};

/// values = activation(values)
void activateValues(const Kernels& kernels, Activation activation, float* values, int64_t count);

/// out = finish(norm(x) w^T + bias); no norm when that is null.
/// Shape:  x [T, K], w [N, K] -> out [T, N], or [T, N / 2] when gated
void multiply(Context& context, Tensor& out, const Tensor& x, const Norm* norm, const CpuLinear& w,
              const Finish& finish);

} // namespace argali::cpu
