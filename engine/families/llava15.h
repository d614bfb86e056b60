#pragma once

#include <memory>

#include "engine/families/families.h"

namespace argali::llava15 {

/// Whether a configuration is of LLaVA-1.5, in its original layout or in that of transformers.
bool matches(const Config& config);

/// The weights of a folder and, for a checkpoint without a vision tower, those of the folder of its
/// tower. Throws: Error::Code::Missing naming the tower and where to put it; as openCheckpoint()
std::shared_ptr<const WeightSource> openWeights(const std::filesystem::path& folder,
                                                const Config& config);

/// Throws: Error::Code::BadModel, Unsupported
std::unique_ptr<Family> make(ModelFolder folder);

/// Configuration and random weights of a published size; layers 0: all. Nothing for an unknown
/// name.
std::optional<ModelFolder> synthetic(const std::string& name, int64_t layers, DType stored,
                                     std::stop_token stop);

} // namespace argali::llava15
