#pragma once

#include <cstdint>

#include "engine/cpu/halffloat.h"

struct __half {
    uint16_t bits;
};
struct alignas(4) __half2 {
    __half x, y;
};

inline float __half2float(__half value)
{
    return argali::cpu::floatOfF16(value.bits);
}
inline __half __float2half_rn(float value)
{
    return {argali::cpu::f16OfFloat(value)};
}
inline __half2 __floats2half2_rn(float x, float y)
{
    return {__float2half_rn(x), __float2half_rn(y)};
}
