#pragma once

#include "engine/cpu/packing.h"

#include "engine/cpu/simdelements.h"
#include "engine/cpu/simdproducts.h"

// The kernels in terms of Vector, which the including source has from vectoravx2.h or
// vectoravx512.h. What each function computes is said in kernels.h; kernelsscalar.cpp has it in
// plain C++. Everything has internal linkage and nothing of the standard library's templates is
// used: see kernels.h.

namespace argali::cpu {
namespace {

/// Independent chains of multiply-adds, more than the latency of one.
double peak(int64_t rounds)
{
    constexpr int chains = 12;
    volatile float given = 0.999f;
    const Floats factor = Vector::set(given);
    Floats sums[chains];
    for (int i = 0; i < chains; ++i)
        sums[i] = Vector::set(static_cast<float>(i));
    for (int64_t round = 0; round < rounds; ++round)
        for (int i = 0; i < chains; ++i)
            sums[i] = Vector::fma(sums[i], factor, factor);
    for (int i = 1; i < chains; ++i)
        sums[0] = Vector::add(sums[0], sums[i]);
    given = Vector::total(sums[0]); // keeps the loop from being removed
    return static_cast<double>(rounds) * chains * lanes * 2;
}

constexpr Kernels allKernels{
    .load = load,
    .store = store,
    .add = add,
    .scale = scale,
    .affine = affine,
    .geluTanh = geluTanh,
    .gelu = gelu,
    .quickGelu = quickGelu,
    .siluTimes = siluTimes,
    .rotate = rotate,
    .sum = sum,
    .sumSquares = sumSquares,
    .maximum = maximum,
    .expSum = expSum,
    .dotRows = dotRows,
    .weightedRows = weightedRows,
    .panels = &panels,
    .bf16 = nullptr,
};

} // namespace
} // namespace argali::cpu
