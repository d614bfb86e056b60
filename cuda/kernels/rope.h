#pragma once

#include <cuda_runtime.h>

#include "cuda/kernels/operand.h"
#include "cuda/launch.h"
#include "engine/backend.h"

namespace argali::cuda {

struct HeadLayout {
    int64_t tokens = 0;   ///< T
    int64_t heads = 0;    ///< H
    int64_t groups = 0;   ///< G
    int64_t width = 0;    ///< C, even, at most 256
    int64_t capacity = 0; ///< rows of a group in the cache
};

/// Tokens along x, their H + 2 G heads along y, one or several for each warp.
Launch headNormRopeLaunch(const HeadLayout& layout);
/// Some patches for each block; shared memory holds their angles.
Launch ropePatchesLaunch(int64_t patches, int64_t headWidth);

/// Backend::headNormRopeAppend(): norms the heads of q and k where norm.weight is given, rotates
/// them and appends k and v to the cache. The position of token t is *length + t; rows outside the
/// cache are not written. Shape:  qkv [T, (H + 2 G) C] -> q [T, H, C]; keys, values [G, capacity,
/// C] Throws: Error::Code::Internal for odd or too wide heads
void headNormRopeAppend(Out q, Out keys, Out values, In qkv, const NormWeights& query,
                        const NormWeights& key, const Rope& rope, const HeadLayout& layout,
                        const int32_t* length, cudaStream_t stream);

/// Backend::ropePatches(), in place.
/// Shape:  qkv [patches, 3 heads headWidth], columns q, k, v; patches a multiple of rows * columns
/// Throws: Error::Code::Internal for heads that are no multiple of four or wider than 256
void ropePatches(Out qkv, int64_t patches, int64_t heads, int64_t headWidth, int64_t rows,
                 int64_t columns, int64_t merge, float theta, cudaStream_t stream);

} // namespace argali::cuda
