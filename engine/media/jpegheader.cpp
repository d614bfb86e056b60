#include <cstring>

#include "engine/media/bytes.h"
#include "engine/media/exif.h"
#include "engine/media/pictureheader.h"

namespace argali {

namespace {

enum Marker : uint32_t {
    StartOfImage = 0xd8,
    EndOfImage = 0xd9,
    StartOfScan = 0xda,
    HuffmanTables = 0xc4,
    ArithmeticTables = 0xcc,
    Extensions = 0xc8,
    App1 = 0xe1,
    App14 = 0xee,
};

bool isFrameHeader(uint32_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != HuffmanTables &&
           marker != ArithmeticTables && marker != Extensions;
}

bool standsAlone(uint32_t marker)
{
    return marker == StartOfImage || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

/// The place of the next marker's 0xff at or after at; restart markers belong to a scan's data.
size_t findMarker(std::span<const uint8_t> file, size_t at)
{
    while (at + 1 < file.size()) {
        const void* found = std::memchr(file.data() + at, 0xff, file.size() - 1 - at);
        if (!found)
            return file.size();
        at = size_t(static_cast<const uint8_t*>(found) - file.data());
        const uint32_t code = file[at + 1];
        if (code != 0 && code != 0xff && !(code >= 0xd0 && code <= 0xd7))
            return at;
        ++at;
    }
    return file.size();
}

/// Renames the components C, M, Y, K of a frame or scan header. Without those names and Adobe's
/// marker FFmpeg hands over the inks themselves and not its own, coarser idea of their colours:
/// white would be 254.
void plainNames(std::span<uint8_t> segment, size_t first, size_t step)
{
    constexpr std::string_view names = "CMYK";
    const size_t count = segment.size() < first ? 0 : segment[first - 1];
    for (size_t i = 0; i < count && first + i * step < segment.size(); ++i)
        if (const size_t at = names.find(char(segment[first + i * step])); at != names.npos)
            segment[first + i * step] = uint8_t(at + 1);
}

} // namespace

PictureHeader readJpegHeader(std::span<uint8_t> file, const MediaSource& source)
{
    const Bytes bytes(file);
    PictureHeader header;
    bool hasFrame = false, hasExif = false, progressive = false, ended = false;
    size_t adobe = 0; // where that segment's text is
    uint32_t components = 0, componentsInScans = 0;
    size_t at = findMarker(file, 0);
    while (at < file.size() && !ended) {
        const uint32_t marker = bytes.u8(at + 1);
        if (marker == EndOfImage)
            ended = true;
        if (ended || standsAlone(marker)) {
            at = findMarker(file, at + 2);
            continue;
        }
        const size_t body = at + 4;
        const size_t length = bytes.be16(at + 2);
        if (length < 2)
            throw damaged(source, "a JPEG segment without a length");
        if (!bytes.has(at + 2, length))
            throw cutShort(source);
        if (isFrameHeader(marker)) {
            if (marker > 0xc2 || bytes.u8(body) != 8)
                throw source.error(Error::Code::Unsupported,
                                   "is a JPEG of a rare kind (lossless, arithmetic or not 8-bit); "
                                   "save it as an ordinary JPEG or PNG");
            if (hasFrame)
                throw damaged(source, "a second frame in a JPEG");
            hasFrame = true;
            progressive = marker == 0xc2;
            header.size = {int(bytes.be16(body + 3)), int(bytes.be16(body + 1))};
            components = bytes.u8(body + 5);
        } else if (marker == App1 && !hasExif && bytes.is(body, std::string_view("Exif\0", 5))) {
            hasExif = true;
            header.orientation = exifOrientation(bytes.part(body, length - 2));
        } else if (marker == App14 && bytes.is(body, "Adobe")) {
            adobe = body;
        } else if (marker == StartOfScan) {
            componentsInScans += bytes.u8(body);
        }
        if (components == 4 && bytes.has(body, length - 2)) {
            if (isFrameHeader(marker))
                plainNames(file.subspan(body, length - 2), 6, 3);
            else if (marker == StartOfScan)
                plainNames(file.subspan(body, length - 2), 1, 2);
        }
        at = findMarker(file, at + 2 + length); // behind a scan's header lie its data
    }
    if (!hasFrame || componentsInScans == 0)
        throw cutShort(source);
    // A file without its end marker may yet have every row, as some cameras write it; the decoder
    // tells for a single pass over the picture, but would take missing later passes for grey.
    if (!ended && (progressive || componentsInScans < components))
        throw cutShort(source);
    header.length = file.size();
    header.strict = !progressive;
    if (components == 4) {
        const bool differences = adobe && bytes.u8(adobe + 11) == 2;
        header.inks = differences ? Inks::Differences : Inks::Plain;
        if (adobe)
            file[adobe] = 'a'; // see plainNames
    }
    return header;
}

} // namespace argali
