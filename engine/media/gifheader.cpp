#include <algorithm>

#include "engine/media/bytes.h"
#include "engine/media/pictureheader.h"

namespace argali {

namespace {

constexpr uint32_t extensionMark = 0x21, imageMark = 0x2c;
constexpr uint32_t graphicControl = 0xf9;

size_t paletteBytes(uint32_t flags)
{
    return flags & 0x80 ? size_t(3) << ((flags & 7) + 1) : 0;
}

/// The place after a chain of data blocks; beyond the end when the chain is cut short.
size_t afterBlocks(const Bytes& bytes, size_t at)
{
    while (bytes.has(at, 1) && bytes.u8(at) != 0)
        at += 1 + bytes.u8(at);
    return at + 1;
}

void setLe16(std::span<uint8_t> file, size_t at, uint32_t value)
{
    file[at] = uint8_t(value);
    file[at + 1] = uint8_t(value >> 8);
}

} // namespace

PictureHeader readGifHeader(std::span<uint8_t> file, const MediaSource& source)
{
    const Bytes bytes(file);
    if (!bytes.has(0, 13))
        throw cutShort(source);
    PictureHeader header;
    header.size = {int(bytes.le16(6)), int(bytes.le16(8))};
    const size_t globalPalette = 13;
    const size_t globalBytes = paletteBytes(bytes.u8(10));

    // Extensions before the first picture; a transparent index would leave holes where Pillow
    // shows the colour behind it, so its flag is cleared for the decoder.
    size_t at = globalPalette + globalBytes;
    uint32_t transparent = 0;
    while (bytes.u8(at) == extensionMark) {
        if (bytes.u8(at + 1) == graphicControl && bytes.u8(at + 2) == 4 && bytes.has(at, 8)) {
            transparent = bytes.u8(at + 3) & 1 ? bytes.u8(at + 6) : 0;
            file[at + 3] &= uint8_t(0xe2); // nor need the decoder keep what was there before
        }
        at = afterBlocks(bytes, at + 2);
    }
    if (!bytes.has(at, 10))
        throw cutShort(source);
    if (bytes.u8(at) != imageMark)
        throw damaged(source, "a GIF without a picture");

    header.partX = int(bytes.le16(at + 1));
    header.partY = int(bytes.le16(at + 3));
    header.part = {int(bytes.le16(at + 5)), int(bytes.le16(at + 7))};
    if (header.part.width == 0 || header.part.height == 0)
        throw damaged(source, "a GIF frame without pixels");
    // A frame beyond the screen makes the picture larger.
    header.size.width = std::max(header.size.width, header.partX + header.part.width);
    header.size.height = std::max(header.size.height, header.partY + header.part.height);
    if (header.size.width > 0xffff || header.size.height > 0xffff)
        throw damaged(source, "a GIF frame outside its picture");
    setLe16(file, 6, uint32_t(header.size.width));
    setLe16(file, 8, uint32_t(header.size.height));

    const size_t localBytes = paletteBytes(bytes.u8(at + 9));
    const size_t palette = localBytes ? at + 10 : globalPalette;
    const size_t colours = (localBytes ? localBytes : globalBytes) / 3;
    if (colours == 0)
        throw damaged(source, "a GIF without a palette");
    if (transparent < colours) {
        const size_t colour = palette + 3 * transparent;
        header.around = bytes.u8(colour) << 16 | bytes.u8(colour + 1) << 8 | bytes.u8(colour + 2);
    }
    const size_t end = afterBlocks(bytes, at + 10 + localBytes + 1);
    if (end > file.size())
        throw cutShort(source);
    header.length = end;
    header.strict = true;
    return header;
}

} // namespace argali
