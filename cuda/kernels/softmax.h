#pragma once

#include <cuda_runtime.h>

#include "cuda/kernels/operand.h"
#include "cuda/launch.h"

namespace argali::cuda {

/// One block for each row.
Launch normSoftmaxRowsLaunch(int64_t rows);

/// probabilities = softmax(norm(logits)), without a norm where norm.weight is null; the columns
/// from width to stride become 0, those of logits are not read. Shape:  logits [rows, stride], norm
/// over width <= stride -> probabilities [rows, stride] Throws: Error::Code::Internal for rows of
/// 2^31 elements
void normSoftmaxRows(Out probabilities, const float* logits, const NormWeights& norm, int64_t rows,
                     int64_t width, int64_t stride, cudaStream_t stream);

} // namespace argali::cuda
