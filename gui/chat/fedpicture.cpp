#include "gui/chat/fedpicture.h"

#include <algorithm>
#include <array>

#include "engine/error.h"

namespace argali::gui {
namespace {

constexpr std::array<uint8_t, 3> bars{122, 116, 104}; // the mean of CLIP's pictures

/// Copies all of a picture, or a part of its size, into another one.
void copy(Image& out, int x, int y, const Image& from, int fromX, int fromY)
{
    const auto width = size_t(3) * size_t(std::min(out.width() - x, from.width() - fromX));
    const int height = std::min(out.height() - y, from.height() - fromY);
    for (int row = 0; row < height; ++row)
        std::copy_n(from.row(fromY + row) + size_t(3) * size_t(fromX), width,
                    out.row(y + row) + size_t(3) * size_t(x));
}

Image padded(const Image& whole, ImageSize size, std::stop_token stop)
{
    const double scale =
        std::min(double(size.width) / whole.width(), double(size.height) / whole.height());
    const ImageSize inner{std::clamp(int(whole.width() * scale + 0.5), 1, size.width),
                          std::clamp(int(whole.height() * scale + 0.5), 1, size.height)};
    const Image small = resize(whole, inner, ResizeFilter::Bicubic, stop);
    if (small.isEmpty())
        return {};
    Image out(size.width, size.height);
    const std::span<uint8_t> pixels = out.pixels();
    for (size_t i = 0; i < pixels.size(); ++i)
        pixels[i] = bars[i % 3];
    copy(out, (size.width - inner.width) / 2, (size.height - inner.height) / 2, small, 0, 0);
    return out;
}

Image cropped(const Image& whole, ImageSize size, std::stop_token stop)
{
    const double scale =
        std::min(double(whole.width()) / size.width, double(whole.height()) / size.height);
    Image middle(std::clamp(int(size.width * scale + 0.5), 1, whole.width()),
                 std::clamp(int(size.height * scale + 0.5), 1, whole.height()));
    copy(middle, 0, 0, whole, (whole.width() - middle.width()) / 2,
         (whole.height() - middle.height()) / 2);
    return resize(middle, size, ResizeFilter::Bicubic, stop);
}

} // namespace

Image asFed(const Image& whole, ImageSize size, const QString& aspectRatio, std::stop_token stop)
{
    if (whole.isEmpty() || size.width < 1 || size.height < 1)
        throw Error(Error::Code::BadRequest, "a picture without pixels");
    if (aspectRatio == QLatin1String("pad"))
        return padded(whole, size, stop);
    if (aspectRatio == QLatin1String("crop"))
        return cropped(whole, size, stop);
    return resize(whole, size, ResizeFilter::Bilinear, stop);
}

} // namespace argali::gui
