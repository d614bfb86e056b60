#pragma once

#include <memory>

#include "engine/families/families.h"

namespace argali::ovis25 {

/// Whether a configuration is of this family, in one of its published forms.
bool matches(const Config& config);

/// Throws: Error::Code::BadModel, Unsupported
std::unique_ptr<Family> make(ModelFolder folder);

/// Configuration and random weights of a published size; layers 0: all. Nothing for an unknown
/// name.
std::optional<ModelFolder> synthetic(const std::string& name, int64_t layers, DType stored,
                                     std::stop_token stop);

} // namespace argali::ovis25
