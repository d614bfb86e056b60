#pragma once

#include "engine/tensor.h"

namespace argali::cuda {

/// Where a kernel reads or writes, in the card's memory. Rows are dense unless a launcher says
/// otherwise.
struct In {
    const void* data = nullptr;
    DType type = DType::F32;
};
struct Out {
    void* data = nullptr;
    DType type = DType::F32;
};

/// A normalisation as kernels see it; Norm of engine/backend.h.
struct NormWeights {
    bool layer = false;            ///< LayerNorm with bias, else RMS norm
    const float* weight = nullptr; ///< null: no norm
    const float* bias = nullptr;   ///< only for LayerNorm
    float epsilon = 0;
};

} // namespace argali::cuda
