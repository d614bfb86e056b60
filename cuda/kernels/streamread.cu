#include "cuda/kernels/streamread.h"

#include <launching.h>

#include "cuda/kernels/elements.h"

namespace argali::cuda {

namespace {

constexpr int readThreads = 512;
constexpr int blocksPerMultiprocessor = 4;
constexpr int inFlight = 8; // groups that a thread asks for before it uses the first

__global__ void __launch_bounds__(readThreads)
    streamReadKernel(uint32_t* result, const uint4* data, int64_t count)
{
    const int64_t step = static_cast<int64_t>(gridDim.x) * readThreads;
    uint32_t sum = 0;
    int64_t i = static_cast<int64_t>(blockIdx.x) * readThreads + threadIdx.x;
    for (; i + (inFlight - 1) * step < count; i += inFlight * step) {
        uint4 values[inFlight];
        for (int j = 0; j < inFlight; ++j)
            values[j] = __ldcs(data + i + j * step);
        for (int j = 0; j < inFlight; ++j)
            sum ^= values[j].x ^ values[j].y ^ values[j].z ^ values[j].w;
    }
    for (; i < count; i += step) {
        const uint4 value = __ldcs(data + i);
        sum ^= value.x ^ value.y ^ value.z ^ value.w;
    }
    if (sum == 0)
        *result = sum;
}

} // namespace

Launch streamReadLaunch(int multiprocessors)
{
    return {{multiprocessors * blocksPerMultiprocessor, 1, 1}, readThreads, 0};
}

void streamRead(uint32_t* result, const uint4* data, int64_t count, int multiprocessors,
                cudaStream_t stream)
{
    launch(streamReadKernel, streamReadLaunch(multiprocessors), stream, result, data, count);
}

} // namespace argali::cuda
