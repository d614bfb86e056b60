#include "engine/layers/squarepicture.h"

#include <algorithm>
#include <new>
#include <string>

#include "engine/error.h"

namespace argali {

namespace {

constexpr int longestSide = 65535;          // a square of more would take seconds and gigabytes
constexpr int64_t mostPixels = 200'000'000; // as of a picture that is read

[[noreturn]] void refuse(const Image& image, const std::string& why)
{
    throw Error(Error::Code::BadRequest, "a picture of " + std::to_string(image.width()) + " x " +
                                             std::to_string(image.height()) + " pixels " + why);
}

void fill(Image& image, std::array<uint8_t, 3> colour)
{
    const std::span<uint8_t> pixels = image.pixels();
    for (size_t i = 0; i < pixels.size(); ++i)
        pixels[i] = colour[i % 3];
}

/// Copies rows of the image, first to first + rows, into out at a place.
void copyRows(Image& out, int x, int y, const Image& image, int first, int rows)
{
    for (int row = 0; row < rows; ++row)
        std::copy_n(image.row(first + row), size_t(3) * size_t(image.width()),
                    out.row(y + row) + size_t(3) * size_t(x));
}

void requirePaddable(const Image& image)
{
    if (image.isEmpty() || std::max(image.width(), image.height()) > longestSide)
        refuse(image, "cannot be padded to a square, a side may have " +
                          std::to_string(longestSide) + "; scale it down first");
}

/// The square's rows resized horizontally, for a picture that is higher than wide: a few rows at a
/// time.
Image narrowedStrips(const Image& image, std::array<uint8_t, 3> colour, int side,
                     const std::stop_token& stop)
{
    constexpr int stripRows = 64;
    const int square = image.height();
    const int left = (square - image.width()) / 2;
    Image out(side, square);
    for (int y = 0; y < square; y += stripRows) {
        Image strip(square, std::min(stripRows, square - y));
        fill(strip, colour);
        copyRows(strip, left, 0, image, y, strip.height());
        const Image narrow = resize(strip, {side, strip.height()}, ResizeFilter::Bicubic, stop);
        if (stop.stop_requested() || narrow.isEmpty())
            return {};
        copyRows(out, 0, y, narrow, 0, narrow.height());
    }
    return out;
}

} // namespace

Image cropped(const Image& image, int x, int y, ImageSize size)
{
    if (x < 0 || y < 0 || size.width < 1 || size.height < 1 || x > image.width() - size.width ||
        y > image.height() - size.height)
        throw Error(Error::Code::Internal, "a part that lies outside of a picture");
    Image out(size.width, size.height);
    for (int row = 0; row < size.height; ++row)
        std::copy_n(image.row(y + row) + size_t(3) * size_t(x), size_t(3) * size_t(size.width),
                    out.row(row));
    return out;
}

Image paddedToSquare(const Image& image, std::array<uint8_t, 3> colour)
try {
    requirePaddable(image);
    if (image.width() == image.height())
        return image;
    const int side = std::max(image.width(), image.height());
    Image out(side, side);
    fill(out, colour);
    copyRows(out, (side - image.width()) / 2, (side - image.height()) / 2, image, 0,
             image.height());
    return out;
} catch (const std::bad_alloc&) {
    throw Error(Error::Code::OutOfMemory, "no memory to pad a picture to a square");
}

Image squareByPadding(const Image& image, std::array<uint8_t, 3> colour, int side,
                      const std::stop_token& stop)
try {
    requirePaddable(image);
    // The filter goes horizontally first and rows of one colour stay what they are, so that only
    // the rows of the picture have to go through its first half.
    Image narrow;
    if (image.height() > image.width()) {
        narrow = narrowedStrips(image, colour, side, stop);
    } else {
        const Image rows = resize(image, {side, image.height()}, ResizeFilter::Bicubic, stop);
        if (rows.isEmpty())
            return {};
        narrow = Image(side, image.width());
        fill(narrow, colour);
        copyRows(narrow, 0, (image.width() - image.height()) / 2, rows, 0, rows.height());
    }
    return narrow.isEmpty() ? Image() : resize(narrow, {side, side}, ResizeFilter::Bicubic, stop);
} catch (const std::bad_alloc&) {
    throw Error(Error::Code::OutOfMemory, "no memory to pad a picture to a square");
}

Image squareByCropping(const Image& image, int shortEdge, int side, const std::stop_token& stop)
{
    const int64_t width = image.width();
    const int64_t height = image.height();
    const int64_t shorter = std::min(width, height);
    const int64_t longer = std::max(width, height);
    // int(shortEdge * longer / shorter), the quotient of whole numbers
    const int64_t longEdge = shorter > 0 ? shortEdge * longer / shorter : 0;
    if (shorter < 1 || shortEdge < side || longEdge * shortEdge > mostPixels)
        refuse(image, "cannot be cropped to a square, its edges are too different; crop it first");
    const ImageSize size = width <= height ? ImageSize{shortEdge, static_cast<int>(longEdge)}
                                           : ImageSize{static_cast<int>(longEdge), shortEdge};
    const Image resized = resize(image, size, ResizeFilter::Bicubic, stop);
    if (resized.isEmpty())
        return {};
    return cropped(resized, (size.width - side) / 2, (size.height - side) / 2, {side, side});
}

} // namespace argali
