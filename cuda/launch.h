#pragma once

#include <cstdint>

namespace argali::cuda {

/// How a kernel is spread: a grid of blocks in up to three dimensions, threads of a block in one
/// (whole warps), bytes of dynamic shared memory. Computed by pure functions beside the launchers
/// of kernels/.
struct Launch {
    int64_t grid[3] = {1, 1, 1};
    int threads = 0;
    int64_t sharedBytes = 0;
};

} // namespace argali::cuda
