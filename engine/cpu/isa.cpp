#include "engine/cpu/isa.h"

#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "engine/cpu/kernels.h"
#include "engine/error.h"

namespace argali::cpu {

namespace {

constexpr Isa bestFirst[] = {Isa::Avx512Bf16, Isa::Avx512, Isa::Avx2, Isa::Scalar};

#if defined(__x86_64__)

bool hasF16c()
{
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

/// The compiler's tests include that the system saves the wide registers.
bool isAvailable(Isa isa)
{
    switch (isa) {
    case Isa::Scalar:
        return true;
    case Isa::Avx2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && hasF16c();
    case Isa::Avx512:
        return isAvailable(Isa::Avx2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    case Isa::Avx512Bf16:
        return isAvailable(Isa::Avx512) && __builtin_cpu_supports("avx512bf16");
    }
    return false;
}

#else

bool isAvailable(Isa isa)
{
    return isa == Isa::Scalar;
}

#endif

std::string availableText()
{
    std::string text;
    for (const Isa isa : availableIsas())
        text += (text.empty() ? "" : ", ") + std::string(nameOf(isa));
    return text;
}

} // namespace

const char* nameOf(Isa isa)
{
    switch (isa) {
    case Isa::Scalar:
        return "scalar";
    case Isa::Avx2:
        return "avx2";
    case Isa::Avx512:
        return "avx512";
    case Isa::Avx512Bf16:
        return "avx512-bf16";
    }
    throw Error(Error::Code::Internal, "no such instruction set");
}

std::optional<Isa> isaOfName(std::string_view name)
{
    for (const Isa isa : bestFirst)
        if (name == nameOf(isa))
            return isa;
    return std::nullopt;
}

std::vector<Isa> availableIsas()
{
    std::vector<Isa> available;
    for (const Isa isa : bestFirst)
        if (isAvailable(isa))
            available.push_back(isa);
    return available;
}

Isa chosenIsa()
{
    const char* const forced = std::getenv("ARGALI_ISA");
    if (forced == nullptr || *forced == '\0')
        return availableIsas().front();
    const std::optional<Isa> isa = isaOfName(forced);
    if (!isa)
        throw Error(Error::Code::Device,
                    "ARGALI_ISA: there is no instruction set \"" + std::string(forced) +
                        "\"; leave it out or choose one of " + availableText());
    if (!isAvailable(*isa))
        throw Error(Error::Code::Device, "ARGALI_ISA: this machine lacks " + std::string(forced) +
                                             "; leave it out or choose one of " + availableText());
    return *isa;
}

const Kernels& kernelsFor(Isa isa)
{
    if (!isAvailable(isa))
        throw Error(Error::Code::Device, std::string("this machine lacks the instruction set ") +
                                             nameOf(isa) + "; it has " + availableText());
    switch (isa) {
#if defined(__x86_64__)
    case Isa::Avx2:
        return avx2Kernels;
    case Isa::Avx512:
        return avx512Kernels;
    case Isa::Avx512Bf16: {
        static const Kernels both = [] {
            Kernels kernels = avx512Kernels;
            kernels.bf16 = &avx512Bf16Kernels;
            return kernels;
        }();
        return both;
    }
#endif
    default:
        return scalarKernels;
    }
}

} // namespace argali::cpu
