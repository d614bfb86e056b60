#pragma once

#include <cstdint>
#include <functional>

#include "engine/media/libav.h"
#include "engine/media/pictureheader.h"

namespace argali {

/// Writes row y of a decoded picture as RGB.
using RowFunction = std::function<void(int y, uint8_t* out)>;

/// How the rows of this frame become RGB, in exact integers as Pillow does it; empty for layouts
/// that only the general converter knows. The frame must outlive the function.
/// Source: Pillow 10.3, Convert.c, Unpack.c; ITU-T T.871 for JPEG's colours
RowFunction rgbRows(const AVFrame& frame, MediaKind kind, const PictureHeader& header);

/// The same for planes of luminance and two of colour differences, as JPEG and WebP store them:
/// colour is interpolated with weights 3:1 each way, as both formats' reference decoders do.
/// Source: ITU-T T.871 (JPEG), RFC 6386 and RFC 9649 with libwebp's fixed point (WebP)
RowFunction colourDifferenceRows(const AVFrame& frame, MediaKind kind);

/// The same for planes of a JPEG's four inks; their complements are what is stored.
/// Source: Pillow 10.3, Convert.c, cmyk2rgb; JpegImagePlugin's "CMYK;I"
RowFunction inkRows(const AVFrame& frame, Inks inks);
/// The same for a TIFF's four inks, pixel by pixel and as they are.
/// Source: Pillow 10.3, Convert.c, cmyk2rgb
RowFunction packedInkRows(const AVFrame& frame);

} // namespace argali
