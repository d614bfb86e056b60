#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tensor.h"

namespace argali {

/// What a stored tensor is, without its values.
struct TensorKind {
    DType type = DType::F32;
    Shape shape;
    int packedBits =
        0; ///< of the whole numbers that the values are made from; 0: stored as they are

    int64_t bytes() const { return shape.count() * sizeOf(type); }
};

/// Weights by name, wherever they come from.
class WeightSource {
public:
    virtual ~WeightSource() = default;
    /// The tensor of that name as stored, or nothing. It must not be written.
    /// Throws: Error::Code::BadModel when its file was cut while it was open
    virtual std::optional<Tensor> find(std::string_view name) const = 0;
    /// Its type and shape alone; weights made in memory are not made for this.
    virtual std::optional<TensorKind> describe(std::string_view name) const;
    virtual std::vector<std::string> names() const = 0;
    /// Weight files that were opened, absolute; empty for weights made in memory.
    virtual std::vector<std::filesystem::path> files() const { return {}; }
    /// Looks whether every file is as long as it was. What has to read the weights right after this
    /// is safe from a file that was cut before, not from one that is cut meanwhile (MappedFile).
    /// Throws: Error::Code::BadModel naming the file that was cut
    virtual void requireWhole() const {}
    /// Reads the files whole and compares them with the checksums that they hold themselves, where
    /// their format has some. Ends early once stopped.
    /// Throws: Error::Code::BadModel naming the part that differs
    virtual void requireChecksums(std::stop_token) const {}
    /// Where the tensor of that name is or should be, for messages: a file or folder.
    virtual std::string origin(std::string_view name) const;
    /// Its values were copied: those in memory may go, and come again when they are asked for.
    virtual void forget(std::string_view) const {}
    /// The same for some bytes of a tensor that was found, while the others are still needed.
    virtual void forgetPart(std::span<const std::byte>) const {}

    /// The tensor of that name. Throws: Error::Code::BadModel naming it, its shape and type, and
    /// what was expected, when it is missing, of another shape or not of a floating type.
    Tensor require(std::string_view name, const Shape& shape) const;
    /// The same check without the values.
    TensorKind requireKind(std::string_view name, const Shape& shape) const;
};

/// The mapped weights of a checkpoint folder: model.safetensors.index.json and its shards,
/// model.safetensors, or the same two of torch (pytorch_model.bin). Tensors that the index does not
/// list are left out, and where a tensor lies in two shards the index decides.
/// Throws: Error::Code::Missing, BadModel, Unsupported
std::unique_ptr<WeightSource> openCheckpoint(const std::filesystem::path& folder);

} // namespace argali
