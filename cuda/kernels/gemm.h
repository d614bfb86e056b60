#pragma once

#include <cuda_runtime.h>

#include "cuda/kernels/operand.h"
#include "cuda/kernels/product.h"
#include "cuda/launch.h"

namespace argali::cuda {

/// How a product is cut into tiles of out.
struct GemmPlan {
    bool large = false; ///< tiles of 128 x 128, else 64 x 64
    Launch launch;      ///< a block for each tile, those of one column of tiles behind each other
};

/// Which tiles are taken: to measure and to test one kind; the large ones need aligned rows.
enum class GemmTiles { Best, Large, Small };

/// The plan for x and w of this type. aligned: rows begin at multiples of 16 bytes.
/// Shared memory is at most 48 KiB.
GemmPlan gemmPlan(int64_t rows, int64_t outputs, DType type, bool aligned,
                  GemmTiles tiles = GemmTiles::Best);

/// out = finish(x w^T) with sums in f32, on the tensor cores for f16 and bf16. Rows of out begin
/// outStride elements apart; what lies between them stays. Shape:  x [T, K], w [N, K], one type ->
/// out [T, N], f32 or that type
void gemm(Out out, In x, In w, const ProductShape& shape, const Finish& finish, int64_t outStride,
          cudaStream_t stream, GemmTiles tiles = GemmTiles::Best);

/// out = p table, the table by rows. Rows of p begin pStride elements apart; up to seven columns
/// behind `inputs` are read and have to be zero. Shape:  p [rows, inputs], table [>= inputs,
/// outputs], one type -> out [rows, outputs], f32 or that type
void gemmTable(Out out, In p, In table, int64_t rows, int64_t outputs, int64_t inputs,
               int64_t pStride, cudaStream_t stream, GemmTiles tiles = GemmTiles::Best);

/// A row for each index x of the grid, its columns along y, one for each thread.
Launch finishRowsLaunch(int64_t rows, int64_t outputs);
/// One value for each thread.
Launch roundValuesLaunch(int64_t count);

/// out = finish(out) for a product that is there already; with add only the bias is missing.
/// Shape:  out [rows, outputs], rows outStride apart
void finishRows(Out out, int64_t outStride, int64_t rows, int64_t outputs, const Finish& finish,
                cudaStream_t stream);

/// out = values, rounded.
/// Shape:  values f32 [count] -> out [count]
void roundValues(Out out, const float* values, int64_t count, cudaStream_t stream);

} // namespace argali::cuda
