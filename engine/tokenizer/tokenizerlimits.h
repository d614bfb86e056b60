#pragma once

#include <cstddef>
#include <cstdint>

namespace argali {

/// Ids of a vocabulary are below this one; published vocabularies have up to 262144.
inline constexpr int64_t idLimit = int64_t(1) << 20;
/// In bytes; keeps the search for added tokens linear in the text.
inline constexpr size_t longestAddedToken = 512;

} // namespace argali
