#pragma once

#include "engine/backend.h"
#include "engine/cpu/context.h"

namespace argali::cpu {

/// One normalised row; out may be x.
void normRow(const Kernels& kernels, float* out, const float* x, const Norm& norm, int64_t n);

/// out = norm(x). Shape:  x [T, D] -> out [T, D]
void normRows(Context& context, Tensor& out, const Tensor& x, const Norm& norm);

} // namespace argali::cpu
