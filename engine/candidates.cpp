#include "engine/candidates.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace argali {

bool areLogits(std::span<const float> logits)
{
    return std::ranges::all_of(logits, [](float logit) { return logit < INFINITY; }); // NaN is not
}

Candidates likeliestOf(std::span<const float> logits, int64_t count)
{
    Candidates result;
    result.ids.resize(logits.size());
    std::iota(result.ids.begin(), result.ids.end(), 0);
    const auto likelier = [&](int32_t a, int32_t b) {
        const float x = logits[static_cast<size_t>(a)];
        const float y = logits[static_cast<size_t>(b)];
        return x != y ? x > y : a < b;
    };
    const auto kept = static_cast<size_t>(std::min<int64_t>(count, std::ssize(logits)));
    std::partial_sort(result.ids.begin(), result.ids.begin() + static_cast<std::ptrdiff_t>(kept),
                      result.ids.end(), likelier);
    result.ids.resize(kept);
    for (const int32_t id : result.ids)
        result.logits.push_back(logits[static_cast<size_t>(id)]);
    return result;
}

} // namespace argali
