#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <stop_token>

#include "engine/media/image.h"

namespace argali {

/// The picture in the middle of a square of this colour, whose side is the picture's longer one; an
/// odd rest is at the bottom or on the right. Throws: Error::Code::BadRequest for a picture with a
/// side of more than 65535 pixels, OutOfMemory Source: expand2square() of LLaVA's mm_utils.py
Image paddedToSquare(const Image& image, std::array<uint8_t, 3> colour);

/// The same, resized by the bicubic filter to side x side pixels, without ever holding the whole
/// square. Empty once stopped. Throws: as paddedToSquare()
Image squareByPadding(const Image& image, std::array<uint8_t, 3> colour, int side,
                      const std::stop_token& stop = {});

/// Resized by the bicubic filter until the shorter edge has shortEdge pixels, then the middle side
/// x side of it. Empty once stopped. Throws: Error::Code::BadRequest for a picture whose edges are
/// too different Source: transformers' CLIPImageProcessor
Image squareByCropping(const Image& image, int shortEdge, int side,
                       const std::stop_token& stop = {});

/// The rectangle [x, x + size.width) x [y, y + size.height), which lies within the picture.
Image cropped(const Image& image, int x, int y, ImageSize size);

} // namespace argali
