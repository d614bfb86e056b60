#pragma once

#include <cuda_runtime.h>

#include "cuda/check.h"
#include "cuda/launch.h"

// How a kernel is started on a card. The tests have a file of this name that runs it on the
// processor.

namespace argali::cuda {

/// Enqueues kernel; nothing for an empty grid.
/// Throws: Error::Code::Device
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), const Launch& shape, cudaStream_t stream,
            Arguments... arguments)
{
    if (shape.grid[0] == 0 || shape.grid[1] == 0 || shape.grid[2] == 0)
        return;
    constexpr int64_t sharedWithoutAsking = 48 * 1024;
    if (shape.sharedBytes > sharedWithoutAsking)
        check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                   cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   static_cast<int>(shape.sharedBytes)),
              "shared memory of a kernel");
    cudaLaunchConfig_t config{};
    config.gridDim =
        dim3(static_cast<unsigned>(shape.grid[0]), static_cast<unsigned>(shape.grid[1]),
             static_cast<unsigned>(shape.grid[2]));
    config.blockDim = dim3(static_cast<unsigned>(shape.threads));
    config.dynamicSmemBytes = static_cast<size_t>(shape.sharedBytes);
    config.stream = stream;
    check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...),
          "kernel launch");
}

} // namespace argali::cuda
