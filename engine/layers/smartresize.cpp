#include "engine/layers/smartresize.h"

#include <algorithm>
#include <cmath>

#include "engine/error.h"

namespace argali {

ImageSize smartResize(ImageSize size, int64_t factor, int64_t minPixels, int64_t maxPixels)
{
    constexpr double steepest = 200; // longest side over shortest, beyond which the longest is cut
    if (size.width < 1 || size.height < 1 || factor < 1 || minPixels < 1 || maxPixels < 1)
        throw Error(Error::Code::BadRequest, "picture of " + std::to_string(size.width) + " x " +
                                                 std::to_string(size.height) + " pixels, bounds " +
                                                 std::to_string(minPixels) + " to " +
                                                 std::to_string(maxPixels) +
                                                 ": all must be at least 1");
    minPixels = std::min(minPixels, maxPixels);
    const auto unit = static_cast<double>(factor);
    double height = size.height;
    double width = size.width;
    // nearbyint rounds half to even, as the reference's round() does
    if (height < unit || width < unit) {
        if (height < width) {
            width = std::nearbyint(unit / height * width);
            height = unit;
        } else {
            height = std::nearbyint(unit / width * height);
            width = unit;
        }
    } else if (std::max(height, width) / std::min(height, width) > steepest) {
        if (height > width)
            height = steepest * width;
        else
            width = steepest * height;
    }
    double outHeight = std::nearbyint(height / unit) * unit;
    double outWidth = std::nearbyint(width / unit) * unit;
    if (outHeight * outWidth > static_cast<double>(maxPixels)) {
        const double beta = std::sqrt(height * width / static_cast<double>(maxPixels));
        outHeight = std::floor(height / beta / unit) * unit;
        outWidth = std::floor(width / beta / unit) * unit;
    } else if (outHeight * outWidth < static_cast<double>(minPixels)) {
        const double beta = std::sqrt(static_cast<double>(minPixels) / (height * width));
        outHeight = std::ceil(height * beta / unit) * unit;
        outWidth = std::ceil(width * beta / unit) * unit;
    }
    return {static_cast<int>(std::max(outWidth, unit)),
            static_cast<int>(std::max(outHeight, unit))};
}

} // namespace argali
