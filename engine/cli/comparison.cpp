#include "engine/cli/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace argali::cli {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// log(sum(exp(x))) without overflow.
double logSum(std::span<const float> x)
{
    const double largest = *std::ranges::max_element(x);
    double sum = 0;
    for (const float value : x)
        sum += std::exp(static_cast<double>(value) - largest);
    return largest + std::log(sum);
}

size_t best(std::span<const float> x)
{
    return static_cast<size_t>(std::ranges::max_element(x) - x.begin());
}

/// How far the best value leads the second one.
double margin(std::span<const float> x)
{
    if (x.size() < 2)
        return infinity;
    float first = -std::numeric_limits<float>::infinity();
    float second = first;
    for (const float value : x) {
        second = std::max(second, std::min(first, value));
        first = std::max(first, value);
    }
    return static_cast<double>(first) - static_cast<double>(second);
}

} // namespace

Deviation deviation(std::span<const float> found, std::span<const float> expected)
{
    Deviation d;
    double squares = 0;
    double reference = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
        const double difference = static_cast<double>(found[i]) - static_cast<double>(expected[i]);
        // A comparison with NaN is false: without this the worst possible value would pass.
        d.maxAbs = std::isfinite(difference) ? std::max(d.maxAbs, std::abs(difference)) : infinity;
        squares += difference * difference;
        reference += static_cast<double>(expected[i]) * static_cast<double>(expected[i]);
    }
    if (!std::isfinite(d.maxAbs) || (reference == 0 && squares > 0))
        d.nmse = infinity;
    else if (reference > 0)
        d.nmse = squares / reference;
    return d;
}

Agreement agreement(std::span<const float> found, std::span<const float> expected, int64_t width)
{
    Agreement result;
    const auto columns = static_cast<size_t>(width);
    const size_t rows = expected.size() / columns;
    int64_t same = 0;
    for (size_t row = 0; row < rows; ++row) {
        const auto f = found.subspan(row * columns, columns);
        const auto e = expected.subspan(row * columns, columns);
        const auto finite = [](float x) { return std::isfinite(x); };
        if (!std::ranges::all_of(f, finite)) {
            result.kl = infinity;
        } else {
            const double foundSum = logSum(f);
            const double expectedSum = logSum(e);
            for (size_t i = 0; i < columns; ++i) {
                const double p =
                    static_cast<double>(e[i]) - expectedSum; // logarithm of the probability
                const double q = static_cast<double>(f[i]) - foundSum;
                result.kl += std::exp(p) * (p - q) / static_cast<double>(rows);
            }
        }
        if (margin(e) > decidedMargin) {
            ++result.decided;
            same += best(f) == best(e);
        }
    }
    if (result.decided > 0)
        result.top1 = static_cast<double>(same) / static_cast<double>(result.decided);
    return result;
}

} // namespace argali::cli
