#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace argali {

/// A tensor that is to be written.
struct WrittenTensor {
    std::string name;
    TensorKind kind;
};

/// What the format calls an element type: "BF16".
const char* safetensorsName(DType type);

/// Writes tensors to a new .safetensors file, one after the other, and waits until the disk has
/// them. values gives the values of one, of the type and shape that its kind says.
/// Throws: Error::Code::BadRequest when the file cannot be written, naming it and why
/// Source: the safetensors format description
void writeSafetensors(const std::filesystem::path& path, const std::vector<WrittenTensor>& tensors,
                      const std::function<Tensor(const std::string& name)>& values);

/// Bytes of that file.
int64_t safetensorsSize(const std::vector<WrittenTensor>& tensors);

} // namespace argali
