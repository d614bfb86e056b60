#pragma once

#include <filesystem>
#include <memory>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/torchfile.h"

namespace argali {

/// The mapped weights of one file: .safetensors, or what torch.save() writes (.bin, .pt, .pth). The
/// content decides which of them it is; only under the name .safetensors nothing else is opened.
/// Throws: Error::Code::Missing, BadModel, Unsupported
std::unique_ptr<WeightSource> openWeightFile(const std::filesystem::path& path,
                                             ForeignObjects foreign = ForeignObjects::Refuse);

} // namespace argali
