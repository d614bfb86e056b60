#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace argali {

/// Some logits with their ids, the largest first; of equals the lowest id first, so that a seed
/// gives the same answer everywhere.
struct Candidates {
    std::vector<int32_t> ids;
    std::vector<float> logits;

    bool isEmpty() const { return ids.empty(); }
};

/// Whether none is NaN or infinitely large.
bool areLogits(std::span<const float> logits);

/// The count largest logits, or all where there are fewer.
Candidates likeliestOf(std::span<const float> logits, int64_t count);

} // namespace argali
