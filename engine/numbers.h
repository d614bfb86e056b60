#pragma once

#include <cstdint>
#include <string>

#include "engine/tensor.h"

namespace argali {

/// "5.14 GB", "96 MB": for messages, in powers of ten.
std::string megabytes(int64_t bytes);

/// Whether a floating tensor in host memory holds an infinity or something that is not a number.
bool holdsNonFinite(const Tensor& tensor);

/// The values of a floating tensor in host memory as f32, which need no alignment there.
/// Throws: Error::Code::OutOfMemory, Internal for other types
Tensor floatsOf(const Tensor& tensor);
/// f32 values in another floating type, to nearest, ties to even.
Tensor roundedTo(const Tensor& floats, DType type);

} // namespace argali
