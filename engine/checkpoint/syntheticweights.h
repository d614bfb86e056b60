#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace argali {

/// Random weights of the given names and shapes, made in memory when they are asked for: the same
/// values every time, about normal with deviation 0.02. For measuring speed without a download.
/// Once stopped, what is still asked for is not filled: it has its size and no meaning. Throws:
/// Error::Code::BadRequest for a stored type other than F32, F16 or BF16
std::unique_ptr<WeightSource> syntheticWeights(std::vector<std::pair<std::string, Shape>> shapes,
                                               DType stored, std::stop_token stop = {});

} // namespace argali
