#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace argali {

/// Random weights of the given names and shapes, made in memory when they are asked for: the same values
/// every time, about normal with deviation 0.02. For measuring speed without a download.
/// Throws: Error::Code::BadRequest for a stored type other than F32, F16 or BF16
std::unique_ptr<WeightSource> syntheticWeights(std::vector<std::pair<std::string, Shape>> shapes,
                                               DType stored);

} // namespace argali
