#include "engine/checkpoint/weightfile.h"

#include "engine/checkpoint/safetensors.h"
#include "engine/error.h"

namespace argali {
namespace {

/// The names of a map of tensors.
template <typename Tensors> std::vector<std::string> namesOf(const Tensors& tensors)
{
    std::vector<std::string> result;
    result.reserve(tensors.size());
    for (const auto& [name, tensor] : tensors)
        result.push_back(name);
    return result;
}

class SafetensorsSource final : public WeightSource {
public:
    explicit SafetensorsSource(const std::filesystem::path& path) : m_file(openSafetensors(path)) {}

    std::optional<Tensor> find(std::string_view name) const override
    {
        const auto found = m_file.tensors.find(name);
        if (found == m_file.tensors.end())
            return std::nullopt;
        requireWhole();
        return aligned(found->second);
    }

    std::optional<TensorKind> describe(std::string_view name) const override
    {
        const auto found = m_file.tensors.find(name);
        if (found == m_file.tensors.end())
            return std::nullopt;
        return TensorKind{found->second.type(), found->second.shape()};
    }

    std::vector<std::string> names() const override { return namesOf(m_file.tensors); }
    void forget(std::string_view name) const override
    {
        if (const auto found = m_file.tensors.find(name); found != m_file.tensors.end())
            m_file.mapping->forget(
                {found->second.raw(), static_cast<size_t>(found->second.bytes())});
    }
    void forgetPart(std::span<const std::byte> part) const override
    {
        m_file.mapping->forget(part);
    }
    std::vector<std::filesystem::path> files() const override
    {
        return {std::filesystem::absolute(m_file.path)};
    }
    void requireWhole() const override { m_file.mapping->requireWhole(); }
    std::string origin(std::string_view) const override { return m_file.path.string(); }

private:
    SafetensorsFile m_file;
};

class TorchSource final : public WeightSource {
public:
    explicit TorchSource(TorchFile file) : m_file(std::move(file)) {}

    std::optional<Tensor> find(std::string_view name) const override
    {
        const auto found = m_file.tensors.find(name);
        if (found == m_file.tensors.end())
            return std::nullopt;
        requireWhole();
        return m_file.tensor(found->second);
    }

    std::optional<TensorKind> describe(std::string_view name) const override
    {
        const auto found = m_file.tensors.find(name);
        if (found == m_file.tensors.end())
            return std::nullopt;
        return TensorKind{found->second.type, found->second.shape};
    }

    std::vector<std::string> names() const override { return namesOf(m_file.tensors); }
    void forget(std::string_view name) const override
    {
        const auto found = m_file.tensors.find(name);
        if (found == m_file.tensors.end() || !found->second.isDense())
            return;
        const TensorKind kind{found->second.type, found->second.shape};
        m_file.mapping->forget({found->second.first, static_cast<size_t>(kind.bytes())});
    }
    void forgetPart(std::span<const std::byte> part) const override
    {
        m_file.mapping->forget(part);
    }
    std::vector<std::filesystem::path> files() const override
    {
        return {std::filesystem::absolute(m_file.path)};
    }
    void requireWhole() const override { m_file.mapping->requireWhole(); }
    void requireChecksums(std::stop_token stop) const override
    {
        requireWhole();
        m_file.requireChecksums(stop);
    }
    std::string origin(std::string_view) const override { return m_file.path.string(); }

private:
    TorchFile m_file;
};

/// Whether a file is to be read as one of torch: by its beginning, or else by its name.
bool isTorchFile(const std::filesystem::path& path)
{
    const std::filesystem::path extension = path.extension();
    if (extension == ".safetensors")
        return false;
    const MappedFile mapping(path);
    const std::string_view content(reinterpret_cast<const char*>(mapping.bytes().data()),
                                   mapping.bytes().size());
    if (content.starts_with("PK\x03\x04") || otherTorchForm(content.substr(0, 512)))
        return true;
    const bool isNamedSo =
        extension == ".bin" || extension == ".pt" || extension == ".pth" || extension == ".ckpt";
    const bool looksOtherwise = content.size() > 8 && content[8] == '{'; // behind its length
    return isNamedSo && !looksOtherwise;
}

} // namespace

std::unique_ptr<WeightSource> openWeightFile(const std::filesystem::path& path,
                                             ForeignObjects foreign)
{
    if (isTorchFile(path))
        return std::make_unique<TorchSource>(openTorchFile(path, foreign));
    return std::make_unique<SafetensorsSource>(path);
}

} // namespace argali
