#pragma once

#include <span>

#include "engine/backend.h"

namespace argali {

/// Token ids as gather() takes them.
/// Shape:  T ids -> I32 [T], backend memory
Tensor uploadIds(Backend& op, std::span<const int32_t> ids);

} // namespace argali
