#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace argali::cuda {

struct PatchPlace {
    int64_t row;
    int64_t column;
};

/// Where patch number i of a frame is: patches come in blocks of merge x merge, raster order within
/// and between blocks.
__device__ __forceinline__ PatchPlace placeOf(int64_t i, int64_t columns, int64_t merge)
{
    const int64_t block = i / (merge * merge);
    const int64_t within = i % (merge * merge);
    const int64_t blocksPerRow = columns / merge;
    return {block / blocksPerRow * merge + within / merge,
            block % blocksPerRow * merge + within % merge};
}

} // namespace argali::cuda
