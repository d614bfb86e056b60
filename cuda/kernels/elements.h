#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "engine/error.h"
#include "engine/tensor.h"

// Values of the three floating types, and sums over a warp and a block. For kernels only.

namespace argali::cuda {

constexpr unsigned wholeWarp = 0xffffffffu;
constexpr int warpSize32 = 32;

__device__ __forceinline__ float toFloat(float value)
{
    return value;
}
__device__ __forceinline__ float toFloat(__half value)
{
    return __half2float(value);
}
__device__ __forceinline__ float toFloat(__nv_bfloat16 value)
{
    return __bfloat162float(value);
}

template <typename T> __device__ __forceinline__ T fromFloat(float value);
template <> __device__ __forceinline__ float fromFloat<float>(float value)
{
    return value;
}
template <> __device__ __forceinline__ __half fromFloat<__half>(float value)
{
    return __float2half_rn(value);
}
template <> __device__ __forceinline__ __nv_bfloat16 fromFloat<__nv_bfloat16>(float value)
{
    return __float2bfloat16_rn(value);
}

/// N neighbours in one access; the address is a multiple of N elements' size.
template <typename T, int N> struct alignas(sizeof(T) * N) Vector {
    T values[N];
};

template <int N, typename T>
__device__ __forceinline__ void loadVector(float (&out)[N], const T* from)
{
    const auto v = *reinterpret_cast<const Vector<T, N>*>(from);
    for (int i = 0; i < N; ++i)
        out[i] = toFloat(v.values[i]);
}

template <int N, typename T>
__device__ __forceinline__ void storeVector(T* to, const float (&values)[N])
{
    Vector<T, N> v;
    for (int i = 0; i < N; ++i)
        v.values[i] = fromFloat<T>(values[i]);
    *reinterpret_cast<Vector<T, N>*>(to) = v;
}

__device__ __forceinline__ float warpSum(float value)
{
    for (int offset = warpSize32 / 2; offset > 0; offset /= 2)
        value += __shfl_xor_sync(wholeWarp, value, offset);
    return value;
}

__device__ __forceinline__ float warpMax(float value)
{
    for (int offset = warpSize32 / 2; offset > 0; offset /= 2)
        value = fmaxf(value, __shfl_xor_sync(wholeWarp, value, offset));
    return value;
}

/// The sum over all threads of the block, known to each; scratch holds one float a warp, in shared
/// memory, and is free again when the function returns.
__device__ __forceinline__ float blockSum(float value, float* scratch)
{
    const int warps = static_cast<int>(blockDim.x) / warpSize32;
    const int warp = static_cast<int>(threadIdx.x) / warpSize32;
    value = warpSum(value);
    if (threadIdx.x % warpSize32 == 0)
        scratch[warp] = value;
    __syncthreads();
    float sum = 0;
    for (int i = 0; i < warps; ++i)
        sum += scratch[i];
    __syncthreads();
    return sum;
}

/// Calls f with a value of the C++ type of a floating type.
template <typename F> void withType(DType type, F f)
{
    switch (type) {
    case DType::F32:
        return f(float{});
    case DType::F16:
        return f(__half{});
    case DType::BF16:
        return f(__nv_bfloat16{});
    default:
        throw Error(Error::Code::Internal,
                    std::string("no kernel for elements of ") + nameOf(type));
    }
}

} // namespace argali::cuda
