#include "engine/cpu/rope.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/cpu/norm.h"

namespace argali::cpu {

namespace {

/// theta^(-2j/width) for j < width / 2, rounded to f32 as the references hold them.
std::vector<float> frequencies(float theta, int64_t width)
{
    std::vector<float> result(static_cast<size_t>(width / 2));
    for (size_t j = 0; j < result.size(); ++j)
        result[j] = static_cast<float>(
            std::pow(static_cast<double>(theta),
                     -2.0 * static_cast<double>(j) / static_cast<double>(width)));
    return result;
}

/// The same with factors, each step rounded as the reference rounds it.
std::vector<float> frequencies(const Rope& rope, int64_t width)
{
    std::vector<float> result = frequencies(rope.theta, width);
    for (size_t j = 0; j < rope.factors.size(); ++j) {
        const auto power =
            static_cast<float>(std::pow(static_cast<double>(rope.theta),
                                        2.0 * static_cast<double>(j) / static_cast<double>(width)));
        result[j] = 1 / (rope.factors[j] * power);
    }
    return result;
}

/// The angles are products in f32, again as the references have them.
void turn(float* cosines, float* sines, const std::vector<float>& inverse, int64_t position,
          float magnitude = 1)
{
    for (size_t j = 0; j < inverse.size(); ++j) {
        const float angle = static_cast<float>(position) * inverse[j];
        cosines[j] = magnitude * std::cos(angle);
        sines[j] = magnitude * std::sin(angle);
    }
}

} // namespace

void headNormRopeAppend(Context& context, Tensor& q, KvLayer& cache, const Tensor& qkv,
                        const HeadNorms& norms, const Rope& rope, int64_t length)
{
    const Kernels& kernels = context.kernels;
    const int64_t tokens = q.dim(0);
    const int64_t heads = q.dim(1);
    const int64_t width = q.dim(2);
    const int64_t groups = cache.keys.dim(0);
    const int64_t capacity = cache.keys.dim(1);
    const int64_t total = (heads + 2 * groups) * width;
    const std::vector<float> inverse = frequencies(rope, width);

    const auto finish = [&](float* head, const Norm& norm, const float* cosines,
                            const float* sines) {
        if (!norm.weight.isEmpty())
            normRow(kernels, head, head, norm, width);
        kernels.rotate(head, cosines, sines, width / 2);
    };
    context.pool.run(tokens, [&](int64_t t, int worker) {
        float* const row = context.worker(worker).row.get<float>(total + width);
        float* const cosines = row + total;
        float* const sines = cosines + width / 2;
        const int64_t position = length + t;
        turn(cosines, sines, inverse, position, rope.magnitude);
        kernels.load(row, qkv.raw() + t * total * sizeOf(qkv.type()), elementOf(qkv.type()), total);
        for (int64_t h = 0; h < heads; ++h) {
            finish(row + h * width, norms.query, cosines, sines);
            writeFloats(kernels, q, (t * heads + h) * width, width, row + h * width);
        }
        for (int64_t g = 0; g < groups; ++g) {
            float* const key = row + (heads + g) * width;
            finish(key, norms.key, cosines, sines);
            writeFloats(kernels, cache.keys, (g * capacity + position) * width, width, key);
            writeFloats(kernels, cache.values, (g * capacity + position) * width, width,
                        key + groups * width);
        }
    });
}

PatchGrid::Place PatchGrid::place(int64_t i) const
{
    const int64_t block = i / (merge * merge);
    const int64_t within = i % (merge * merge);
    const int64_t blocksPerRow = columns / merge;
    return {block / blocksPerRow * merge + within / merge,
            block % blocksPerRow * merge + within % merge};
}

void ropePatches(Context& context, Tensor& qkv, int64_t heads, const PatchGrid& grid, float theta)
{
    const Kernels& kernels = context.kernels;
    const int64_t patches = qkv.dim(0);
    const int64_t model = qkv.count() / patches / 3;
    const int64_t width = model / heads;
    const int64_t quarter = width / 4;
    const int64_t positions = std::max(grid.rows, grid.columns);
    // theta^(-4j/C): the frequencies of a head of half the width
    const std::vector<float> inverse = frequencies(theta, width / 2);
    std::vector<float> cosines(static_cast<size_t>(positions * quarter));
    std::vector<float> sines(cosines.size());
    for (int64_t i = 0; i < positions; ++i)
        turn(cosines.data() + i * quarter, sines.data() + i * quarter, inverse, i);

    constexpr int64_t rowsPerSlice = 16;
    context.pool.run(divideUp(patches, rowsPerSlice), [&](int64_t slice, int worker) {
        float* const temporary = context.worker(worker).row.get<float>(2 * model + 4 * quarter);
        float* const cosine = temporary + 2 * model;
        float* const sine = cosine + 2 * quarter;
        const int64_t end = std::min(patches, (slice + 1) * rowsPerSlice);
        for (int64_t p = slice * rowsPerSlice; p < end; ++p) {
            const PatchGrid::Place place = grid.place(p % (grid.rows * grid.columns));
            std::copy_n(cosines.data() + place.row * quarter, quarter, cosine);
            std::copy_n(cosines.data() + place.column * quarter, quarter, cosine + quarter);
            std::copy_n(sines.data() + place.row * quarter, quarter, sine);
            std::copy_n(sines.data() + place.column * quarter, quarter, sine + quarter);
            readFloats(kernels, qkv, p * 3 * model, 2 * model, temporary);
            float* const row = placeFloats(qkv, p * 3 * model, temporary);
            for (int64_t h = 0; h < 2 * heads; ++h)
                kernels.rotate(row + h * width, cosine, sine, width / 2);
            writeFloats(kernels, qkv, p * 3 * model, 2 * model, row);
        }
    });
}

} // namespace argali::cpu
