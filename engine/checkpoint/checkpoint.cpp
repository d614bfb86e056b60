#include "engine/checkpoint/checkpoint.h"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/checkpoint/weightfile.h"
#include "engine/error.h"

namespace argali {
namespace {

// Each shard holds a file descriptor; the largest published models have fewer than 200.
constexpr size_t mostShards = 512;

/// The names of a folder's weights, the better format first.
struct Layout {
    const char* index;
    const char* single;
};
constexpr Layout layouts[] = {{"model.safetensors.index.json", "model.safetensors"},
                              {"pytorch_model.bin.index.json", "pytorch_model.bin"}};

class MappedCheckpoint final : public WeightSource {
public:
    explicit MappedCheckpoint(std::filesystem::path folder) : m_folder(std::move(folder)) {}

    /// Opens one file and returns its number.
    size_t add(const std::filesystem::path& file)
    {
        m_shards.push_back(openWeightFile(file));
        return m_shards.size() - 1;
    }

    const WeightSource& shard(size_t number) const { return *m_shards[number]; }
    void list(const std::string& name, size_t shardNumber) { m_places.emplace(name, shardNumber); }

    std::optional<Tensor> find(std::string_view name) const override
    {
        const WeightSource* const file = shardOf(name);
        return file ? file->find(name) : std::nullopt;
    }

    std::optional<TensorKind> describe(std::string_view name) const override
    {
        const WeightSource* const file = shardOf(name);
        return file ? file->describe(name) : std::nullopt;
    }

    void forget(std::string_view name) const override
    {
        if (const WeightSource* const file = shardOf(name))
            file->forget(name);
    }

    void forgetPart(std::span<const std::byte> part) const override
    {
        for (const auto& file : m_shards)
            file->forgetPart(part);
    }

    void requireWhole() const override
    {
        for (const auto& file : m_shards)
            file->requireWhole();
    }

    void requireChecksums(std::stop_token stop) const override
    {
        for (const auto& file : m_shards)
            file->requireChecksums(stop);
    }

    std::vector<std::string> names() const override
    {
        std::vector<std::string> result;
        result.reserve(m_places.size());
        for (const auto& [name, number] : m_places)
            result.push_back(name);
        return result;
    }

    std::vector<std::filesystem::path> files() const override
    {
        std::vector<std::filesystem::path> result;
        for (const auto& file : m_shards)
            for (std::filesystem::path& path : file->files())
                result.push_back(std::move(path));
        return result;
    }

    std::string origin(std::string_view name) const override
    {
        const WeightSource* const file = shardOf(name);
        return file ? file->origin(name) : m_folder.string();
    }

private:
    const WeightSource* shardOf(std::string_view name) const
    {
        const auto place = m_places.find(name);
        return place == m_places.end() ? nullptr : m_shards[place->second].get();
    }

