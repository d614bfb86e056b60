#include "engine/layers/pictureinput.h"

#include <algorithm>

namespace argali {

Tensor patchesOf(Backend& op, std::span<const Image> pictures, const PatchLayout& layout,
                 const std::stop_token& stop)
{
    if (pictures.empty())
        return {};
    const int64_t height = pictures.front().height();
    const int64_t width = pictures.front().width();
    const int64_t count = height / layout.patch * (width / layout.patch);
    Tensor patches =
        op.allocate(DType::F32, {std::ssize(pictures) * count, 3 * layout.patch * layout.patch});
    op.begin(stop);
    for (int64_t i = 0; i < std::ssize(pictures); ++i) {
        const Image& picture = pictures[static_cast<size_t>(i)];
        Tensor pixels = hostTensor(DType::U8, {height, width, 3});
        std::copy(picture.pixels().begin(), picture.pixels().end(), pixels.as<uint8_t>());
        Tensor image = op.allocate(DType::U8, pixels.shape());
        op.upload(image, pixels);
        Tensor out = patches.rows(i * count, count);
        op.patchify(out, image, layout);
    }
    return stop.stop_requested() ? Tensor() : patches;
}

Tensor picturesOf(const Tensor& patches, int64_t rows, int64_t columns, const PatchLayout& layout)
{
    const auto [patch, merge, mean, deviation] = layout;
    const int64_t count = rows * columns;
    const int64_t pictures = patches.dim(0) / count;
    const int64_t width = columns * patch;
    Tensor out = hostTensor(DType::F32, {pictures, 3, rows * patch, width});
    const auto* from = patches.as<float>();
    for (int64_t i = 0; i < pictures * count; ++i) {
        const int64_t block = i % count / (merge * merge);
        const int64_t within = i % (merge * merge);
        const int64_t row = block / (columns / merge) * merge + within / merge;
        const int64_t column = block % (columns / merge) * merge + within % merge;
        for (int64_t c = 0; c < 3; ++c)
            for (int64_t y = 0; y < patch; ++y, from += patch) {
                const int64_t line = (i / count * 3 + c) * rows * patch + row * patch + y;
                std::copy_n(from, patch, out.as<float>() + line * width + column * patch);
            }
    }
    return out;
}

} // namespace argali
