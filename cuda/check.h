#pragma once

#include <cuda_runtime.h>

namespace argali::cuda {

/// Throws when status is no success: Error::Code::OutOfMemory for a failed allocation, else
/// Error::Code::Device, with what was done and the driver's words.
void check(cudaError_t status, const char* doing);

} // namespace argali::cuda
