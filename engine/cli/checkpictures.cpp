// Vector files about what families make of a picture before they look at it.

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/cli/vectorfile.h"
#include "engine/error.h"
#include "engine/layers/squarepicture.h"
#include "engine/layers/tiling.h"
#include "engine/media/mediareader.h"

namespace argali::cli {

namespace {

constexpr int64_t largestSide = 4096;

Image pictureOf(const VectorFile& file, const nlohmann::json& row, const char* key)
{
    return readPicture(file.neighbour(row, key), Orientation::AsStored);
}

int sideOf(const VectorFile& file, const nlohmann::json& row, const char* key)
{
    const int64_t side = file.integer(row, key);
    if (side < 1 || side > largestSide)
        throw Error(Error::Code::BadRequest, file.path().string() + ": " + key + " " +
                                                 std::to_string(side) + ", 1 to " +
                                                 std::to_string(largestSide) + " expected");
    return static_cast<int>(side);
}

/// Compares a picture for each row of the file; make gives nothing once stopped.
template <typename Make>
void comparePictures(VectorFile& file, const char* stage, CheckReport& report, const Make& make,
                     const std::stop_token& stop)
{
    RowCount count;
    for (const nlohmann::json& row : file.rows("rows")) {
        const Image found = make(row);
        if (stop.stop_requested())
            return;
        const int difference = largestDifference(found, pictureOf(file, row, "expect"));
        count.deviates(difference);
        count.add(difference == 0, file.text(row, "expect"));
    }
    report.add(count.stage(file.name(), stage));
}

/// Pictures of the same width one below the other.
Image stacked(const std::vector<Image>& pictures)
{
    int height = 0;
    for (const Image& picture : pictures)
        height += picture.height();
    Image out(pictures.empty() ? 0 : pictures.front().width(), height);
    size_t at = 0;
    for (const Image& picture : pictures) {
        std::ranges::copy(picture.pixels(), out.pixels().begin() + static_cast<std::ptrdiff_t>(at));
        at += picture.pixels().size();
    }
    return out;
}

} // namespace

void checkPadding(VectorFile& file, const VectorContext&, CheckReport& report, std::stop_token stop)
{
    constexpr std::array<uint8_t, 3> colour{122, 116, 104}; // CLIP's mean
    const auto make = [&](const nlohmann::json& row) {
        const Image picture = pictureOf(file, row, "picture");
        return file.has(row, "side")
                   ? paddedToSquare(picture, colour)
                   : squareByPadding(picture, colour, sideOf(file, row, "size"), stop);
    };
    comparePictures(file, "pad", report, make, stop);
}

void checkCropping(VectorFile& file, const VectorContext&, CheckReport& report,
                   std::stop_token stop)
{
    const auto make = [&](const nlohmann::json& row) {
        const int side = sideOf(file, row, "size");
        return squareByCropping(pictureOf(file, row, "picture"), side, side, stop);
    };
    comparePictures(file, "crop", report, make, stop);
}

void checkTiles(VectorFile& file, const VectorContext&, CheckReport& report, std::stop_token stop)
{
    const auto make = [&](const nlohmann::json& row) {
        const Image picture = pictureOf(file, row, "picture");
        const int side = sideOf(file, row, "image_size");
        const auto least = std::max<int64_t>(1, file.integer(row, "min_num"));
        const auto most = std::clamp<int64_t>(file.integer(row, "max_num"), least, 1024);
        const auto grid = tileGrid({picture.width(), picture.height()}, side, least, most);
        const bool thumbnail =
            row.value("use_thumbnail", nlohmann::json(true)) == true && grid[0] * grid[1] > 1;
        return stacked(cutIntoTiles(picture, grid, side, thumbnail, stop));
    };
    comparePictures(file, "tiles", report, make, stop);
}

void checkTileGrids(VectorFile& file, const VectorContext&, CheckReport& report, std::stop_token)
{
    const int side = sideOf(file, file.json(), "image_size");
    const int64_t least = file.integer(file.json(), "min_num");
    for (const int64_t most : {1, 6, 12}) {
        const std::string key = "max_num_" + std::to_string(most);
        const nlohmann::json& expected = file.json()[key];
        RowCount count;
        size_t i = 0;
        for (const nlohmann::json& size : file.rows("sizes")) {
            const ImageSize given =
                file.size(nlohmann::json{{"size", size}}, "size"); // height first
            const ImageSize picture{given.height, given.width};
            const auto grid = tileGrid(picture, side, least, most);
            const bool equal =
                expected.is_array() && i < expected.size() && expected[i] == nlohmann::json(grid);
            ++i;
            count.add(equal, size.dump() + " became " + nlohmann::json(grid).dump());
        }
        report.add(count.stage(file.name(), "tiling " + key));
    }
}

} // namespace argali::cli
