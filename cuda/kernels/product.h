#pragma once

#include <cstdint>

#include "engine/backend.h"

// What the kernels of matrix products have in common.

namespace argali::cuda {

/// x [T, K] times w [N, K] transposed.
struct ProductShape {
    int64_t rows = 0;    ///< T
    int64_t outputs = 0; ///< N
    int64_t inputs = 0;  ///< K
};

/// What becomes of a sum before it is stored.
struct Finish {
    const float* bias = nullptr; ///< [N]; null: none
    Activation activation = Activation::None;
    bool add = false; ///< out += sum + bias; no activation then
};

} // namespace argali::cuda
