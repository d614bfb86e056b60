#pragma once

#include <cuda_runtime.h>

#include "cuda/kernels/operand.h"
#include "cuda/launch.h"

namespace argali::cuda {

/// One block for each row.
Launch normRowsLaunch(int64_t rows, int64_t width);

/// out = norm(x); in place is allowed when the types are the same.
/// Shape:  x [rows, width] -> out [rows, width]
void normRows(Out out, In x, const NormWeights& norm, int64_t rows, int64_t width,
              cudaStream_t stream);

} // namespace argali::cuda
