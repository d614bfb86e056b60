#include <cstring>

#include "engine/media/bytes.h"
#include "engine/media/exif.h"
#include "engine/media/pictureheader.h"

namespace argali {

namespace {

constexpr size_t riffBytes = 12, chunkBytes = 8;

bool isBitstream(const Bytes& bytes, size_t at)
{
    return bytes.is(at, "VP8 ") || bytes.is(at, "VP8L");
}

ImageSize bitstreamSize(const Bytes& bytes, size_t at)
{
    const size_t data = at + chunkBytes;
    if (bytes.is(at, "VP8 "))
        return {int(bytes.le16(data + 6) & 0x3fff), int(bytes.le16(data + 8) & 0x3fff)};
    const uint32_t bits = bytes.le32(data + 1);
    return {int(bits & 0x3fff) + 1, int(bits >> 14 & 0x3fff) + 1};
}

void setLe32(std::span<uint8_t> file, size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; ++i)
        file[at + i] = uint8_t(value >> (8 * i));
}

} // namespace

PictureHeader readWebPHeader(std::span<uint8_t> file, const MediaSource& source)
{
    const Bytes bytes(file);
    PictureHeader header;
    if (!bytes.has(8, bytes.le32(4)))
        throw cutShort(source);
    size_t picture = 0; // the chunk with the first picture
    for (size_t at = riffBytes; bytes.has(at, chunkBytes);) {
        const size_t length = bytes.le32(at + 4);
        const size_t data = at + chunkBytes;
        if (!bytes.has(data, length))
            throw cutShort(source);
        if (bytes.is(at, "VP8X")) {
            header.size = {int(bytes.le24(data + 4)) + 1, int(bytes.le24(data + 7)) + 1};
        } else if (bytes.is(at, "EXIF")) {
            header.orientation = exifOrientation(bytes.part(data, length));
        } else if (bytes.is(at, "ANMF") && picture == 0) {
            header.partX = 2 * int(bytes.le24(data));
            header.partY = 2 * int(bytes.le24(data + 3));
            header.part = {int(bytes.le24(data + 6)) + 1, int(bytes.le24(data + 9)) + 1};
            // The frame's own chunks follow its 16 bytes of header; alpha comes first.
            for (size_t inner = data + 16; picture == 0 && inner + chunkBytes <= data + length;) {
                if (isBitstream(bytes, inner))
                    picture = inner;
                inner += chunkBytes + bytes.le32(inner + 4) + (bytes.le32(inner + 4) & 1);
            }
        } else if (isBitstream(bytes, at) && picture == 0) {
            picture = at;
        }
        at = data + length + (length & 1);
    }
    const size_t length = bytes.le32(picture + 4);
    if (picture == 0 || length < 10 || !bytes.has(picture, chunkBytes + length))
        throw cutShort(source);

    const ImageSize stored = bitstreamSize(bytes, picture);
    if (header.size == ImageSize{})
        header.size = stored;
    const ImageSize expected = header.part == ImageSize{} ? header.size : header.part;
    if (stored != expected || header.partX + expected.width > header.size.width ||
        header.partY + expected.height > header.size.height)
        throw damaged(source, "WebP sizes that contradict each other");

    // The decoder gets a simple file of this chunk alone: alpha is dropped anyway, profiles and
    // EXIF are not its business, and it does not know animations.
    const size_t padded = length + (length & 1);
    header.begin = picture - riffBytes;
    header.length = riffBytes + chunkBytes + padded; // the buffer goes on behind the file
    std::memcpy(file.data() + header.begin, "RIFF", 4);
    setLe32(file, header.begin + 4, uint32_t(4 + chunkBytes + padded));
    std::memcpy(file.data() + header.begin + 8, "WEBP", 4);
    return header;
}

} // namespace argali
