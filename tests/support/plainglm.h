#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/tensor.h"

namespace argali::test {

/// A small ChatGLM2 of any shape.
struct GlmShape {
    int64_t layers = 2;
    int64_t width = 12;
    int64_t heads = 4;
    int64_t groups = 2;
    int64_t headWidth = 8;
    int64_t feedForward = 7;
    int64_t vocabulary = 801;
    bool multiQuery = true;
    bool qkvBias = true;
    bool linearBias = false;
    bool finalNorm = true;
    double ratio = 1;
    unsigned seed = 1;
};

/// What its config.json says.
nlohmann::json configOf(const GlmShape& shape);
/// Random f32 weights under the published names.
std::map<std::string, Tensor> weightsOf(const GlmShape& shape);
/// The logits after the last of the ids, as the definition says it, in double precision: one number
/// after the other, with the pairs of a head where the file has them.
std::vector<double> plainLogits(const GlmShape& shape, const std::map<std::string, Tensor>& weights,
                                const std::vector<int32_t>& ids);

} // namespace argali::test