    std::filesystem::path m_folder;
    std::vector<std::unique_ptr<WeightSource>> m_shards;
    std::map<std::string, size_t, std::less<>> m_places; ///< tensor to its shard
};

/// Whether a file name from an index stays inside its folder.
bool isPlainName(std::string_view name)
{
    return !name.empty() && name != "." && name.find("..") == name.npos && name.size() <= 255 &&
           std::none_of(name.begin(), name.end(), [](char c) {
               return c == '/' || c == '\\' || c == ':' || (c >= 0 && c < 32) || c == 127;
           });
}

/// Tensor to file name, checked as far as the index alone allows it.
std::map<std::string, std::string> readIndex(const std::filesystem::path& file)
{
    const auto fail = [&](const std::string& what) {
        throw Error(Error::Code::BadModel, file.string() + ": " + what);
    };
    const std::string content = readFile(file);
    if (const auto foreign = foreignContent(content))
        fail(*foreign);
    const nlohmann::json index = parseJson(content, file.string(), Error::Code::BadModel);
    const auto weightMap = index.is_object() ? index.find("weight_map") : index.end();
    if (weightMap == index.end() || !weightMap->is_object())
        fail("expected an object \"weight_map\" from tensor to file, found none");
    if (weightMap->empty())
        fail("the weight_map is empty, expected the tensors of the model");
    std::map<std::string, std::string> result;
    for (const auto& [name, shard] : weightMap->items()) {
        if (!shard.is_string())
            fail("tensor " + inQuotes(name) + ": expected the name of a file, found " +
                 shard.type_name());
        const auto& shardName = shard.get_ref<const std::string&>();
        if (!isPlainName(shardName))
            fail("tensor " + inQuotes(name) +
                 ": expected a plain file name in the same folder, found " + inQuotes(shardName));
        result.emplace(name, shardName);
    }
    return result;
}

void openShards(MappedCheckpoint& checkpoint, const std::filesystem::path& folder,
                const char* indexName)
{
    const std::filesystem::path indexFile = folder / indexName;
    std::map<std::string, size_t> numbers;
    for (const auto& [name, shardName] : readIndex(indexFile)) {
        const auto known = numbers.find(shardName);
        if (known == numbers.end() && numbers.size() == mostShards)
            throw Error(Error::Code::BadModel, indexFile.string() + ": more than " +
                                                   std::to_string(mostShards) + " files");
        const std::filesystem::path file = folder / shardName;
        if (known == numbers.end() && !std::filesystem::exists(file))
            throw Error(Error::Code::Missing, file.string() + ": is not there, but " +
                                                  indexFile.filename().string() + " lists tensor " +
                                                  inQuotes(name) +
                                                  " in it; download the rest of the model");
        const size_t number = known == numbers.end()
                                  ? numbers.emplace(shardName, checkpoint.add(file)).first->second
                                  : known->second;
        if (!checkpoint.shard(number).describe(name))
            throw Error(Error::Code::BadModel, file.string() + ": has no tensor " + inQuotes(name) +
                                                   ", but " + indexFile.filename().string() +
                                                   " lists it there");
        checkpoint.list(name, number);
    }
}

} // namespace

std::string WeightSource::origin(std::string_view) const
{
    return "the weights";
}

std::optional<TensorKind> WeightSource::describe(std::string_view name) const
{
    const std::optional<Tensor> tensor = find(name);
    return tensor ? std::optional(TensorKind{tensor->type(), tensor->shape()}) : std::nullopt;
}

TensorKind WeightSource::requireKind(std::string_view name, const Shape& shape) const
{
    const auto fail = [&](const std::string& found) {
        throw Error(Error::Code::BadModel, origin(name) + ": tensor " + inQuotes(name) +
                                               ": expected f32, f16 or bf16 " + shape.text() +
                                               ", found " + found);
    };
    const std::optional<TensorKind> kind = describe(name);
    if (!kind)
        fail("no tensor of that name");
    const DType type = kind->type;
    const bool isFloating = type == DType::F32 || type == DType::F16 || type == DType::BF16;
    if (!isFloating || kind->shape != shape)
        fail(std::string(nameOf(type)) + " " + kind->shape.text());
    return *kind;
}

Tensor WeightSource::require(std::string_view name, const Shape& shape) const
{
    requireKind(name, shape);
    return find(name).value();
}

std::unique_ptr<WeightSource> openCheckpoint(const std::filesystem::path& folder)
{
    std::error_code error;
    const auto isThere = [&](const char* name) {
        return std::filesystem::exists(folder / name, error);
    };
    if (!std::filesystem::is_directory(folder, error))
        throw Error(Error::Code::Missing,
                    folder.string() + ": is not a folder; expected the folder of a model");

    auto checkpoint = std::make_unique<MappedCheckpoint>(folder);
    for (const Layout& layout : layouts) {
        if (isThere(layout.index)) {
            openShards(*checkpoint, folder, layout.index);
            return checkpoint;
        }
        if (isThere(layout.single)) {
            const size_t number = checkpoint->add(folder / layout.single);
            for (const std::string& name : checkpoint->shard(number).names())
                checkpoint->list(name, number);
            return checkpoint;
        }
    }
    throw Error(Error::Code::Missing, folder.string() + ": has no weights; expected " +
                                          layouts[0].index + ", " + layouts[0].single + ", " +
                                          layouts[1].index + " or " + layouts[1].single);
}

} // namespace argali
