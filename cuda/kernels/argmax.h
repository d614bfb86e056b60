#pragma once

#include <cuda_runtime.h>

#include "cuda/launch.h"

namespace argali::cuda {

/// One block for each part of the row.
Launch argmaxLaunch(int64_t count);

/// How many floats of scratch argmaxRow() needs.
int64_t argmaxScratch(int64_t count);

/// *index = the place of the largest logit, the first one of equals; -1 when one is NaN or
/// infinitely large, or there are none. Two launches, the second of one block, so that scratch
/// needs no initial value. Shape:  logits [count]; scratch [argmaxScratch(count)] Throws:
/// Error::Code::Internal for more logits than int32_t counts
void argmaxRow(int32_t* index, const float* logits, int64_t count, float* scratch,
               cudaStream_t stream);

} // namespace argali::cuda
