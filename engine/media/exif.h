#pragma once

#include <cstdint>
#include <span>

namespace argali {

/// Orientation 1 to 8 out of a block of EXIF, that is of TIFF, with or without the marker
/// "Exif\0\0" in front; 1 when the block says nothing or is broken, as viewers treat it.
/// Source: Exif 2.32, 4.5.2 and tag 274
int exifOrientation(std::span<const uint8_t> block);

} // namespace argali
