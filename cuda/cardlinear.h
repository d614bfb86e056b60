#pragma once

#include "engine/backend.h"

namespace argali::cuda {

/// A linear layer in a card's memory: matrix [N, K] in the compute type, bias f32 [N] or empty.
class CardLinear final : public LinearWeight {
public:
    CardLinear(Tensor matrix, Tensor bias)
        : LinearWeight(matrix.dim(0), matrix.dim(1), matrix.type(), matrix.bytes()),
          m_matrix(std::move(matrix)),
          m_bias(std::move(bias))
    {
    }

    const Tensor& matrix() const { return m_matrix; }
    /// Null when there is none.
    const float* bias() const { return m_bias.isEmpty() ? nullptr : m_bias.as<float>(); }

private:
    Tensor m_matrix;
    Tensor m_bias;
};

} // namespace argali::cuda
