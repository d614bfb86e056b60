#pragma once

#include <span>
#include <stop_token>

#include "engine/backend.h"
#include "engine/media/image.h"

namespace argali {

/// Patches of pictures of one size, one picture behind the other.
/// Shape:  -> f32 [pictures P, 3 patch^2], backend memory; empty once stopped
Tensor patchesOf(Backend& op, std::span<const Image> pictures, const PatchLayout& layout,
                 const std::stop_token& stop);

/// Patches in host memory as the pictures they came from, channel by channel.
/// Shape:  f32 [pictures rows columns, 3 patch^2] -> f32 [pictures, 3, rows patch, columns patch]
Tensor picturesOf(const Tensor& patches, int64_t rows, int64_t columns, const PatchLayout& layout);

} // namespace argali
