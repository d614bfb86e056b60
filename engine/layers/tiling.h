#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/media/image.h"

namespace argali {

/// Columns and rows of the grid of square tiles whose shape is nearest to a picture's.
/// Throws: Error::Code::Internal for bounds that no grid keeps
/// Source: InternVL2's dynamic_preprocess() and find_closest_aspect_ratio()
std::array<int64_t, 2> tileGrid(ImageSize size, int side, int64_t least, int64_t most);

/// The tiles of a picture that was resized to the grid, row by row, and behind them, with
/// thumbnail, the whole picture in the size of a tile. Empty once stopped.
std::vector<Image> cutIntoTiles(const Image& image, std::array<int64_t, 2> grid, int side,
                                bool thumbnail, const std::stop_token& stop = {});

} // namespace argali
