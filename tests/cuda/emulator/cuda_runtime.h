#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <type_traits>

#include "fibers.h"

// The part of the CUDA runtime that cuda/ uses, on the processor: memory is ordinary memory with
// its bounds, a stream is a queue that runs when somebody waits for it, a graph is the queue that
// was captured.

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__ __restrict

#define threadIdx (::argali::emulator::thisThread().thread)
#define blockIdx (::argali::emulator::thisThread().block)
#define blockDim (::argali::emulator::thisThread().blockSize)
#define gridDim (::argali::emulator::thisThread().gridSize)

// Vector types

struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(16) int4 {
    int x, y, z, w;
};
inline float2 make_float2(float x, float y)
{
    return {x, y};
}
inline float4 make_float4(float x, float y, float z, float w)
{
    return {x, y, z, w};
}
inline uint2 make_uint2(unsigned x, unsigned y)
{
    return {x, y};
}
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w)
{
    return {x, y, z, w};
}

// Threads among themselves

inline void __syncthreads()
{
    argali::emulator::blockBarrier();
}

inline void requireWholeWarp(unsigned mask)
{
    if (mask != 0xffffffffu)
        throw std::logic_error("a part of a warp exchanges values");
}

template <typename T>
T laneValue(const std::array<argali::emulator::Slot, 32>& values, unsigned lane)
{
    T value;
    std::memcpy(&value, values[lane % 32].bytes, sizeof(T));
    return value;
}

inline void __syncwarp(unsigned mask = 0xffffffffu)
{
    requireWholeWarp(mask);
    const int nothing = 0;
    argali::emulator::exchange(&nothing, sizeof nothing);
}

template <typename T> T __shfl_sync(unsigned mask, T value, int lane)
{
    requireWholeWarp(mask);
    return laneValue<T>(argali::emulator::exchange(&value, sizeof value),
                        static_cast<unsigned>(lane));
}

template <typename T> T __shfl_xor_sync(unsigned mask, T value, int laneMask)
{
    requireWholeWarp(mask);
    const unsigned lane = threadIdx.x % 32;
    return laneValue<T>(argali::emulator::exchange(&value, sizeof value),
                        lane ^ static_cast<unsigned>(laneMask));
}

template <typename T> T __shfl_down_sync(unsigned mask, T value, unsigned delta)
{
    requireWholeWarp(mask);
    const unsigned lane = threadIdx.x % 32;
    const auto& values = argali::emulator::exchange(&value, sizeof value);
    return laneValue<T>(values, lane + delta < 32 ? lane + delta : lane);
}

inline unsigned __ballot_sync(unsigned mask, int predicate)
{
    requireWholeWarp(mask);
    const auto& values = argali::emulator::exchange(&predicate, sizeof predicate);
    unsigned bits = 0;
    for (unsigned lane = 0; lane < 32; ++lane)
        bits |= laneValue<int>(values, lane) != 0 ? 1u << lane : 0;
    return bits;
}

inline int __any_sync(unsigned mask, int predicate)
{
    return __ballot_sync(mask, predicate) != 0;
}
inline int __all_sync(unsigned mask, int predicate)
{
    return __ballot_sync(mask, predicate) == 0xffffffffu;
}

inline void __threadfence() {} // one thread runs at a time

template <typename T> T atomicAdd(T* address, T value)
{
    const T old = *address;
    *address = old + value;
    return old;
}

template <typename T> T atomicMax(T* address, T value)
{
    const T old = *address;
    *address = std::max(old, value);
    return old;
}

inline unsigned atomicInc(unsigned* address, unsigned limit)
{
    const unsigned old = *address;
    *address = old >= limit ? 0 : old + 1;
    argali::emulator::letOthersOvertake();
    return old;
}

// Arithmetic

inline float rsqrtf(float x)
{
    return 1 / std::sqrt(x);
}
inline float __expf(float x)
{
    return std::exp(x);
}
inline float __fdividef(float x, float y)
{
    return x / y;
}
inline float __int_as_float(int x)
{
    float y;
    std::memcpy(&y, &x, 4);
    return y;
}
inline float __uint_as_float(unsigned x)
{
    float y;
    std::memcpy(&y, &x, 4);
    return y;
}
inline int __float_as_int(float x)
{
    int y;
    std::memcpy(&y, &x, 4);
    return y;
}
inline unsigned __float_as_uint(float x)
{
    unsigned y;
    std::memcpy(&y, &x, 4);
    return y;
}
template <typename T> T __ldg(const T* address)
{
    return *address;
}
template <typename T> T __ldcs(const T* address)
{
    return *address;
}
using std::max;
using std::min;

// Runtime

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInsufficientDriver = 35,
    cudaErrorNoDevice = 100,
    cudaErrorIllegalAddress = 700,
};
enum cudaMemcpyKind {
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3,
    cudaMemcpyDefault = 4
};
enum cudaStreamCaptureMode {
    cudaStreamCaptureModeGlobal,
    cudaStreamCaptureModeThreadLocal,
    cudaStreamCaptureModeRelaxed
};
enum cudaDeviceAttr {
    cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrClockRate = 13,
    cudaDevAttrMemoryClockRate = 36,
    cudaDevAttrL2CacheSize = 38,
    cudaDevAttrComputeCapabilityMajor = 75,
    cudaDevAttrComputeCapabilityMinor = 76,
    cudaDevAttrMaxSharedMemoryPerBlockOptin = 97,
    cudaDevAttrMemoryPoolsSupported = 115,
};
constexpr unsigned cudaStreamNonBlocking = 1;
constexpr unsigned cudaEventDisableTiming = 2;
constexpr unsigned cudaHostAllocDefault = 0;

using cudaStream_t = struct EmulatedStream*;
using cudaEvent_t = struct EmulatedEvent*;
using cudaGraph_t = struct EmulatedGraph*;
using cudaGraphExec_t = struct EmulatedGraph*;
using cudaMemPool_t = struct EmulatedPool*;

struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem;
    int major;
    int minor;
    int multiProcessorCount;
    int l2CacheSize;
    size_t sharedMemPerBlockOptin;
};

cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);
cudaError_t cudaDeviceGetPCIBusId(char* id, int length, int device);
cudaError_t cudaDriverGetVersion(int* version);
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);
cudaError_t cudaGetLastError();
cudaError_t cudaPeekAtLastError();
const char* cudaGetErrorString(cudaError_t error);
cudaError_t cudaMalloc(void** memory, size_t bytes);
cudaError_t cudaFree(void* memory);
cudaError_t cudaMallocAsync(void** memory, size_t bytes, cudaStream_t stream);
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream);
enum cudaMemPoolAttr { cudaMemPoolAttrReleaseThreshold = 4 };
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device);
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value);
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t bytes);
cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned flags);
cudaError_t cudaFreeHost(void* memory);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t stream);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaDeviceSynchronize();
cudaError_t cudaDeviceReset();
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventQuery(cudaEvent_t event);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);

namespace argali::emulator {

/// Puts work at the end of a stream, or into the graph that is being captured from it.
cudaError_t enqueue(cudaStream_t stream, std::function<void()> work, bool isKernel);

} // namespace argali::emulator
