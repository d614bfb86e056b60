#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/media/image.h"
#include "engine/media/mediasource.h"

namespace argali {

/// How a picture of four inks stores the first three: as they are, or (a JPEG) as colour
/// differences.
enum class Inks { None, Plain, Differences };

/// What a picture's headers say, and what the decoder cannot know by itself.
struct PictureHeader {
    ImageSize size;      ///< as stored
    int orientation = 1; ///< EXIF

    /// The bytes that make the first picture; everything else (text, profiles, later frames) is
    /// kept from the decoder.
    size_t begin = 0;
    size_t length = 0;

    bool strict = false;        ///< the decoder's every complaint means damage
    bool saturatesGrey = false; ///< 16-bit grey: values above 255 are white, as Pillow has it
    Inks inks = Inks::None;     ///< of a JPEG or TIFF of four
    ImageSize part;             ///< of animations: size of the frame, when it is not all
    int partX = 0, partY = 0;   ///< and where in the picture it lies
    uint32_t around = 0;        ///< what is around it, 0xRRGGBB
};

/// Reads the headers and checks that the file is whole as far as they tell. May rewrite bytes so
/// that the decoder sees the first picture alone and its hidden colours.
/// Throws: Error::Code::BadMedia (broken or cut short), Unsupported
PictureHeader readPictureHeader(MediaKind kind, std::span<uint8_t> file, const MediaSource& source);

/// One format each, used by readPictureHeader().
PictureHeader readJpegHeader(std::span<uint8_t> file, const MediaSource& source);
PictureHeader readPngHeader(std::span<uint8_t> file, const MediaSource& source);
PictureHeader readGifHeader(std::span<uint8_t> file, const MediaSource& source);
PictureHeader readWebPHeader(std::span<uint8_t> file, const MediaSource& source);

/// How the picture of an AVIF file is to be turned, as an EXIF orientation. Its EXIF data do not
/// count. Source: ISO/IEC 23008-12:2022, 6.5.10 (irot), 6.5.12 (imir), 9.3.1 (ipma)
int avifOrientation(std::span<const uint8_t> file);

/// The sentence for files that end before their picture does.
Error cutShort(const MediaSource& source);
/// The sentence for files that break their format's rules.
Error damaged(const MediaSource& source, const std::string& what);

} // namespace argali
