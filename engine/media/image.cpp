#include "engine/media/image.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <string>

#include "engine/error.h"
#include "engine/media/resample.h"

namespace argali {

namespace {

constexpr int rowsPerLook = 16; // how often a pass looks at the stop token

double triangle(double x)
{
    x = std::abs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

double cubic(double x)
{
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1.0)
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0)
        return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

uint8_t clampedByte(int32_t sum)
{
    return uint8_t(std::clamp(sum >> resample::weightBits, 0, 255));
}

void horizontalScalar(uint8_t* out, const uint8_t* row, const uint8_t*, const resample::Axis& axis)
{
    for (size_t x = 0; x < axis.begin.size(); ++x, out += 3) {
        const uint8_t* from = row + size_t(3) * size_t(axis.begin[x]);
        const size_t first = x * size_t(axis.taps);
        int32_t sum[3] = {1 << (resample::weightBits - 1), 1 << (resample::weightBits - 1),
                          1 << (resample::weightBits - 1)};
        for (int k = 0; k < axis.count[x]; ++k, from += 3) {
            const size_t at = first + size_t(k);
            const int32_t weight = axis.high[at] * (1 << resample::lowBits) + axis.low[at];
            for (int c = 0; c < 3; ++c)
                sum[c] += weight * from[c];
        }
        for (int c = 0; c < 3; ++c)
            out[c] = clampedByte(sum[c]);
    }
}

void verticalScalar(uint8_t* out, const uint8_t* rows, size_t stride, size_t bytes,
                    const int16_t* high, const int16_t* low, int count)
{
    for (size_t i = 0; i < bytes; ++i) {
        int32_t sum = 1 << (resample::weightBits - 1);
        for (int k = 0; k < count; ++k) {
            const int32_t weight = high[k] * (1 << resample::lowBits) + low[k];
            sum += weight * rows[size_t(k) * stride + i];
        }
        out[i] = clampedByte(sum);
    }
}

/// The rows [top, top + result.height()) of an image, resized horizontally.
Image horizontalPass(const Image& image, int top, int rows, const resample::Axis& axis,
                     const resample::Kernels& kernels, const std::stop_token& stop)
{
    Image out(int(axis.begin.size()), rows);
    const uint8_t* end = image.pixels().data() + image.pixels().size();
    for (int y = 0; y < rows; ++y) {
        if (y % rowsPerLook == 0 && stop.stop_requested())
            return {};
        kernels.horizontal(out.row(y), image.row(top + y), end, axis);
    }
    return out;
}

/// Resized vertically; image holds the source rows from top on.
Image verticalPass(const Image& image, int top, const resample::Axis& axis,
                   const resample::Kernels& kernels, const std::stop_token& stop)
{
    Image out(image.width(), int(axis.begin.size()));
    const size_t bytes = size_t(3) * size_t(image.width());
    for (int y = 0; y < out.height(); ++y) {
        if (y % rowsPerLook == 0 && stop.stop_requested())
            return {};
        const size_t first = size_t(y) * size_t(axis.taps);
        kernels.vertical(out.row(y), image.row(axis.begin[size_t(y)] - top), bytes, bytes,
                         &axis.high[first], &axis.low[first], axis.count[size_t(y)]);
    }
    return out;
}

} // namespace

namespace resample {

Axis makeAxis(int from, int to, ResizeFilter filter)
{
    const auto weightOf = filter == ResizeFilter::Bilinear ? triangle : cubic;
    const double scale = double(from) / to;
    const double filterScale = std::max(scale, 1.0);
    const double support = (filter == ResizeFilter::Bilinear ? 1.0 : 2.0) * filterScale;
    const double inverse = 1.0 / filterScale;

    Axis axis;
    axis.taps = (int(std::ceil(support)) * 2 + 1 + 3) & ~3;
    axis.begin.resize(size_t(to));
    axis.count.resize(size_t(to));
    axis.high.resize(size_t(to) * size_t(axis.taps));
    axis.low.resize(axis.high.size());
    std::vector<double> weights(size_t(axis.taps));
    for (int x = 0; x < to; ++x) {
        const double centre = (x + 0.5) * scale;
        const int begin = std::max(int(centre - support + 0.5), 0);
        const int count = std::min(int(centre + support + 0.5), from) - begin;
        double total = 0;
        for (int k = 0; k < count; ++k) {
            weights[size_t(k)] = weightOf((k + begin - centre + 0.5) * inverse);
            total += weights[size_t(k)];
        }
        for (int k = 0; k < count; ++k) {
            const double weight = total != 0 ? weights[size_t(k)] / total : weights[size_t(k)];
            const double scaled = weight * (1 << weightBits);
            const int fixed = int(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
            const size_t at = size_t(x) * size_t(axis.taps) + size_t(k);
            axis.high[at] = int16_t(fixed >> lowBits);
            axis.low[at] = int16_t(fixed & ((1 << lowBits) - 1));
        }
        axis.begin[size_t(x)] = begin;
        axis.count[size_t(x)] = count;
    }
    return axis;
}

const Kernels& scalarKernels()
{
    static constexpr Kernels kernels{horizontalScalar, verticalScalar};
    return kernels;
}

Image run(const Image& image, ImageSize size, ResizeFilter filter, const Kernels& kernels,
          const std::stop_token& stop)
{
    const bool wide = size.width != image.width();
    const bool high = size.height != image.height();
    if (!high && !wide)
        return image;
    if (!high)
        return horizontalPass(image, 0, size.height, makeAxis(image.width(), size.width, filter),
                              kernels, stop);
    const Axis down = makeAxis(image.height(), size.height, filter);
    if (!wide)
        return verticalPass(image, 0, down, kernels, stop);
    const int top = down.begin.front();
    const int rows = down.begin.back() + down.count.back() - top;
    const Image between = horizontalPass(
        image, top, rows, makeAxis(image.width(), size.width, filter), kernels, stop);
    return between.isEmpty() ? Image() : verticalPass(between, top, down, kernels, stop);
}

} // namespace resample

Image resize(const Image& image, ImageSize size, ResizeFilter filter, std::stop_token stop)
{
    if (image.isEmpty() || size.width < 1 || size.height < 1)
        throw Error(Error::Code::BadRequest,
                    "cannot resize " + std::to_string(image.width()) + "x" +
                        std::to_string(image.height()) + " to " + std::to_string(size.width) + "x" +
                        std::to_string(size.height) + ": both need at least one pixel");
    static const resample::Kernels& best =
        resample::avx2Kernels() ? *resample::avx2Kernels() : resample::scalarKernels();
    try {
        return resample::run(image, size, filter, best, stop);
    } catch (const std::bad_alloc&) {
        throw Error(Error::Code::OutOfMemory, "no memory to resize a picture to " +
                                                  std::to_string(size.width) + "x" +
                                                  std::to_string(size.height));
    }
}

} // namespace argali
