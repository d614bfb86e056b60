#pragma once

#include <cuda_runtime.h>

#include "cuda/kernels/operand.h"
#include "cuda/launch.h"

namespace argali::cuda {

/// A row for each index x of the grid, its vectors of some elements along y, one for each thread.
Launch rowsLaunch(int64_t rows, int64_t vectors);
/// One vector for each thread.
Launch convertLaunch(int64_t vectors);

/// out[t] = table[ids[t]], converted; NaN for an id outside [0, tableRows).
/// Shape:  table [tableRows, width], ids [count] -> out [count, width]
void gatherRows(Out out, In table, const int32_t* ids, int64_t count, int64_t width,
                int64_t tableRows, cudaStream_t stream);

/// out = x, converted.
/// Shape:  x [count] -> out [count]
void convertElements(Out out, In x, int64_t count, cudaStream_t stream);

/// x[r] += positions[r % period].
/// Shape:  x [rows, width], positions [period, width]
void addRows(Out x, const float* positions, int64_t rows, int64_t width, int64_t period,
             cudaStream_t stream);

/// out = silu(gate) * up with silu(a) = a / (1 + exp(-a)); gateUp has the columns gate, up.
/// Shape:  gateUp [rows, 2 width] -> out [rows, width]
void gateRows(Out out, In gateUp, int64_t rows, int64_t width, cudaStream_t stream);

/// *value = to, or += by, in the card's memory.
void setValue(int32_t* value, int32_t to, cudaStream_t stream);
void addValue(int32_t* value, int32_t by, cudaStream_t stream);

} // namespace argali::cuda
