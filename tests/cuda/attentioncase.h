#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "cuda/kernels/attention.h"
#include "tests/cuda/cardmemory.h"
#include "tests/support/testdevice.h"

namespace argali::test {

/// What one query head sees of one key head: rows of `width` values, `stride` apart.
inline std::vector<double> attentionRow(const float* q, const float* keys, const float* values,
                                        int64_t count, int64_t stride, int64_t width)
{
    std::vector<double> weights;
    double largest = -std::numeric_limits<double>::infinity();
    for (int64_t s = 0; s < count; ++s) {
        double score = 0;
        for (int64_t c = 0; c < width; ++c)
            score += static_cast<double>(q[c]) * keys[s * stride + c];
        weights.push_back(score / std::sqrt(static_cast<double>(width)));
        largest = std::max(largest, weights.back());
    }
    double sum = 0;
    for (double& weight : weights)
        sum += weight = std::exp(weight - largest);
    std::vector<double> out(static_cast<size_t>(width), 0);
    for (int64_t s = 0; s < count; ++s)
        for (int64_t c = 0; c < width; ++c)
            out[static_cast<size_t>(c)] +=
                weights[static_cast<size_t>(s)] / sum * values[s * stride + c];
    return out;
}

/// Relative error that rounding weights and results to the type leaves.
inline float attentionTolerance(DType type)
{
    return type == DType::F32 ? 2e-5f : type == DType::F16 ? 1.5e-3f : 1e-2f;
}

/// One call of attendPrompt() or attendStep() and its result by plain loops. The rows of the cache
/// behind those in use are NaN.
struct CacheCase {
    DType type = DType::F32;
    cuda::AttentionShape shape;
    std::vector<float> q;
    std::vector<float> keys;
    std::vector<float> values;

    CacheCase(DType elementType, const cuda::AttentionShape& s, int64_t used, unsigned seed)
        : type(elementType), shape(s)
    {
        std::mt19937 random(seed);
        q = rounded(randomFloats(random, s.tokens * s.heads * s.width, 3), type);
        keys = cache(random, used);
        values = cache(random, used);
    }

    std::vector<float> expected(int64_t length) const
    {
        std::vector<float> out;
        for (int64_t t = 0; t < shape.tokens; ++t)
            for (int64_t h = 0; h < shape.heads; ++h) {
                const int64_t head =
                    h / (shape.heads / shape.groups) * shape.capacity * shape.width;
                for (const double value : attentionRow(
                         q.data() + (t * shape.heads + h) * shape.width, keys.data() + head,
                         values.data() + head, length + t + 1, shape.width, shape.width))
                    out.push_back(static_cast<float>(value));
            }
        return out;
    }

private:
    std::vector<float> cache(std::mt19937& random, int64_t used) const
    {
        std::vector<float> rows =
            rounded(randomFloats(random, shape.groups * shape.capacity * shape.width, 1), type);
        for (int64_t g = 0; g < shape.groups; ++g)
            std::fill(rows.begin() + (g * shape.capacity + used) * shape.width,
                      rows.begin() + (g + 1) * shape.capacity * shape.width,
                      std::numeric_limits<float>::quiet_NaN());
        return rows;
    }
};

} // namespace argali::test
