#pragma once

#include <span>
#include <vector>

#include "engine/engine.h"

namespace argali {

/// How many of the decoder's layers each of several devices computes, in proportion to the memory
/// that is left on it. The first device also has everything that is no layer.
/// Units:  rooms in bytes that may be filled on each device; context in positions
/// Returns one number for each room, in sum need.layers; nothing when they do not fit together.
std::vector<int64_t> shareLayers(const MemoryEstimate& need, int64_t context,
                                 std::span<const int64_t> rooms);

/// The largest context up to most that still fits; 0 when none does.
int64_t largestSharedContext(const MemoryEstimate& need, int64_t most,
                             std::span<const int64_t> rooms);

} // namespace argali
