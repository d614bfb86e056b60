#pragma once

#include "cuda/kernels/elements.h"
#include "cuda/kernels/operand.h"
#include "cuda/kernels/product.h"

// The last step of a product, for kernels only.

namespace argali::cuda {

/// Source: arXiv:1606.08415, section 2
__device__ __forceinline__ float geluTanh(float x)
{
    return 0.5f * x * (1 + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
}

/// The branch is the same for all threads. Source: arXiv:1606.08415, eq. 1 and section 2
__device__ __forceinline__ float activated(Activation activation, float x)
{
    if (activation == Activation::GeluTanh)
        return geluTanh(x);
    if (activation == Activation::Gelu)
        return 0.5f * x * (1 + erff(x * 0.7071067812f));
    if (activation == Activation::QuickGelu)
        return x / (1 + expf(-1.702f * x));
    return x;
}

/// Source: arXiv:2002.05202, eq. 6
__device__ __forceinline__ float siluTimes(float gate, float up)
{
    return gate / (1 + expf(-gate)) * up;
}

/// Element `index` of an operand whose type is known only when the kernel runs; the branch is the
/// same for all threads.
__device__ __forceinline__ float loadFloat(const void* data, DType type, int64_t index)
{
    if (type == DType::F32)
        return static_cast<const float*>(data)[index];
    if (type == DType::F16)
        return toFloat(static_cast<const __half*>(data)[index]);
    return toFloat(static_cast<const __nv_bfloat16*>(data)[index]);
}

__device__ __forceinline__ void storeFloat(const Out& out, int64_t index, float value)
{
    if (out.type == DType::F32)
        static_cast<float*>(out.data)[index] = value;
    else if (out.type == DType::F16)
        static_cast<__half*>(out.data)[index] = fromFloat<__half>(value);
    else
        static_cast<__nv_bfloat16*>(out.data)[index] = fromFloat<__nv_bfloat16>(value);
}

/// Stores the sum of one column at out[index].
__device__ __forceinline__ void finishValue(const Out& out, int64_t index, float sum,
                                            int64_t column, const Finish& finish)
{
    if (finish.bias != nullptr)
        sum += finish.bias[column];
    sum = activated(finish.activation, sum);
    if (finish.add)
        sum += loadFloat(out.data, out.type, index);
    storeFloat(out, index, sum);
}

template <int N, typename T>
__device__ __forceinline__ void finishTyped(T* place, float (&sums)[N], bool add)
{
    if (add) {
        float before[N];
        loadVector(before, place);
        for (int j = 0; j < N; ++j)
            sums[j] += before[j];
    }
    storeVector(place, sums);
}

/// The same for N neighbours; out[index] is aligned to N elements.
template <int N>
__device__ __forceinline__ void finishVector(const Out& out, int64_t index, float (&sums)[N],
                                             int64_t column, const Finish& finish)
{
    for (int j = 0; j < N; ++j) {
        if (finish.bias != nullptr)
            sums[j] += finish.bias[column + j];
        sums[j] = activated(finish.activation, sums[j]);
    }
    if (out.type == DType::F32)
        finishTyped(static_cast<float*>(out.data) + index, sums, finish.add);
    else if (out.type == DType::F16)
        finishTyped(static_cast<__half*>(out.data) + index, sums, finish.add);
    else
        finishTyped(static_cast<__nv_bfloat16*>(out.data) + index, sums, finish.add);
}

} // namespace argali::cuda
