#pragma once

#include <cuda_runtime.h>

#include "cuda/kernels/operand.h"
#include "cuda/launch.h"

namespace argali {
struct PatchLayout;
}

namespace argali::cuda {

/// A patch for each index x of the grid, its features along y.
Launch patchifyLaunch(int64_t patches, int64_t vectors);
/// A patch for each index x of the grid, its columns along y.
Launch resizePositionsLaunch(int64_t patches, int64_t vectors);

/// Backend::patchify(); the picture is in the card's memory.
/// Shape:  image [height, width, 3] -> out [(height / patch) (width / patch), 3 patch^2]
void patchify(Out out, const uint8_t* image, int64_t height, int64_t width,
              const PatchLayout& layout, cudaStream_t stream);

/// Backend::resizePositions().
/// Shape:  table [side * side, width] -> out [rows * columns, width]
void resizePositions(float* out, const float* table, int64_t side, int64_t rows, int64_t columns,
                     int64_t merge, int64_t width, cudaStream_t stream);

} // namespace argali::cuda
