#include "engine/cli/testpicture.h"

#include <cstdint>
#include <random>

namespace argali::cli {

namespace {

/// Little-endian, as all of a BMP file.
void put(std::vector<std::byte>& out, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; ++i)
        out.push_back(static_cast<std::byte>(value >> (8 * i)));
}

} // namespace

std::vector<std::byte> noisePicture(ImageSize size, unsigned seed)
{
    constexpr uint32_t fileHeader = 14;
    constexpr uint32_t infoHeader = 40;
    const auto width = static_cast<uint32_t>(size.width);
    const auto height = static_cast<uint32_t>(size.height);
    const uint32_t stride = (3 * width + 3) / 4 * 4;
    std::vector<std::byte> out;
    out.reserve(fileHeader + infoHeader + size_t(stride) * height);
    put(out, 0x4D42, 2); // "BM"
    put(out, fileHeader + infoHeader + stride * height, 4);
    put(out, 0, 4);
    put(out, fileHeader + infoHeader, 4);
    put(out, infoHeader, 4);
    put(out, width, 4);
    put(out, height, 4);
    put(out, 1, 2);
    put(out, 24, 2);
    put(out, 0, 4); // not compressed
    put(out, stride * height, 4);
    put(out, 2835, 4); // 72 dots per inch
    put(out, 2835, 4);
    put(out, 0, 4);
    put(out, 0, 4);
    std::minstd_rand random(seed + 1);
    const size_t end = fileHeader + infoHeader + size_t(stride) * height;
    while (out.size() < end)
        out.push_back(static_cast<std::byte>(random() >> 16));
    return out;
}

} // namespace argali::cli
