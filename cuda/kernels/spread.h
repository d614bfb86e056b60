#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "cuda/kernels/elements.h"
#include "cuda/kernels/operand.h"

// What simple kernels share: whole vectors where rows allow it, elements whose type is known only
// when the kernel runs. One access in three types costs a branch that all threads take alike; a
// kernel for each combination of types would cost minutes of compiling.

namespace argali::cuda {

/// How many parts of that size hold count.
constexpr int64_t partsOf(int64_t count, int64_t size)
{
    return (count + size - 1) / size;
}

/// Whether rows of width elements can be read and written n elements at a time.
inline bool fitsVectors(const void* data, DType type, int64_t width, int n)
{
    return width % n == 0 &&
           reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(n * sizeOf(type)) == 0;
}

/// Throws: Error::Code::Internal unless type is one of the three floating types.
inline void requireFloating(DType type)
{
    withType(type, [](auto) {});
}

/// Calls f with a value of the C++ type of a floating type.
template <typename F> __device__ __forceinline__ void atType(DType type, F f)
{
    if (type == DType::F32)
        f(float{});
    else if (type == DType::F16)
        f(__half{});
    else
        f(__nv_bfloat16{});
}

template <int N>
__device__ __forceinline__ void loadAny(float (&out)[N], const In& from, int64_t offset)
{
    atType(from.type, [&](auto tag) {
        loadVector(out, static_cast<const decltype(tag)*>(from.data) + offset);
    });
}

template <int N>
__device__ __forceinline__ void storeAny(const Out& to, int64_t offset, const float (&values)[N])
{
    atType(to.type,
           [&](auto tag) { storeVector(static_cast<decltype(tag)*>(to.data) + offset, values); });
}

} // namespace argali::cuda
