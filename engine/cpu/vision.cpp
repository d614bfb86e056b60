#include "engine/cpu/vision.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace argali::cpu {

namespace {

/// The four entries of a row (or column) of the table that one position reads.
struct Taps {
    std::array<int64_t, 4> index;
    std::array<float, 4> weight;
};

/// Source: torch.nn.functional.interpolate, mode bicubic, align_corners false
Taps tapsOf(int64_t position, int64_t size, int64_t side)
{
    constexpr float a = -0.75f;
    const auto near = [](float x) { return ((a + 2) * x - (a + 3)) * x * x + 1; }; // |x| <= 1
    const auto far = [](float x) {
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
    }; // 1 < |x| < 2
    const float ratio = static_cast<float>(side) / static_cast<float>(size);
    const float source = (static_cast<float>(position) + 0.5f) * ratio - 0.5f;
    const float base = std::floor(source);
    const float t = source - base;
    Taps taps{{}, {far(t + 1), near(t), near(1 - t), far(2 - t)}};
    for (int64_t i = 0; i < 4; ++i)
        taps.index[static_cast<size_t>(i)] =
            std::clamp<int64_t>(static_cast<int64_t>(base) - 1 + i, 0, side - 1);
    return taps;
}

/// What each value of a channel's byte becomes.
using Levels = std::array<float, 256>;

Levels levelsOf(float mean, float deviation)
{
    Levels levels;
    for (size_t u = 0; u < levels.size(); ++u) {
        // The references scale in double, round to f32 and normalise in f32.
        const auto scaled = static_cast<float>(static_cast<double>(u) * 0.00392156862745098);
        levels[u] = (scaled - mean) / deviation;
    }
    return levels;
}

} // namespace

void patchify(Context& context, Tensor& out, const Tensor& image, const PatchLayout& layout)
{
    const int64_t patch = layout.patch;
    const PatchGrid grid{image.dim(0) / patch, image.dim(1) / patch, layout.merge};
    const int64_t features = 3 * patch * patch;
    const int64_t lineBytes = image.dim(1) * 3;
    const auto* const pixels = image.as<uint8_t>();
    std::array<Levels, 3> levels;
    for (size_t c = 0; c < 3; ++c)
        levels[c] = levelsOf(layout.mean[c], layout.deviation[c]);

    constexpr int64_t patchesPerSlice = 16;
    const int64_t patches = grid.rows * grid.columns;
    context.pool.run(divideUp(patches, patchesPerSlice), [&](int64_t slice, int worker) {
        float* const temporary = context.worker(worker).row.get<float>(features);
        const int64_t end = std::min(patches, (slice + 1) * patchesPerSlice);
        for (int64_t p = slice * patchesPerSlice; p < end; ++p) {
            const PatchGrid::Place place = grid.place(p);
            float* const target = placeFloats(out, p * features, temporary);
            const uint8_t* const corner =
                pixels + place.row * patch * lineBytes + place.column * patch * 3;
            float* next = target;
            for (size_t c = 0; c < 3; ++c)
                for (int64_t y = 0; y < patch; ++y)
                    for (int64_t x = 0; x < patch; ++x)
                        *next++ =
                            levels[c][corner[y * lineBytes + x * 3 + static_cast<int64_t>(c)]];
            writeFloats(context.kernels, out, p * features, features, target);
        }
    });
}

void resizePositions(Context& context, Tensor& out, const Tensor& table, int64_t side,
                     const PatchGrid& grid)
{
    const int64_t width = table.dim(1);
    const auto* const values = table.as<float>();
    auto* const target = out.as<float>();
    std::vector<Taps> rowTaps;
    std::vector<Taps> columnTaps;
    for (int64_t i = 0; i < grid.rows; ++i)
        rowTaps.push_back(tapsOf(i, grid.rows, side));
    for (int64_t i = 0; i < grid.columns; ++i)
        columnTaps.push_back(tapsOf(i, grid.columns, side));

    context.pool.run(grid.rows * grid.columns, [&](int64_t p, int worker) {
        const PatchGrid::Place place = grid.place(p);
        const Taps& vertical = rowTaps[static_cast<size_t>(place.row)];
        const Taps& horizontal = columnTaps[static_cast<size_t>(place.column)];
        float* const line = context.worker(worker).row.get<float>(width);
        float* const row = target + p * width;
        std::fill_n(row, width, 0.0f);
        for (size_t y = 0; y < 4; ++y) {
            const float* const source = values + vertical.index[y] * side * width;
            const auto tap = [&](size_t x) { return source + horizontal.index[x] * width; };
            const float* const sources[4] = {tap(0), tap(1), tap(2), tap(3)};
            for (int64_t d = 0; d < width; ++d)
                line[d] =
                    sources[0][d] * horizontal.weight[0] + sources[1][d] * horizontal.weight[1] +
                    sources[2][d] * horizontal.weight[2] + sources[3][d] * horizontal.weight[3];
            context.kernels.scale(line, vertical.weight[y], width);
            context.kernels.add(row, line, width);
        }
    });
}

void addPositions(Context& context, Tensor& x, const Tensor& positions)
{
    const Kernels& kernels = context.kernels;
    const int64_t patches = x.dim(0);
    const int64_t width = positions.dim(1);
    const int64_t framePatches = positions.dim(0);
    constexpr int64_t rowsPerSlice = 32;
    context.pool.run(divideUp(patches, rowsPerSlice), [&](int64_t slice, int worker) {
        float* const temporary = context.worker(worker).row.get<float>(width);
        const int64_t end = std::min(patches, (slice + 1) * rowsPerSlice);
        for (int64_t p = slice * rowsPerSlice; p < end; ++p) {
            readFloats(kernels, x, p * width, width, temporary);
            float* const row = placeFloats(x, p * width, temporary);
            kernels.add(row, positions.as<float>() + p % framePatches * width, width);
            writeFloats(kernels, x, p * width, width, row);
        }
    });
}

} // namespace argali::cpu
