#pragma once

#include <QImage>

namespace argali::gui {

/// The number burnt into a frame of the films in tests/data/media: eight blocks, four across, white
/// for 1.
inline int numberIn(const QImage& image)
{
    int number = 0;
    for (int bit = 0; bit < 8; ++bit) {
        const int x = image.width() * (2 * (bit % 4) + 1) / 8;
        const int y = image.height() * (2 * (bit / 4) + 1) / 4;
        number |= (qRed(image.pixel(x, y)) > 127) << bit;
    }
    return number;
}

} // namespace argali::gui
