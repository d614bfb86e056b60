#pragma once

#include <cuda_runtime.h>

#include "cuda/kernels/operand.h"
#include "cuda/kernels/product.h"
#include "cuda/launch.h"

namespace argali::cuda {

/// Rows of x that one read of the weights serves.
constexpr int64_t gemvRowLimit = 8;

/// How the work of a GEMV is cut.
struct GemvPlan {
    int rows = 1;      ///< of x in a thread's sums: 1, 4 or 8; those behind T are not stored
    bool wide = false; ///< weights in accesses of 16 bytes, else element by element
    int groups = 1;    ///< turns of a block: in each, every warp multiplies two rows of w
    int64_t piece = 0; ///< columns of x in shared memory at a time; less than K: one turn
    Launch launch; ///< shared memory: the piece of each row in w's type, and the sums of the warps
};

/// The plan for w of this type, shape.rows in 0..8. gated: outputs are pairs of rows of w. aligned:
/// all addresses are multiples of 16. Shared memory stays below 49 KiB on every card.
GemvPlan gemvPlan(const ProductShape& shape, DType type, bool gated, bool aligned);

/// out = finish(norm(x) w^T) for up to eight rows; without norm.weight there is no norm. norm(x) is
/// rounded to the type of w, sums are f32. Shape:  x [T, K] of any floating type, w [N, K] -> out
/// [T, N], f32 or the type of w
void gemv(Out out, In x, const NormWeights& norm, In w, const ProductShape& shape,
          const Finish& finish, cudaStream_t stream);

/// out = silu(gate) * up, where [gate, up] = norm(x) w^T; shape.outputs is F.
/// Shape:  x [T, K], w [2 F, K], gate rows first -> out [T, F], f32 or the type of w
void gemvGateUp(Out out, In x, const NormWeights& norm, In w, const ProductShape& shape,
                cudaStream_t stream);

} // namespace argali::cuda
