#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/checkpoint/mappedfile.h"
#include "engine/checkpoint/ziparchive.h"
#include "engine/tensor.h"

namespace argali {

/// A tensor of a torch file: where its elements lie, in whatever order.
struct TorchTensor {
    DType type = DType::F32;
    Shape shape;
    std::array<int64_t, Shape::maxRank> strides{}; ///< elements from one index to the next
    std::byte* first = nullptr;                    ///< not to be written
    bool isSwapped = false;                        ///< bytes of an element in the other order

    /// Whether the elements lie one after another, in row-major order.
    bool isDense() const;
};

/// What is done about Python objects that are no tensors.
enum class ForeignObjects {
    Refuse,
    Skip ///< files of training programs have optimizer states and settings beside the tensors
};

/// One mapped torch file (.bin, .pt, .pth): the tensors of its state dict by name. Several may
/// share elements.
struct TorchFile {
    std::filesystem::path path;
    std::map<std::string, TorchTensor, std::less<>> tensors;
    ZipMembers members;
    std::shared_ptr<const MappedFile> mapping;

    /// A view into the mapping where that is possible, a copy otherwise. It must not be written.
    /// Throws: Error::Code::OutOfMemory
    Tensor tensor(const TorchTensor& stored) const;
    /// Reads the whole file and compares it with the checksums in it.
    /// Throws: Error::Code::BadModel naming the member that differs
    void requireChecksums(std::stop_token stop) const;
};

/// Maps a file as torch.save() writes it since version 1.6: a zip archive with a pickle. Of the
/// pickle only data are read; a name that is not in a short table is refused, and nothing of it is
/// ever imported or called. The state dict is the root or lies under state_dict, module or model.
/// Throws: Error::Code::Missing; BadModel (file, what); Unsupported (forms that torch has beside
///         this one, element types)
/// Source: torch/serialization.py and torch/_utils.py of PyTorch
TorchFile openTorchFile(const std::filesystem::path& path,
                        ForeignObjects foreign = ForeignObjects::Refuse);

/// What a file is that torch wrote in another form than openTorchFile() reads, as the end of a
/// sentence that begins with its name. Looks at the first bytes only.
std::optional<std::string> otherTorchForm(std::string_view head);

} // namespace argali
