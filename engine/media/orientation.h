#pragma once

#include <cstdint>
#include <utility>

#include "engine/media/image.h"

namespace argali {

/// EXIF orientation numbers 1 to 8: how a stored picture is turned to stand upright.
/// Source: Exif 2.32, tag 274
inline bool isOrientation(int64_t value)
{
    return value >= 1 && value <= 8;
}

/// Orientations 5 to 8 exchange width and height.
inline bool swapsSides(int orientation)
{
    return orientation >= 5;
}

/// The size of a stored picture once it stands upright.
inline ImageSize uprightSize(ImageSize stored, int orientation)
{
    return swapsSides(orientation) ? ImageSize{stored.height, stored.width} : stored;
}

/// Takes the rows of a stored picture from the top and lays them upright into an image, so that a
/// picture is never in memory twice only because it is turned.
class UprightWriter final {
public:
    /// Rows handed over at once; also how often long work looks at its stop token.
    static constexpr int bandRows = 16;

    /// Throws: Error::Code::Internal when orientation is none
    UprightWriter(ImageSize stored, int orientation);
    /// Stored rows [top, top + count), count <= bandRows, RGB without padding.
    void write(const uint8_t* rows, int top, int count);
    /// The picture; the writer is empty afterwards.
    Image take() { return std::move(m_image); }

private:
    void writeTurned(const uint8_t* rows, int top, int count);

    ImageSize m_stored;
    int m_orientation;
    Image m_image;
};

} // namespace argali
