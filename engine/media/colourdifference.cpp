#include "engine/media/pixelrows.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>

namespace argali {

namespace {

uint8_t byteOf(int value)
{
    return uint8_t(std::clamp(value, 0, 255));
}

/// One plane of colour differences, brought to the picture's width row by row.
class ColourPlane final {
public:
    ColourPlane(const AVFrame& frame, int plane, int shiftX, int shiftY)
        : m_data(frame.data[plane]),
          m_stride(frame.linesize[plane]),
          m_shiftX(shiftX),
          m_shiftY(shiftY),
          m_width(AV_CEIL_RSHIFT(frame.width, shiftX)),
          m_height(AV_CEIL_RSHIFT(frame.height, shiftY)),
          m_sums(size_t(m_width) + 2),
          m_row(size_t(m_width) << shiftX)
    {
    }

    /// Row y of the picture as libjpeg interpolates it: 3:1 of the nearer and the farther sample.
    const uint8_t* jpegRow(int y)
    {
        const bool fancyX = m_shiftX == 1 && m_width > 2;
        const bool fancyY = m_shiftY == 1 && (fancyX || m_shiftX == 0);
        const uint8_t* near = line(y >> m_shiftY);
        if (m_shiftX == 0 && m_shiftY == 0)
            return near;
        const uint8_t* far = fancyY ? neighbour(y) : near;
        if (fancyX) {
            // rounding goes up and down in turn, so that the mean level stays
            const int scale = fancyY ? 4 : 1;
            for (int i = 0; i < m_width; ++i)
                m_sums[size_t(i) + 1] = int16_t(fancyY ? 3 * near[i] + far[i] : near[i]);
            m_sums.front() = m_sums[1];
            m_sums.back() = m_sums[size_t(m_width)];
            const int down = fancyY ? 8 : 1, up = fancyY ? 7 : 2;
            const int shift = scale == 4 ? 4 : 2;
            const int16_t* sum = m_sums.data() + 1;
            for (int i = 0; i < m_width; ++i) {
                m_row[size_t(2 * i)] = uint8_t((3 * sum[i] + sum[i - 1] + down) >> shift);
                m_row[size_t(2 * i) + 1] = uint8_t((3 * sum[i] + sum[i + 1] + up) >> shift);
            }
        } else if (fancyY) {
            const int round = y & 1 ? 2 : 1;
            for (int i = 0; i < m_width; ++i)
                m_row[size_t(i)] = uint8_t((3 * near[i] + far[i] + round) >> 2);
        } else {
            const int copies = 1 << m_shiftX;
            for (int i = 0; i < m_width; ++i)
                std::fill_n(&m_row[size_t(i) << m_shiftX], copies, near[i]);
        }
        return m_row.data();
    }

    /// Row y of the picture as libwebp interpolates it: 9:3:3:1 in steps that each round.
    const uint8_t* webpRow(int y)
    {
        const uint8_t* near = line(y >> m_shiftY);
        const uint8_t* far = neighbour(y);
        const auto mix = [&](int i, int side) {
            const int a = near[i], b = near[side], c = far[i], d = far[side];
            return uint8_t((((a + b + c + d + 8 + 2 * (b + c)) >> 3) + a) >> 1);
        };
        for (int i = 0; i < m_width; ++i) {
            m_row[size_t(2 * i)] = mix(i, std::max(i - 1, 0));
            m_row[size_t(2 * i) + 1] = mix(i, std::min(i + 1, m_width - 1));
        }
        return m_row.data();
    }

private:
    const uint8_t* line(int y) const
    {
        return m_data + ptrdiff_t(m_stride) * std::clamp(y, 0, m_height - 1);
    }
    /// The farther of the two rows that row y lies between.
    const uint8_t* neighbour(int y) const { return line((y >> m_shiftY) + (y & 1 ? 1 : -1)); }

    const uint8_t* m_data;
    int m_stride;
    int m_shiftX, m_shiftY;
    int m_width, m_height;
    std::vector<int16_t> m_sums; ///< with one more at either end
    std::vector<uint8_t> m_row;
};

/// What each level of the colour differences adds to red, green and blue, in 16-bit fixed point.
struct JpegColours {
    std::array<int, 256> red, blue, greenOfBlue, greenOfRed;

