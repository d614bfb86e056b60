#pragma once

#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

// The instructions of the tensor cores and of asynchronous copies, as functions. The tests have a
// file of this name that computes the same from the documented layout of the fragments. Source: PTX
// ISA 8.5, sections 9.7.14 (mma, ldmatrix) and 9.7.9.25 (cp.async)

namespace argali::cuda {

/// One row of eight 16-bit values for each thread of the warp; thread t names row t % 8 of matrix t
/// / 8. Register i of every thread gets its two values of matrix i: row t / 4, columns 2 (t % 4)
/// and the next.
__device__ __forceinline__ void loadMatrices4(uint32_t (&r)[4], const void* row)
{
    const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

/// The same with each matrix transposed: rows 2 (t % 4) and the next of column t / 4.
__device__ __forceinline__ void loadMatrices4Transposed(uint32_t (&r)[4], const void* row)
{
    const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

__device__ __forceinline__ void multiplyF16K8(float (&c)[4], uint32_t a0, uint32_t a1, uint32_t b0)
{
    asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, "
        "%1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a0), "r"(a1), "r"(b0));
}

/// Two bf16 values as two f16 values; what f16 cannot hold becomes infinite and shows in the
/// logits.
__device__ __forceinline__ uint32_t halvesOfBf16(uint32_t pair)
{
    const __half2 halves =
        __floats2half2_rn(__uint_as_float(pair << 16), __uint_as_float(pair & 0xffff0000u));
    return *reinterpret_cast<const uint32_t*>(&halves);
}

/// c += a b for a [16, 16] by rows, b [16, 8] by columns, c [16, 8] in f32. With g = t / 4, q = t %
/// 4: a[0] holds row g, columns 2 q, 2 q + 1; a[1] row g + 8; a[2] and a[3] the same eight columns
/// on; b[0] holds column g, rows 2 q, 2 q + 1; b[1] eight rows on; c[0], c[1] row g, columns 2 q, 2
/// q + 1; c[2], c[3] row g + 8.
template <typename T>
__device__ __forceinline__ void multiply16x8x16(float (&c)[4], const uint32_t (&a)[4],
                                                const uint32_t (&b)[2]);

template <>
__device__ __forceinline__ void multiply16x8x16<__half>(float (&c)[4], const uint32_t (&a)[4],
                                                        const uint32_t (&b)[2])
{
#if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    multiplyF16K8(c, a[0], a[1], b[0]);
    multiplyF16K8(c, a[2], a[3], b[1]);
#endif
}

template <>
__device__ __forceinline__ void multiply16x8x16<__nv_bfloat16>(float (&c)[4],
                                                               const uint32_t (&a)[4],
                                                               const uint32_t (&b)[2])
{
#if __CUDA_ARCH__ >= 800
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    multiplyF16K8(c, halvesOfBf16(a[0]), halvesOfBf16(a[1]), halvesOfBf16(b[0]));
    multiplyF16K8(c, halvesOfBf16(a[2]), halvesOfBf16(a[3]), halvesOfBf16(b[1]));
#endif
}

/// Starts a copy of 16 bytes from global to shared memory, or of zeros when nothing is there. Both
/// addresses are multiples of 16.
__device__ __forceinline__ void copyAsync16(void* shared, const void* global, bool there)
{
#if __CUDA_ARCH__ >= 800
    const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
    const int bytes = there ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(global),
                 "r"(bytes)
                 : "memory");
#else
    *static_cast<uint4*>(shared) =
        there ? *static_cast<const uint4*>(global) : make_uint4(0, 0, 0, 0);
#endif
}

/// Closes a group of copies.
__device__ __forceinline__ void commitCopies()
{
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits until at most `open` of this thread's groups are under way; others see the data after a
/// barrier.
template <int open> __device__ __forceinline__ void waitCopies()
{
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(open) : "memory");
#endif
}

} // namespace argali::cuda
