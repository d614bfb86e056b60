#pragma once

#include <array>

namespace argali::cuda {

/// None: a library would take the emulated card's memory for a card's.
inline constexpr std::array<const char*, 0> cublasLtNames{};

} // namespace argali::cuda
