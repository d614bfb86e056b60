#include "engine/layers/ropescaling.h"

#include <cmath>

namespace argali {

Rope RopeScaling::at(int64_t positions) const
{
    Rope rope;
    rope.theta = static_cast<float>(theta);
    if (kind == Kind::Fixed) {
        rope.factors = shortFactors;
    } else if (kind == Kind::Long) {
        rope.magnitude = magnitude;
        rope.factors = positions > length ? longFactors : shortFactors;
    } else if (kind == Kind::Dynamic && positions > length) {
        const double stretch =
            factor * static_cast<double>(positions) / static_cast<double>(length) - (factor - 1);
        const auto width = static_cast<double>(headWidth);
        rope.theta = static_cast<float>(theta * std::pow(stretch, width / (width - 2)));
    }
    return rope;
}

} // namespace argali
