#include "engine/layers/tiling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/error.h"
#include "engine/layers/squarepicture.h"

namespace argali {

std::array<int64_t, 2> tileGrid(ImageSize size, int side, int64_t least, int64_t most)
{
    if (size.width < 1 || size.height < 1 || least < 1 || most < least)
        throw Error(Error::Code::Internal, "no grid of tiles between " + std::to_string(least) +
                                               " and " + std::to_string(most));
    const double ratio = static_cast<double>(size.width) / size.height;
    const double pixels = static_cast<double>(size.width) * size.height;
    double best = std::numeric_limits<double>::infinity();
    std::array<int64_t, 2> grid{1, 1};
    for (int64_t area = least; area <= most; ++area)
        for (int64_t columns = 1; columns <= area; ++columns) {
            if (area % columns != 0)
                continue;
            const int64_t rows = area / columns;
            const double difference =
                std::abs(ratio - static_cast<double>(columns) / static_cast<double>(rows));
            // Of grids of the same shape a larger one needs a picture of half its pixels.
            const bool larger = pixels > 0.5 * side * side * static_cast<double>(area);
            if (difference < best || (difference == best && larger)) {
                best = difference;
                grid = {columns, rows};
            }
        }
    return grid;
}

std::vector<Image> cutIntoTiles(const Image& image, std::array<int64_t, 2> grid, int side,
                                bool thumbnail, const std::stop_token& stop)
{
    const auto [columns, rows] = grid;
    const ImageSize size{static_cast<int>(columns) * side, static_cast<int>(rows) * side};
    const Image whole = resize(image, size, ResizeFilter::Bicubic, stop);
    if (whole.isEmpty())
        return {};
    std::vector<Image> tiles;
    for (int row = 0; row < static_cast<int>(rows); ++row)
        for (int column = 0; column < static_cast<int>(columns); ++column)
            tiles.push_back(cropped(whole, column * side, row * side, {side, side}));
    if (thumbnail)
        tiles.push_back(resize(image, {side, side}, ResizeFilter::Bicubic, stop));
    return stop.stop_requested() ? std::vector<Image>() : tiles;
}

} // namespace argali
