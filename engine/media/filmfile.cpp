#include "engine/media/filmfile.h"

#include <bit>
#include <optional>
#include <span>

#include "engine/media/bytes.h"

namespace argali {

namespace {

constexpr int mostBoxes = 100'000; // fragments of a film of days
constexpr size_t headBytes = 16;

/// The first bytes of whatever begins at a place, in a buffer that the caller keeps.
Bytes headAt(MediaSource& source, int64_t at, std::span<uint8_t> buffer)
{
    return Bytes(buffer.first(source.read(at, buffer)));
}

/// The place behind a box of this many bytes, or none when that is beyond all files.
std::optional<int64_t> behind(int64_t at, uint64_t bytes)
{
    if (bytes > uint64_t(INT64_MAX - at))
        return std::nullopt;
    return at + int64_t(bytes);
}

int64_t claimedByBoxes(MediaSource& source)
{
    int64_t at = 0;
    for (int i = 0; i < mostBoxes && at < source.size(); ++i) {
        uint8_t buffer[headBytes];
        const Bytes head = headAt(source, at, buffer);
        const uint64_t small = head.be32(0);
        const uint64_t size = small == 1 ? uint64_t(head.be32(8)) << 32 | head.be32(12) : small;
        const std::optional<int64_t> next = behind(at, size);
        if (size < (small == 1 ? 16u : 8u) || !next) // 0: up to the end
            return 0;
        at = *next;
    }
    return at;
}

/// A number of one to eight bytes, whose first says how many; its leading bit is not part of it.
struct Vint {
    size_t length = 0; ///< 0: none
    uint64_t value = 0;
    bool isUnknown = false; ///< all ones: no size is given
};

Vint vintAt(const Bytes& bytes, size_t at)
{
    const auto length = size_t(std::countl_zero(uint8_t(bytes.u8(at)))) + 1;
    if (length > 8 || !bytes.has(at, length))
        return {};
    Vint number{length, bytes.u8(at) & (0xffU >> length), false};
    for (size_t i = 1; i < length; ++i)
        number.value = number.value << 8 | bytes.u8(at + i);
    number.isUnknown = number.value == (uint64_t(1) << (7 * length)) - 1;
    return number;
}

int64_t claimedByElements(MediaSource& source)
{
    int64_t at = 0;
    for (int i = 0; i < mostBoxes && at < source.size(); ++i) {
        uint8_t buffer[headBytes];
        const Bytes head = headAt(source, at, buffer);
        constexpr size_t idBytes = 4; // of the header, of the segment; one byte for filling
        const bool filling = head.u8(0) == 0xec;
        const Vint size = vintAt(head, filling ? 1 : idBytes);
        const std::optional<int64_t> next =
            behind(at + int64_t((filling ? 1 : idBytes) + size.length), size.value);
        if (size.length == 0 || size.isUnknown || !next)
            return 0;
        if (head.is(0, "\x18\x53\x80\x67")) // the segment, which has all the rest
            return *next;
        at = *next;
    }
    return 0;
}

int64_t claimedByChunks(MediaSource& source)
{
    int64_t at = 0;
    for (int i = 0; i < mostBoxes && at < source.size(); ++i) {
        uint8_t buffer[headBytes];
        const Bytes head = headAt(source, at, buffer);
        if (!head.is(0, "RIFF"))
            break;
        const int64_t size = head.le32(4);
        at += 8 + size + (size & 1);
    }
    return at;
}

} // namespace

int64_t claimedBytes(MediaSource& source, MediaKind kind)
{
    switch (kind) {
    case MediaKind::Matroska:
        return claimedByElements(source);
    case MediaKind::Avi:
        return claimedByChunks(source);
    default:
        return claimedByBoxes(source);
    }
}

} // namespace argali
