#pragma once

#include <memory>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/config.h"

namespace argali::internvl2 {

/// The weights of a checkpoint; where it is what a training run with use_llm_lora or
/// use_backbone_lora wrote, with the low-rank tensors inside merged and under the published names.
/// Throws: Error::Code::Missing, BadModel, Unsupported
/// Source: tools/merge_lora.py of the published code; alpha is twice the rank
std::shared_ptr<const WeightSource> openWeights(const std::filesystem::path& folder,
                                                const Config& config);

} // namespace argali::internvl2
