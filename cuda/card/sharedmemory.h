#pragma once

#include <cuda_runtime.h>

namespace argali::cuda {

/// The dynamic shared memory of this block, aligned to 16 bytes: the only kind that kernels use, so
/// that a test can watch its bounds.
template <typename T> __device__ __forceinline__ T* sharedMemory()
{
    extern __shared__ __align__(16) unsigned char argaliSharedMemory[];
    return reinterpret_cast<T*>(argaliSharedMemory);
}

} // namespace argali::cuda
