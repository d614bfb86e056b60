#include "engine/media/orientation.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/error.h"

namespace argali {

namespace {

/// Copies one row, from the right when mirrored.
void copyRow(uint8_t* out, const uint8_t* row, int width, bool mirrored)
{
    if (!mirrored) {
        std::memcpy(out, row, size_t(3) * size_t(width));
        return;
    }
    const uint8_t* from = row + size_t(3) * size_t(width);
    for (int x = 0; x < width; ++x, out += 3) {
        from -= 3;
        out[0] = from[0];
        out[1] = from[1];
        out[2] = from[2];
    }
}

} // namespace

UprightWriter::UprightWriter(ImageSize stored, int orientation)
    : m_stored(stored), m_orientation(orientation)
{
    if (!isOrientation(orientation))
        throw Error(Error::Code::Internal,
                    "orientation " + std::to_string(orientation) + " is none of the eight of EXIF");
    const ImageSize upright = uprightSize(stored, orientation);
    m_image = Image(upright.width, upright.height);
}

void UprightWriter::write(const uint8_t* rows, int top, int count)
{
    if (swapsSides(m_orientation)) {
        writeTurned(rows, top, count);
        return;
    }
    const bool mirrored = m_orientation == 2 || m_orientation == 3;
    const bool upsideDown = m_orientation == 3 || m_orientation == 4;
    for (int i = 0; i < count; ++i) {
        const int y = upsideDown ? m_stored.height - 1 - (top + i) : top + i;
        copyRow(m_image.row(y), rows + size_t(3) * size_t(m_stored.width) * size_t(i),
                m_stored.width, mirrored);
    }
}

void UprightWriter::writeTurned(const uint8_t* rows, int top, int count)
{
    // A stored column becomes an upright row. Band by band, each upright row gets a run of up to
    // bandRows neighbouring pixels, which keeps the caches useful.
    const bool fromRight = m_orientation == 7 || m_orientation == 8;  // last stored column on top
    const bool fromBottom = m_orientation == 6 || m_orientation == 7; // last stored row at the left
    const size_t rowBytes = size_t(3) * size_t(m_stored.width);
    for (int x = 0; x < m_stored.width; ++x) {
        uint8_t* line = m_image.row(fromRight ? m_stored.width - 1 - x : x);
        const uint8_t* from = rows + size_t(3) * size_t(x);
        for (int i = 0; i < count; ++i, from += rowBytes) {
            const int column = fromBottom ? m_stored.height - 1 - (top + i) : top + i;
            uint8_t* out = line + size_t(3) * size_t(column);
            out[0] = from[0];
            out[1] = from[1];
            out[2] = from[2];
        }
    }
}

Image oriented(const Image& image, int orientation)
{
    UprightWriter writer({image.width(), image.height()}, orientation);
    for (int y = 0; y < image.height(); y += UprightWriter::bandRows)
        writer.write(image.row(y), y, std::min(UprightWriter::bandRows, image.height() - y));
    return writer.take();
}

} // namespace argali
