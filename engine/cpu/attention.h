#pragma once

#include "engine/backend.h"
#include "engine/cpu/context.h"

namespace argali::cpu {

/// Backend::attend() for checked shapes; length tokens are in the cache before these.
void attend(Context& context, Tensor& out, const Tensor& q, const KvLayer& cache, int64_t length);

/// Backend::attendFrames() for checked shapes.
void attendFrames(Context& context, Tensor& out, const Tensor& qkv, int64_t heads,
                  int64_t framePatches);

} // namespace argali::cpu
