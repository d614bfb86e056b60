#include "engine/sharing.h"

#include <algorithm>
#include <numeric>

namespace argali {

namespace {

/// What a layer takes on whichever device it lies.
int64_t layerBytes(const MemoryEstimate& need, int64_t context)
{
    const int64_t cache = context * (need.kvPerToken / std::max<int64_t>(need.layers, 1));
    return std::max<int64_t>(need.weightsPerLayer + cache, 1);
}

/// What is left on each device for layers; negative where not even the rest fits.
std::vector<int64_t> leftForLayers(const MemoryEstimate& need, std::span<const int64_t> rooms)
{
    std::vector<int64_t> left;
    for (const int64_t room : rooms)
        left.push_back(room - (left.empty() ? need.weights - need.layers * need.weightsPerLayer +
                                                  need.workspace
                                            : need.layerWorkspace));
    return left;
}

} // namespace

std::vector<int64_t> shareLayers(const MemoryEstimate& need, int64_t context,
                                 std::span<const int64_t> rooms)
{
    std::vector<int64_t> left = leftForLayers(need, rooms);
    if (left.empty() || left.front() < 0)
        return {};
    const int64_t bytes = layerBytes(need, context);
    double all = 0;
    for (int64_t& room : left) {
        room = std::max<int64_t>(room, 0) / bytes; // in layers from here on
        all += static_cast<double>(room);
    }
    if (std::accumulate(left.begin(), left.end(), int64_t{0}) < need.layers)
        return {};
    // The borders between the shares, each rounded: so the sum is right whatever the numbers are.
    std::vector<int64_t> shares;
    double before = 0;
    int64_t given = 0;
    for (const int64_t room : left) {
        before += static_cast<double>(room);
        const auto border = static_cast<int64_t>(
            static_cast<double>(need.layers) * before / std::max(all, 1.0) + 0.5);
        shares.push_back(std::clamp<int64_t>(border - given, 0, room));
        given += shares.back();
    }
    for (size_t i = 0; given < need.layers; ++i) { // what rounding left over, where there is room
        const int64_t more = std::min(left[i] - shares[i], need.layers - given);
        shares[i] += more;
        given += more;
    }
    return shares;
}

int64_t largestSharedContext(const MemoryEstimate& need, int64_t most,
                             std::span<const int64_t> rooms)
{
    int64_t fits = 0;
    for (int64_t low = 1, high = most; low <= high;) {
        const int64_t middle = low + (high - low) / 2;
        if (shareLayers(need, middle, rooms).empty()) {
            high = middle - 1;
        } else {
            fits = middle;
            low = middle + 1;
        }
    }
    return fits;
}

} // namespace argali
