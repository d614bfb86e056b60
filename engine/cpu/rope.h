#pragma once

#include "engine/backend.h"
#include "engine/cpu/context.h"

namespace argali::cpu {

/// Backend::headNormRopeAppend() for checked shapes; length tokens are in the cache before these.
void headNormRopeAppend(Context& context, Tensor& q, KvLayer& cache, const Tensor& qkv,
                        const HeadNorms& norms, const Rope& rope, int64_t length);

/// A picture's patches: rows x columns in blocks of merge x merge.
struct PatchGrid {
    int64_t rows = 0;
    int64_t columns = 0;
    int64_t merge = 1;

    struct Place {
        int64_t row;
        int64_t column;
    };
    /// Where patch number i of a frame is.
    Place place(int64_t i) const;
};

/// Backend::ropePatches() for checked shapes.
void ropePatches(Context& context, Tensor& qkv, int64_t heads, const PatchGrid& grid, float theta);

} // namespace argali::cpu
