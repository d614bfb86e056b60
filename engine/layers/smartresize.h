#pragma once

#include <cstdint>

#include "engine/media/image.h"

namespace argali {

/// The size to which a picture is resized so that both sides are multiples of factor and the area
/// lies within the bounds where one correction can do it; the aspect ratio is kept as well as that
/// allows. minPixels is lowered to maxPixels first and each side is at least factor. Source:
/// Ovis2.5's smart_resize; rounding is half to even, divisions in the reference's order
ImageSize smartResize(ImageSize size, int64_t factor, int64_t minPixels, int64_t maxPixels);

} // namespace argali
