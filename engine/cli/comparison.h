#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

namespace argali::cli {

/// How far numbers are from the expected ones.
struct Deviation {
    double maxAbs = 0; ///< infinite when something found is not finite
    double nmse = 0;   ///< sum((a - b)^2) / sum(b^2); 0 when both are 0
};
/// found and expected have the same length.
Deviation deviation(std::span<const float> found, std::span<const float> expected);

/// How far distributions are from the expected ones, over rows of logits.
struct Agreement {
    double kl = 0;       ///< mean over the rows of KL(expected || found)
    double top1 = 1;     ///< share of the decided rows with the same best token
    int64_t decided = 0; ///< rows whose best expected logit leads by more than decidedMargin
};
constexpr double decidedMargin = 0.1;
/// Rows of width logits each; found and expected have the same length, a multiple of width.
Agreement agreement(std::span<const float> found, std::span<const float> expected, int64_t width);

/// What a type must keep to, where results in f32 have tolerances of their own.
struct Gates {
    double kl = 0;
    double top1 = 0;
};
/// For bf16 and f16.
constexpr Gates halfGates{.kl = 2e-3, .top1 = 0.99};

/// Where two lists of integers part: "index 3: 12, expected 14"; empty when they are equal.
template <typename Found, typename Expected>
std::string firstDifference(const Found& found, const Expected& expected)
{
    const size_t common = std::min(found.size(), expected.size());
    for (size_t i = 0; i < common; ++i)
        if (found[i] != expected[i])
            return "index " + std::to_string(i) + ": " + std::to_string(found[i]) + ", expected " +
                   std::to_string(expected[i]);
    if (found.size() == expected.size())
        return {};
    return std::to_string(found.size()) + " values, expected " + std::to_string(expected.size());
}

} // namespace argali::cli