    constexpr JpegColours() : red(), blue(), greenOfBlue(), greenOfRed()
    {
        constexpr auto fixed = [](double x) { return int(x * 65536 + 0.5); };
        constexpr int half = 1 << 15;
        for (int i = 0; i < 256; ++i) {
            const int x = i - 128;
            red[size_t(i)] = (fixed(1.40200) * x + half) >> 16;
            blue[size_t(i)] = (fixed(1.77200) * x + half) >> 16;
            greenOfRed[size_t(i)] = -fixed(0.71414) * x;
            greenOfBlue[size_t(i)] = -fixed(0.34414) * x + half;
        }
    }
};

void jpegToRgb(const uint8_t* luma, const uint8_t* blue, const uint8_t* red, int width,
               uint8_t* out)
{
    static constexpr JpegColours colours;
    for (int x = 0; x < width; ++x, out += 3) {
        const int y = luma[x];
        out[0] = byteOf(y + colours.red[red[x]]);
        out[1] = byteOf(y + ((colours.greenOfBlue[blue[x]] + colours.greenOfRed[red[x]]) >> 16));
        out[2] = byteOf(y + colours.blue[blue[x]]);
    }
}

void webpToRgb(const uint8_t* luma, const uint8_t* blue, const uint8_t* red, int width,
               uint8_t* out)
{
    // BT.601 from 16..235 in 14-bit fixed point, eight bits of each product dropped early.
    const auto part = [](int value, int factor) { return value * factor >> 8; };
    for (int x = 0; x < width; ++x, out += 3) {
        const int y = part(luma[x], 19077), u = blue[x], v = red[x];
        out[0] = byteOf((y + part(v, 26149) - 14234) >> 6);
        out[1] = byteOf((y - part(u, 6419) - part(v, 13320) + 8708) >> 6);
        out[2] = byteOf((y + part(u, 33050) - 17685) >> 6);
    }
}

uint32_t multiply255(uint32_t a, uint32_t b)
{
    const uint32_t t = a * b + 128;
    return ((t >> 8) + t) >> 8;
}

} // namespace

RowFunction colourDifferenceRows(const AVFrame& frame, MediaKind kind)
{
    const AVPixFmtDescriptor& layout = *av_pix_fmt_desc_get(AVPixelFormat(frame.format));
    const int shiftX = layout.log2_chroma_w, shiftY = layout.log2_chroma_h;
    ColourPlane blue(frame, 1, shiftX, shiftY), red(frame, 2, shiftX, shiftY);
    const bool webp = kind == MediaKind::WebP;
    if (webp && (shiftX != 1 || shiftY != 1))
        return {};
    return
        [&frame, webp, blue = std::move(blue), red = std::move(red)](int y, uint8_t* out) mutable {
            const uint8_t* luma = frame.data[0] + ptrdiff_t(frame.linesize[0]) * y;
            if (webp)
                webpToRgb(luma, blue.webpRow(y), red.webpRow(y), frame.width, out);
            else
                jpegToRgb(luma, blue.jpegRow(y), red.jpegRow(y), frame.width, out);
        };
}

RowFunction inkRows(const AVFrame& frame, Inks inks)
{
    const AVPixFmtDescriptor& layout = *av_pix_fmt_desc_get(AVPixelFormat(frame.format));
    const int shiftX = layout.log2_chroma_w, shiftY = layout.log2_chroma_h;
    ColourPlane second(frame, 1, shiftX, shiftY), third(frame, 2, shiftX, shiftY);
    return [&frame, inks, second = std::move(second),
            third = std::move(third)](int y, uint8_t* out) mutable {
        const uint8_t* first = frame.data[0] + ptrdiff_t(frame.linesize[0]) * y;
        const uint8_t* black = frame.data[3] + ptrdiff_t(frame.linesize[3]) * y;
        const uint8_t* planes[3] = {first, second.jpegRow(y), third.jpegRow(y)};
        if (inks == Inks::Differences)
            jpegToRgb(planes[0], planes[1], planes[2], frame.width, out);
        for (int x = 0; x < frame.width; ++x)
            for (int c = 0; c < 3; ++c) {
                // differences give the ink itself, plain planes its complement
                const uint32_t ink =
                    inks == Inks::Differences ? out[3 * x + c] : 255u - planes[c][x];
                out[3 * x + c] = uint8_t(black[x] - multiply255(ink, black[x]));
            }
    };
}

RowFunction packedInkRows(const AVFrame& frame)
{
    return [&frame](int y, uint8_t* out) {
        const uint8_t* inks = frame.data[0] + ptrdiff_t(frame.linesize[0]) * y;
        for (int x = 0; x < frame.width; ++x, inks += 4, out += 3) {
            const uint32_t paper = 255u - inks[3];
            for (int c = 0; c < 3; ++c)
                out[c] = uint8_t(paper - multiply255(inks[c], paper));
        }
    };
}

} // namespace argali
