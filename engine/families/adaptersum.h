#pragma once

#include <memory>
#include <vector>

#include "engine/families/fittedadapter.h"

namespace argali {

/// Several adapters of one model as one: what they add to a matrix is added up, what they replace
/// is replaced together. One alone is given back as it is.
/// Throws: Error::Code::BadRequest naming both and the tensor, for two that replace the same one,
///         one that replaces what another changes, and for two prefixes
/// Source: PEFT, add_weighted_adapter() with combination_type cat and weights of 1
std::shared_ptr<const FittedAdapter> sumOf(
    const std::vector<std::shared_ptr<const FittedAdapter>>& adapters);

} // namespace argali
