#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "engine/checkpoint/mappedfile.h"
#include "engine/tensor.h"

namespace argali {

/// One mapped .safetensors file; tensors are views into the mapping and keep it alive. They must
/// not be written. The format promises no alignment: see aligned().
struct SafetensorsFile {
    std::filesystem::path path;
    std::map<std::string, Tensor, std::less<>> tensors;
    std::map<std::string, std::string> metadata;
    std::shared_ptr<const MappedFile> mapping;
};

/// Maps the file and checks every rule of the format before any value is touched.
/// Throws: Error::Code::Missing, BadModel (file, rule, found), Unsupported (element type)
/// Source: the safetensors format description and its reference reader's checks
SafetensorsFile openSafetensors(const std::filesystem::path& path);

/// The same tensor, or a copy of it where its first element lies at an address that is not a
/// multiple of the element size (files of older writers). Throws: Error::Code::OutOfMemory
Tensor aligned(const Tensor& tensor);

} // namespace argali
