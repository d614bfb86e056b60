#pragma once

#include <memory>

#include "engine/families/families.h"

namespace argali::chatglm2 {

/// Whether a configuration is of one of the models that call themselves chatglm; make() refuses the
/// others.
bool matches(const Config& config);

/// Throws: Error::Code::BadModel, Unsupported
std::unique_ptr<Family> make(ModelFolder folder);

/// Configuration and random weights of the published size; layers 0: all. Nothing for an unknown
/// name.
std::optional<ModelFolder> synthetic(const std::string& name, int64_t layers, DType stored,
                                     std::stop_token stop);

/// The weights of a folder, unpacked where they are packed to 8 or 4 bits.
/// Throws: Error::Code::Missing, BadModel, Unsupported
std::shared_ptr<const WeightSource> openWeights(const std::filesystem::path& folder,
                                                const Config& config);

/// How tokens are chosen where generation_config.json does not say it.
Sampling sampling();

} // namespace argali::chatglm2
