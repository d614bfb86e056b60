#pragma once

#include <vector>

#include "engine/backend.h"

namespace argali {

/// How the rotation of a decoder depends on the length of its sequence.
struct RopeScaling {
    enum class Kind {
        None,
        Fixed,   ///< factors, the same at every length
        Dynamic, ///< a larger theta beyond a length; source:
                 ///< InternLM2DynamicNTKScalingRotaryEmbedding
        Long     ///< factors, others beyond a length; source: Phi3SuScaledRotaryEmbedding,
                 ///< arXiv:2402.13753
    };
    Kind kind = Kind::None;
    double theta = 0;
    int64_t headWidth = 0;           ///< C
    int64_t length = 0;              ///< positions up to which nothing grows
    double factor = 1;               ///< Dynamic
    float magnitude = 1;             ///< Long, at every length
    std::vector<float> shortFactors; ///< Long and Fixed, [C/2]
    std::vector<float> longFactors;

    /// For a sequence of so many positions.
    Rope at(int64_t positions) const;
};

} // namespace argali
