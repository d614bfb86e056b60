#pragma once

#include <vector>

#include "engine/families/textmodel.h"

namespace argali::chatglm2 {

/// The tensor that every prefix has.
constexpr const char* prefixTable = "transformer.prefix_encoder.embedding.weight";

/// The keys and values of a P-Tuning prefix from its own files, for a decoder on these backends.
/// Throws: Error::Code::BadModel naming tensor, expected and found
/// Source: PrefixEncoder and ChatGLMModel.get_prompt() of the published code
KvPrefix readPrefix(const WeightSource& weights, const TextConfig& text,
                    const std::vector<LayerShare>& shares);

} // namespace argali::chatglm2
