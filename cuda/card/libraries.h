#pragma once

#include <array>

// What the module opens by name on a machine with a card. The tests have a file of this name with
// none.

namespace argali::cuda {

inline constexpr std::array<const char*, 2> cublasLtNames{"libcublasLt.so.13", "libcublasLt.so.12"};

} // namespace argali::cuda
