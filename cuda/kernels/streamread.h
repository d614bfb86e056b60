#pragma once

#include <cuda_runtime.h>

#include "cuda/launch.h"

namespace argali::cuda {

/// A few blocks for each multiprocessor, each striding through the whole buffer.
Launch streamReadLaunch(int multiprocessors);

/// Reads count groups of 16 bytes and writes their exclusive or where it is zero, so that no read
/// can be left out: the fastest that memory can be read.
void streamRead(uint32_t* result, const uint4* data, int64_t count, int multiprocessors,
                cudaStream_t stream);

} // namespace argali::cuda
