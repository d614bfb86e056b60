#pragma once

#include <cstddef>
#include <vector>

#include "engine/media/image.h"

namespace argali::cli {

/// A picture of noise as an uncompressed BMP file in memory; the same seed gives the same picture.
/// Source: the BITMAPFILEHEADER and BITMAPINFOHEADER structures, 24 bits a pixel, rows from the
/// bottom
std::vector<std::byte> noisePicture(ImageSize size, unsigned seed);

} // namespace argali::cli
