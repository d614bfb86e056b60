#pragma once

#include <cuda_runtime.h>

#include "cuda/check.h"
#include "cuda/launch.h"

namespace argali::cuda {

/// Enqueues a kernel of the emulated card; nothing for an empty grid. Arguments are copied, as on a
/// card.
template <typename... Parameters, typename... Arguments>
void launch(void (*kernel)(Parameters...), const Launch& shape, cudaStream_t stream,
            Arguments... arguments)
{
    const emulator::Index grid{static_cast<unsigned>(shape.grid[0]),
                               static_cast<unsigned>(shape.grid[1]),
                               static_cast<unsigned>(shape.grid[2])};
    if (grid.x == 0 || grid.y == 0 || grid.z == 0)
        return;
    const auto threads = static_cast<unsigned>(shape.threads);
    const auto shared = static_cast<size_t>(shape.sharedBytes);
    const auto run = [=] {
        emulator::runKernel(grid, threads, shared,
                            [&] { kernel(static_cast<Parameters>(arguments)...); });
    };
    check(emulator::enqueue(stream, run, true), "kernel launch");
}

} // namespace argali::cuda
