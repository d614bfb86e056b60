#include <algorithm>
#include <utility>

#include "engine/media/bytes.h"
#include "engine/media/pictureheader.h"

namespace argali {

namespace {

/// A box of the file format: where its content begins and ends.
struct Box {
    size_t type = 0; ///< place of its name
    size_t begin = 0;
    size_t end = 0; ///< 0: there is none
};

/// The box at a place of [at, end), cut where that ends.
Box boxAt(const Bytes& bytes, size_t at, size_t end)
{
    constexpr size_t head = 8, longHead = 16;
    if (at >= end || end - at < head)
        return {};
    const uint32_t small = bytes.be32(at);
    if (small == 1 && (end - at < longHead || bytes.be32(at + 8) != 0))
        return {}; // larger than any picture
    const size_t begin = at + (small == 1 ? longHead : head);
    const size_t size = small == 1 ? bytes.be32(at + 12) : small == 0 ? end - at : small;
    if (size < begin - at)
        return {};
    return {at + 4, begin, at + std::min(size, end - at)};
}

/// The first box of this name inside [at, end).
Box findBox(const Bytes& bytes, std::string_view name, size_t at, size_t end)
{
    for (Box box = boxAt(bytes, at, end); box.end > 0; box = boxAt(bytes, box.end, end))
        if (bytes.is(box.type, name))
            return box;
    return {};
}

/// The property of this number, counted from 1.
Box property(const Bytes& bytes, const Box& properties, uint32_t number)
{
    Box box = number ? boxAt(bytes, properties.begin, properties.end) : Box();
    for (uint32_t i = 1; i < number && box.end > 0; ++i)
        box = boxAt(bytes, box.end, properties.end);
    return box;
}

/// Turns and mirrors that follow each other: what is stored is transposed, then mirrored.
class Turning final {
public:
    void rotateLeft()
    {
        m_transposed = !m_transposed;
        std::swap(m_leftRight, m_topBottom);
        m_topBottom = !m_topBottom;
    }
    void mirror(bool leftRight)
    {
        bool& mirrored = leftRight ? m_leftRight : m_topBottom;
        mirrored = !mirrored;
    }
    /// The same as an EXIF orientation.
    int orientation() const
    {
        constexpr int numbers[8] = {1, 4, 2, 3, 5, 8, 6, 7};
        return numbers[4 * m_transposed + 2 * m_leftRight + m_topBottom];
    }

private:
    bool m_transposed = false, m_leftRight = false, m_topBottom = false;
};

void apply(Turning& turning, const Bytes& bytes, const Box& property)
{
    const uint32_t value = bytes.u8(property.begin);
    if (property.begin >= property.end)
        return;
    if (bytes.is(property.type, "irot"))
        for (uint32_t i = 0; i < (value & 3); ++i)
            turning.rotateLeft();
    else if (bytes.is(property.type, "imir"))
        turning.mirror(value & 1);
}

} // namespace

int avifOrientation(std::span<const uint8_t> file)
{
    constexpr size_t versionBytes = 4; // version and flags of a full box
    const Bytes bytes(file);
    const Box meta = findBox(bytes, "meta", 0, file.size());
    const size_t inMeta = meta.begin + versionBytes;
    const Box primary = findBox(bytes, "pitm", inMeta, meta.end);
    const Box all = findBox(bytes, "iprp", inMeta, meta.end);
    const Box properties = findBox(bytes, "ipco", all.begin, all.end);
    const Box uses = findBox(bytes, "ipma", all.begin, all.end);
    if (primary.end == 0 || properties.end == 0 || uses.end == 0)
        return 1;
    const size_t number = primary.begin + versionBytes;
    const uint32_t wanted = bytes.u8(primary.begin) == 0 ? bytes.be16(number) : bytes.be32(number);

    const bool longItems = bytes.u8(uses.begin) >= 1, longNumbers = bytes.u8(uses.begin + 3) & 1;
    const size_t itemBytes = longItems ? 4 : 2, numberBytes = longNumbers ? 2 : 1;
    Turning turning;
    for (size_t at = uses.begin + versionBytes + 4; at < uses.end;) { // behind the number of items
        const uint32_t item = longItems ? bytes.be32(at) : bytes.be16(at);
        const size_t count = bytes.u8(at + itemBytes);
        at += itemBytes + 1;
        for (size_t i = 0; i < count && item == wanted; ++i) {
            const size_t use = at + numberBytes * i;
            // The highest bit says whether a reader must know the property.
            const uint32_t index = longNumbers ? bytes.be16(use) & 0x7fff : bytes.u8(use) & 0x7f;
            if (use < uses.end)
                apply(turning, bytes, property(bytes, properties, index));
        }
        if (item == wanted)
            break;
        at += numberBytes * count;
    }
    return turning.orientation();
}

} // namespace argali
