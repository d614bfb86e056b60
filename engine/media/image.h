#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace argali {

/// An 8-bit RGB picture, rows from the top, no padding.
class Image final {
public:
    Image() = default;
    /// A black picture.
    Image(int width, int height)
        : m_width(width), m_height(height), m_pixels(size_t(3) * size_t(width) * size_t(height))
    {
    }
    int width() const { return m_width; }
    int height() const { return m_height; }
    bool isEmpty() const { return m_pixels.empty(); }
    /// width * height * 3 bytes, channels interleaved.
    std::span<uint8_t> pixels() { return m_pixels; }
    std::span<const uint8_t> pixels() const { return m_pixels; }
    uint8_t* row(int y) { return m_pixels.data() + size_t(3) * size_t(m_width) * size_t(y); }
    const uint8_t* row(int y) const
    {
        return m_pixels.data() + size_t(3) * size_t(m_width) * size_t(y);
    }

private:
    int m_width = 0;
    int m_height = 0;
    std::vector<uint8_t> m_pixels;
};

struct ImageSize {
    int width = 0;
    int height = 0;
    bool operator==(const ImageSize&) const = default;
};

enum class ResizeFilter { Bilinear, Bicubic };

/// Pillow's antialiased resize of 8-bit pictures, equal byte for byte: horizontal pass first.
/// Returns an empty picture once stopped.
/// Throws: Error::Code::BadRequest for sizes of less than one pixel
/// Source: Pillow 10.3, src/libImaging/Resample.c (bilinear support 1, bicubic a = -0.5, support 2)
Image resize(const Image& image, ImageSize size, ResizeFilter filter, std::stop_token stop = {});

/// Turned as EXIF orientation 1 to 8 says, so that the picture stands upright.
/// Throws: Error::Code::Internal for other numbers
/// Source: Exif 2.32, tag 274
Image oriented(const Image& image, int orientation);

} // namespace argali
