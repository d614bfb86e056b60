#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

// What cuda/card/tensorcore.h does with instructions, from the layout that its comments describe.

namespace argali::cuda {

namespace emulated {

using Matrix = std::array<std::array<uint16_t, 8>, 8>;

/// The matrix whose rows lanes 8 i .. 8 i + 7 point to.
inline Matrix matrixOf(const std::array<emulator::Slot, 32>& values, unsigned i)
{
    Matrix matrix;
    for (unsigned row = 0; row < 8; ++row) {
        const void* address = laneValue<const void*>(values, 8 * i + row);
        if (reinterpret_cast<uintptr_t>(address) % 16 != 0)
            throw std::logic_error("ldmatrix from an address that is no multiple of 16");
        std::memcpy(matrix[row].data(), address, 16);
    }
    return matrix;
}

inline uint32_t pairOf(uint16_t low, uint16_t high)
{
    return low | static_cast<uint32_t>(high) << 16;
}

inline float valueOf(const __half&, uint16_t bits)
{
    return cpu::floatOfF16(bits);
}
inline float valueOf(const __nv_bfloat16&, uint16_t bits)
{
    return cpu::floatOfBf16(bits);
}

} // namespace emulated

inline void loadMatrices4(uint32_t (&r)[4], const void* row)
{
    const unsigned lane = threadIdx.x % 32;
    const auto& values = emulator::exchange(&row, sizeof row);
    for (unsigned i = 0; i < 4; ++i) {
        const emulated::Matrix m = emulated::matrixOf(values, i);
        r[i] = emulated::pairOf(m[lane / 4][2 * (lane % 4)], m[lane / 4][2 * (lane % 4) + 1]);
    }
    __syncwarp();
}

inline void loadMatrices4Transposed(uint32_t (&r)[4], const void* row)
{
    const unsigned lane = threadIdx.x % 32;
    const auto& values = emulator::exchange(&row, sizeof row);
    for (unsigned i = 0; i < 4; ++i) {
        const emulated::Matrix m = emulated::matrixOf(values, i);
        r[i] = emulated::pairOf(m[2 * (lane % 4)][lane / 4], m[2 * (lane % 4) + 1][lane / 4]);
    }
    __syncwarp();
}

template <typename T>
void multiply16x8x16(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2])
{
    struct Fragments {
        uint32_t a[4];
        uint32_t b[2];
    } mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
    const auto& all = emulator::exchange(&mine, sizeof mine);
    const unsigned lane = threadIdx.x % 32;
    const auto of = [&](unsigned i) { return reinterpret_cast<const Fragments*>(all[i].bytes); };
    // The two rows of a and the two columns of b that this lane's four sums are made of.
    float rows[2][16];
    float columns[2][16];
    for (unsigned k = 0; k < 16; ++k) {
        const unsigned shift = k % 2 * 16;
        const unsigned quad = k % 8 / 2;
        for (unsigned i = 0; i < 2; ++i) {
            const uint32_t pairA = of(lane / 4 * 4 + quad)->a[i + 2 * (k / 8)];
            const uint32_t pairB = of((2 * (lane % 4) + i) * 4 + quad)->b[k / 8];
            rows[i][k] = emulated::valueOf(T{}, static_cast<uint16_t>(pairA >> shift));
            columns[i][k] = emulated::valueOf(T{}, static_cast<uint16_t>(pairB >> shift));
        }
    }
    for (unsigned i = 0; i < 4; ++i)
        for (unsigned k = 0; k < 16; ++k)
            c[i] += rows[i / 2][k] * columns[i % 2][k];
    __syncwarp();
}

/// The bytes arrive at once, or when somebody waits for them and not before.
inline void copyAsync16(void* shared, const void* global, bool there)
{
    if (reinterpret_cast<uintptr_t>(shared) % 16 != 0 ||
        (there && reinterpret_cast<uintptr_t>(global) % 16 != 0))
        throw std::logic_error("cp.async with an address that is no multiple of 16");
    emulator::PendingCopy copy{static_cast<unsigned char*>(shared), {}};
    if (there)
        std::memcpy(copy.bytes.data(), global, 16);
    if (emulator::copiesAtOnce())
        std::memcpy(shared, copy.bytes.data(), 16);
    else
        emulator::pendingCopies().back().push_back(copy);
}

inline void commitCopies()
{
    emulator::pendingCopies().emplace_back();
}

template <int open> void waitCopies()
{
    auto& groups = emulator::pendingCopies();
    while (groups.size() > static_cast<size_t>(open) + 1) { // the last one is not closed yet
        for (const emulator::PendingCopy& copy : groups.front())
            std::memcpy(copy.to, copy.bytes.data(), 16);
        groups.erase(groups.begin());
    }
}

} // namespace argali::cuda
