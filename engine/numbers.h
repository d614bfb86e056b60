#pragma once

#include <cstdint>
#include <string>

#include "engine/tensor.h"

namespace argali {

/// "5.14 GB", "96 MB": for messages, in powers of ten.
std::string megabytes(int64_t bytes);

/// Whether a floating tensor in host memory holds an infinity or something that is not a number.
bool holdsNonFinite(const Tensor& tensor);

} // namespace argali
