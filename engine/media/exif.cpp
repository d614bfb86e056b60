#include "engine/media/exif.h"

#include <string_view>

#include "engine/media/bytes.h"
#include "engine/media/orientation.h"

namespace argali {

int exifOrientation(std::span<const uint8_t> block)
{
    constexpr std::string_view marker("Exif\0\0", 6);
    constexpr uint32_t orientationTag = 274;
    constexpr uint32_t shortType = 3, longType = 4;

    if (Bytes(block).is(0, marker))
        block = block.subspan(marker.size());
    const Bytes tiff(block);
    const bool little = tiff.is(0, "II");
    if (!little && !tiff.is(0, "MM"))
        return 1;
    const auto u16 = [&](size_t at) { return little ? tiff.le16(at) : tiff.be16(at); };
    const auto u32 = [&](size_t at) { return little ? tiff.le32(at) : tiff.be32(at); };
    if (u16(2) != 42)
        return 1;
    const size_t directory = u32(4);
    const uint32_t entries = u16(directory);
    for (uint32_t i = 0; i < entries; ++i) {
        const size_t entry = directory + 2 + size_t(12) * i;
        if (!tiff.has(entry, 12))
            return 1;
        if (u16(entry) != orientationTag)
            continue;
        const uint32_t type = u16(entry + 2);
        const int64_t value = type == shortType  ? u16(entry + 8)
                              : type == longType ? u32(entry + 8)
                                                 : 1;
        return isOrientation(value) ? int(value) : 1;
    }
    return 1;
}

} // namespace argali
