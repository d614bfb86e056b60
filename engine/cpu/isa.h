#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace argali::cpu {

struct Kernels;

/// Instruction sets that kernels exist for, the plainest first.
enum class Isa {
    Scalar,
    Avx2,       ///< AVX2, FMA and F16C
    Avx512,     ///< AVX-512 F, BW, DQ and VL
    Avx512Bf16, ///< these and AVX-512-BF16
};

/// "scalar", "avx2", "avx512", "avx512-bf16"
const char* nameOf(Isa isa);
std::optional<Isa> isaOfName(std::string_view name);

/// Those that this processor, its system and this program have, the best first; never empty.
std::vector<Isa> availableIsas();

/// What ARGALI_ISA forces, or else the best.
/// Throws: Error::Code::Device when it names none or one that is not available
Isa chosenIsa();

/// Throws: Error::Code::Device when the set is not available
const Kernels& kernelsFor(Isa isa);

} // namespace argali::cpu
