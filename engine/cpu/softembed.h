#pragma once

#include "engine/backend.h"
#include "engine/cpu/context.h"
#include "engine/cpu/linear.h"

namespace argali::cpu {

/// Backend::softEmbed() for checked shapes.
void softEmbed(Context& context, Tensor& out, const Tensor& x, const CpuLinear& w, const Norm& norm,
               const Tensor& table);

} // namespace argali::cpu
