#include "engine/cpu/vectoravx2.h"

#include "engine/cpu/kernelssimd.h"

namespace argali::cpu {

constinit const Kernels avx2Kernels = allKernels;

double avx2Peak(int64_t rounds)
{
    return peak(rounds);
}

} // namespace argali::cpu
