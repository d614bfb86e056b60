#include "engine/media/pictureheader.h"

#include <algorithm>

#include "engine/media/bytes.h"
#include "engine/media/exif.h"

namespace argali {

namespace {

PictureHeader readBmpHeader(std::span<const uint8_t> file, const MediaSource& source)
{
    constexpr uint32_t oldHeader = 12; // OS/2 1.x: 16-bit sides
    const Bytes bytes(file);
    if (!bytes.has(0, 26))
        throw cutShort(source);
    PictureHeader header;
    if (bytes.le32(14) == oldHeader) {
        header.size = {int(bytes.le16(18)), int(bytes.le16(20))};
    } else {
        const int64_t height = int32_t(bytes.le32(22)); // negative: rows from the top
        const int64_t width = int32_t(bytes.le32(18));
        if (width < 0 || std::abs(height) > INT32_MAX)
            throw damaged(source, "a BMP of impossible size");
        header.size = {int(width), int(std::abs(height))};
    }
    header.length = file.size();
    header.strict = true;
    return header;
}

/// What tells a TIFF of the four inks of printing, a byte each, from others.
struct TiffInks {
    size_t colours = 0; ///< place of the low byte that says what the samples are
    bool separated = false, ofBytes = false, four = false, packed = true, usual = true;
    bool arePlain() const { return separated && ofBytes && four && packed && usual; }
};

PictureHeader readTiffHeader(std::span<uint8_t> file, const MediaSource& source)
{
    constexpr uint32_t width = 256, height = 257, bits = 258, colours = 262, stripOffsets = 273,
                       samples = 277, stripBytes = 279, planes = 284, inkSet = 332;
    constexpr uint32_t shortType = 3;
    const Bytes bytes(file);
    const bool little = bytes.is(0, "II");
    const auto u16 = [&](size_t at) { return little ? bytes.le16(at) : bytes.be16(at); };
    const auto u32 = [&](size_t at) { return little ? bytes.le32(at) : bytes.be32(at); };
    const size_t directory = u32(4);
    const uint32_t entries = u16(directory);
    if (entries == 0 || !bytes.has(directory + 2, size_t(12) * entries))
        throw cutShort(source);

    struct Values {
        size_t at = 0;
        uint32_t count = 0;
        bool isShort = false;
    };
    Values offsets, sizes;
    const auto value = [&](const Values& values, size_t i) {
        return values.isShort ? u16(values.at + 2 * i) : u32(values.at + 4 * i);
    };
    PictureHeader header;
    TiffInks inks;
    for (uint32_t i = 0; i < entries; ++i) {
        const size_t entry = directory + 2 + size_t(12) * i;
        Values values{0, u32(entry + 4), u16(entry + 2) == shortType};
        const size_t needed = size_t(values.isShort ? 2 : 4) * values.count;
        values.at = needed <= 4 ? entry + 8 : u32(entry + 8);
        switch (u16(entry)) {
        case width:
            header.size.width = int(value(values, 0) & 0x7fffffff);
            break;
        case height:
            header.size.height = int(value(values, 0) & 0x7fffffff);
            break;
        case bits:
            inks.ofBytes = values.isShort && values.count == 4;
            for (size_t sample = 0; sample < 4 && inks.ofBytes; ++sample)
                inks.ofBytes = value(values, sample) == 8;
            break;
        case colours:
            inks.colours = values.at + (little ? 0 : 1);
            inks.separated = values.isShort && value(values, 0) == 5;
            break;
        case samples:
            inks.four = value(values, 0) == 4;
            break;
        case planes:
            inks.packed = value(values, 0) == 1;
            break;
        case inkSet:
            inks.usual = value(values, 0) == 1;
            break;
        case stripOffsets:
        case stripBytes:
            if (!bytes.has(values.at, needed))
                throw cutShort(source);
            (u16(entry) == stripOffsets ? offsets : sizes) = values;
            break;
        default:
            break;
        }
    }
    for (size_t i = 0; i < std::min(offsets.count, sizes.count); ++i)
        if (!bytes.has(value(offsets, i), value(sizes, i)))
            throw cutShort(source);
    if (inks.arePlain()) {
        // Called RGB with alpha, the inks come as they are and not in FFmpeg's own, coarser idea of
        // their colours: white would be 254.
        header.inks = Inks::Plain;
        file[inks.colours] = 2;
    }
    header.orientation = exifOrientation(file);
    header.length = file.size();
    header.saturatesGrey = true;
    header.strict = true;
    return header;
}

} // namespace

Error cutShort(const MediaSource& source)
{
    return source.error(Error::Code::BadMedia, "ends before its picture does; get the file again");
}

Error damaged(const MediaSource& source, const std::string& what)
{
    return source.error(Error::Code::BadMedia,
                        "is damaged (" + what + "); get the file again or save it as PNG");
}

PictureHeader readPictureHeader(MediaKind kind, std::span<uint8_t> file, const MediaSource& source)
{
    switch (kind) {
    case MediaKind::Jpeg:
        return readJpegHeader(file, source);
    case MediaKind::Png:
        return readPngHeader(file, source);
    case MediaKind::Gif:
        return readGifHeader(file, source);
    case MediaKind::Bmp:
        return readBmpHeader(file, source);
    case MediaKind::Tiff:
        return readTiffHeader(file, source);
    case MediaKind::WebP:
        return readWebPHeader(file, source);
    default:
        throw source.error(Error::Code::Internal, "is not a picture with a header of its own");
    }
}

} // namespace argali
