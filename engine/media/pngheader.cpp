#include <cstring>

#include "engine/media/bytes.h"
#include "engine/media/exif.h"
#include "engine/media/pictureheader.h"

namespace argali {

PictureHeader readPngHeader(std::span<uint8_t> file, const MediaSource& source)
{
    constexpr size_t signature = 8, around = 12; // length, name and checksum around a chunk's data
    constexpr uint32_t grey = 0;
    const Bytes bytes(file);
    if (!bytes.is(signature + 4, "IHDR") || !bytes.has(signature, around + 13))
        throw cutShort(source);

    PictureHeader header;
    header.size = {int(bytes.be32(16) & 0x7fffffff), int(bytes.be32(20) & 0x7fffffff)};
    header.saturatesGrey = bytes.u8(24) == 16 && bytes.u8(25) == grey;
    header.strict = true;

    // Only the chunks that make pixels go to the decoder, moved together: texts and profiles can
    // unpack to gigabytes, and transparency must not hide a colour.
    size_t to = signature;
    bool ended = false;
    for (size_t at = signature; !ended;) {
        const size_t length = bytes.be32(at);
        if (!bytes.has(at, around) || !bytes.has(at, around + length))
            throw cutShort(source);
        if (bytes.is(at + 4, "eXIf"))
            header.orientation = exifOrientation(bytes.part(at + 8, length));
        ended = bytes.is(at + 4, "IEND");
        const bool needed = ended || bytes.is(at + 4, "IHDR") || bytes.is(at + 4, "PLTE") ||
                            bytes.is(at + 4, "IDAT");
        const size_t next = at + around + length;
        if (needed) {
            std::memmove(file.data() + to, file.data() + at, around + length);
            to += around + length;
        }
        at = next;
    }
    header.length = to;
    return header;
}

} // namespace argali
