#include <launching.h>

#include "cuda/kernels/finishing.h"
#include "cuda/kernels/gemm.h"

namespace argali::cuda {

namespace {

constexpr int finishThreads = 256;

__global__ void __launch_bounds__(finishThreads)
    finishRowsKernel(Out out, int64_t outStride, int64_t outputs, Finish finish)
{
    const int64_t column = static_cast<int64_t>(blockIdx.y) * finishThreads + threadIdx.x;
    if (column >= outputs)
        return;
    const int64_t index = blockIdx.x * outStride + column;
    finishValue(out, index, loadFloat(out.data, out.type, index), column, finish);
}

__global__ void __launch_bounds__(finishThreads)
    roundValuesKernel(Out out, const float* values, int64_t count)
{
    const int64_t i = static_cast<int64_t>(blockIdx.x) * finishThreads + threadIdx.x;
    if (i < count)
        storeFloat(out, i, values[i]);
}

constexpr int64_t blocksFor(int64_t count)
{
    return (count + finishThreads - 1) / finishThreads;
}

} // namespace

Launch finishRowsLaunch(int64_t rows, int64_t outputs)
{
    return {{rows, blocksFor(outputs), 1}, finishThreads, 0};
}

Launch roundValuesLaunch(int64_t count)
{
    return {{blocksFor(count), 1, 1}, finishThreads, 0};
}

void finishRows(Out out, int64_t outStride, int64_t rows, int64_t outputs, const Finish& finish,
                cudaStream_t stream)
{
    Finish without = finish;
    without.add = false; // the sum is in out
    launch(finishRowsKernel, finishRowsLaunch(rows, outputs), stream, out, outStride, outputs,
           without);
}

void roundValues(Out out, const float* values, int64_t count, cudaStream_t stream)
{
    launch(roundValuesKernel, roundValuesLaunch(count), stream, out, values, count);
}

} // namespace argali::cuda
