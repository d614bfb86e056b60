#include "engine/cpu/vectoravx512.h"

#include "engine/cpu/kernelssimd.h"

namespace argali::cpu {

constinit const Kernels avx512Kernels = allKernels;

double avx512Peak(int64_t rounds)
{
    return peak(rounds);
}

} // namespace argali::cpu
