#include "engine/media/pixelrows.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>

namespace argali {

namespace {

const uint8_t* line(const AVFrame& frame, int plane, int y)
{
    return frame.data[plane] + ptrdiff_t(frame.linesize[plane]) * y;
}

RowFunction paletteRows(const AVFrame& frame)
{
    return [&frame](int y, uint8_t* out) {
        const uint8_t* index = line(frame, 0, y);
        const auto* colours = reinterpret_cast<const uint32_t*>(frame.data[1]); // 0xAARRGGBB
        for (int x = 0; x < frame.width; ++x, out += 3) {
            const uint32_t colour = colours[index[x]];
            out[0] = uint8_t(colour >> 16);
            out[1] = uint8_t(colour >> 8);
            out[2] = uint8_t(colour);
        }
    };
}

RowFunction bitRows(const AVFrame& frame, bool zeroIsWhite)
{
    return [&frame, flip = zeroIsWhite ? 0xff : 0](int y, uint8_t* out) {
        const uint8_t* bits = line(frame, 0, y);
        for (int x = 0; x < frame.width; ++x, out += 3) {
            const int byte = bits[x >> 3] ^ flip;
            out[0] = out[1] = out[2] = byte >> (7 - (x & 7)) & 1 ? 255 : 0;
        }
    };
}

/// 16-bit grey as Pillow converts it: larger values are simply white.
RowFunction saturatedGreyRows(const AVFrame& frame, bool bigEndian)
{
    return [&frame, bigEndian](int y, uint8_t* out) {
        const uint8_t* words = line(frame, 0, y);
        for (int x = 0; x < frame.width; ++x, out += 3, words += 2) {
            const int value = bigEndian ? words[0] << 8 | words[1] : words[1] << 8 | words[0];
            out[0] = out[1] = out[2] = uint8_t(std::min(value, 255));
        }
    };
}

/// Five or six bits a colour in 16-bit words.
RowFunction shortRgbRows(const AVFrame& frame, const AVPixFmtDescriptor& layout)
{
    return [&frame, &layout](int y, uint8_t* out) {
        const uint8_t* words = line(frame, 0, y);
        for (int x = 0; x < frame.width; ++x, out += 3, words += 2)
            for (int c = 0; c < 3; ++c) {
                const AVComponentDescriptor& part = layout.comp[c];
                // FFmpeg describes parts in bytes: offset is that of the byte that shift is in.
                const int word = words[part.offset] | (part.offset == 0 ? words[1] << 8 : 0);
                const int most = (1 << part.depth) - 1;
                out[c] = uint8_t((word >> part.shift & most) * 255 / most);
            }
    };
}

/// Whole bytes or 16-bit values, of which the high byte is kept; packed or in planes.
RowFunction byteRows(const AVFrame& frame, const AVPixFmtDescriptor& layout)
{
    const bool grey = layout.nb_components <= 2;
    const bool bigEndian = layout.flags & AV_PIX_FMT_FLAG_BE;
    return [&frame, &layout, grey, bigEndian](int y, uint8_t* out) {
        for (int c = 0; c < 3; ++c) {
            const AVComponentDescriptor& part = layout.comp[grey ? 0 : c];
            const int highByte = part.depth == 16 && !bigEndian ? 1 : 0;
            const uint8_t* from = line(frame, part.plane, y) + part.offset + highByte;
            for (int x = 0; x < frame.width; ++x, from += part.step)
                out[3 * x + c] = *from;
        }
    };
}

} // namespace

RowFunction rgbRows(const AVFrame& frame, MediaKind kind, const PictureHeader& header)
{
    const auto format = AVPixelFormat(frame.format);
    const AVPixFmtDescriptor& layout = *av_pix_fmt_desc_get(format);
    const int depth = layout.comp[0].depth;
    const bool rgb = layout.flags & AV_PIX_FMT_FLAG_RGB;
    const bool grey = !rgb && layout.nb_components <= 2;
    if (layout.flags & (AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_HWACCEL))
        return {};
    if (format == AV_PIX_FMT_PAL8)
        return paletteRows(frame);
    if (format == AV_PIX_FMT_MONOBLACK || format == AV_PIX_FMT_MONOWHITE)
        return bitRows(frame, format == AV_PIX_FMT_MONOWHITE);
    if (header.inks != Inks::None && format == AV_PIX_FMT_RGBA)
        return packedInkRows(frame);
    if (header.inks != Inks::None && !rgb && layout.nb_components == 4 && depth == 8)
        return inkRows(frame, header.inks);
    if (grey && layout.nb_components == 1 && depth > 8 && header.saturatesGrey)
        return saturatedGreyRows(frame, layout.flags & AV_PIX_FMT_FLAG_BE);
    if (rgb && depth < 8 && layout.comp[0].step == 2)
        return shortRgbRows(frame, layout);
    if ((rgb || grey) && (depth == 8 || depth == 16) && !(layout.flags & AV_PIX_FMT_FLAG_BITSTREAM))
        return byteRows(frame, layout);
    if ((kind == MediaKind::Jpeg || kind == MediaKind::WebP) && depth == 8 &&
        layout.nb_components >= 3 && (layout.flags & AV_PIX_FMT_FLAG_PLANAR))
        return colourDifferenceRows(frame, kind);
    return {};
}

} // namespace argali
