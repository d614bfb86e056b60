#include "engine/checkpoint/loratensors.h"

#include <array>
#include <cmath>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/numbers.h"

namespace argali {
namespace {

[[noreturn]] void refuse(const WeightSource& weights, const std::string& name,
                         const std::string& what, Error::Code code = Error::Code::BadModel)
{
    throw Error(code, weights.origin(name) + ": tensor " + inQuotes(name) + " " + what);
}

/// What a tensor's path says.
struct Part {
    enum class Kind { A, B, BiasOfB, EmbeddingA, EmbeddingB, Magnitude, Whole };
    Kind kind = Kind::Whole;
    std::string module; ///< of Whole: the name of the tensor
};

Part partOf(std::string_view path)
{
    using Kind = Part::Kind;
    // With the name of the adapter and without.
    static constexpr std::pair<std::string_view, Kind> suffixes[] = {
        {".lora_A.weight", Kind::A},
        {".lora_A.default.weight", Kind::A},
        {".lora_B.weight", Kind::B},
        {".lora_B.default.weight", Kind::B},
        {".lora_B.bias", Kind::BiasOfB},
        {".lora_B.default.bias", Kind::BiasOfB},
        {".lora_embedding_A", Kind::EmbeddingA},
        {".lora_embedding_A.default", Kind::EmbeddingA},
        {".lora_embedding_B", Kind::EmbeddingB},
        {".lora_embedding_B.default", Kind::EmbeddingB},
        {".lora_magnitude_vector", Kind::Magnitude},
        {".lora_magnitude_vector.weight", Kind::Magnitude},
        {".lora_magnitude_vector.default.weight", Kind::Magnitude}};
    for (const auto& [suffix, kind] : suffixes)
        if (path.ends_with(suffix))
            return {kind, std::string(path.substr(0, path.size() - suffix.size()))};
    std::string name(path);
    for (const std::string_view middle :
         {".modules_to_save.default.", ".modules_to_save.", ".base_layer."})
        if (const size_t found = name.find(middle); found != name.npos) {
            name.replace(found, middle.size(), ".");
            break;
        }
    return {Kind::Whole, name};
}

/// Collects the tensors of a file.
class LoraTensors final {
public:
    LoraTensors(const WeightSource& weights, const LoraRules& rules)
        : m_weights(weights), m_rules(rules)
    {
    }

    void add(const std::string& name, const std::string& path, Adapter& adapter);
    void finish(Adapter& adapter) const
    {
        for (const auto& [module, halves] : m_halves)
            adapter.pairs.push_back(pairOf(module, halves));
    }

private:
    struct Halves {
        std::optional<Tensor> a, b, bias;
        bool isEmbedding = false;
    };
    void replace(const std::string& name, const std::string& path, Adapter& adapter) const;
    LoraPair pairOf(const std::string& module, const Halves& halves) const;

    const WeightSource& m_weights;
    const LoraRules& m_rules;
    std::map<std::string, Halves> m_halves; ///< by module
};

void LoraTensors::replace(const std::string& name, const std::string& path, Adapter& adapter) const
{
    if (name.find(".lora_") != name.npos)
        refuse(m_weights, name, "is of a kind that is not known", Error::Code::Unsupported);
    if (!m_rules.mayReplace(path))
        refuse(m_weights, name,
               "is no part of a LoRA, and neither bias nor modules_to_save of the configuration "
               "tell of it");
    if (!adapter.replaced.emplace(path, requireFinite(m_weights, name)).second)
        refuse(m_weights, name, "is there twice, with the name of the adapter and without");
}

void LoraTensors::add(const std::string& name, const std::string& path, Adapter& adapter)
{
    using Kind = Part::Kind;
    const Part part = partOf(path);
    if (part.module.empty())
        refuse(m_weights, name, "belongs to no module");
    if (part.kind == Kind::Magnitude)
        refuse(m_weights, name, "belongs to DoRA, which is not supported",
               Error::Code::Unsupported);
    if (part.kind == Kind::Whole)
        return replace(name, part.module, adapter);
    Halves& halves = m_halves[part.module];
    const bool isEmbedding = part.kind == Kind::EmbeddingA || part.kind == Kind::EmbeddingB;
    if ((halves.a || halves.b || halves.bias) && halves.isEmbedding != isEmbedding)
        refuse(m_weights, name, "makes its module a linear layer and an embedding at once");
    halves.isEmbedding = isEmbedding;
    std::optional<Tensor>& half = part.kind == Kind::BiasOfB ? halves.bias
                                  : part.kind == Kind::A || part.kind == Kind::EmbeddingA
                                      ? halves.a
                                      : halves.b;
    if (half)
        refuse(m_weights, name, "is there twice, with the name of the adapter and without");
    half = requireFinite(m_weights, name);
}

LoraPair LoraTensors::pairOf(const std::string& module, const Halves& halves) const
{
    const auto fail = [&](const std::string& what) {
        throw Error(Error::Code::BadModel, m_weights.files().front().string() + ": module " +
                                               inQuotes(module) + " " + what);
    };
    if (!halves.a || !halves.b)
        fail(std::string("has lora_") + (halves.a ? "A" : "B") + ", but no lora_" +
             (halves.a ? "B" : "A") + "; the file is not complete");
    const Shape &a = halves.a->shape(), &b = halves.b->shape();
    if (a.rank() != 2 || b.rank() != 2)
        fail("has lora_A " + a.text() + " and lora_B " + b.text() + ", expected two matrices");
    if (a.dim(0) != b.dim(1))
        fail("has the rank " + std::to_string(a.dim(0)) + " in lora_A " + a.text() + ", but " +
             std::to_string(b.dim(1)) + " in lora_B " + b.text());
    const auto rank = static_cast<double>(a.dim(0));
    if (const double told = m_rules.rankOf ? m_rules.rankOf(module) : rank; told != rank)
        fail("has the rank " + std::to_string(a.dim(0)) + ", but adapter_config.json says " +
             nlohmann::json(told).dump());
    if (halves.bias && halves.bias->shape() != Shape{b.dim(0)})
        fail("has the bias " + halves.bias->shape().text() + " for lora_B " + b.text());
    LoraPair pair{module, *halves.a, *halves.b, halves.bias, halves.isEmbedding};
    pair.alpha = m_rules.alphaOf(module, a.dim(0));
    pair.scale = pair.alpha / (m_rules.usesRoot ? std::sqrt(rank) : rank);
    return pair;
}

} // namespace

Tensor requireFinite(const WeightSource& weights, const std::string& name)
{
    const Tensor tensor = weights.find(name).value();
    const DType type = tensor.type();
    if (type != DType::F32 && type != DType::F16 && type != DType::BF16)
        refuse(weights, name,
               std::string("is of type ") + nameOf(type) + ", expected f32, f16 or bf16");
    if (tensor.count() == 0)
        refuse(weights, name, "is empty");
    if (holdsNonFinite(tensor))
        refuse(weights, name, "holds values that are not finite numbers");
    return tensor;
}

void addLoraTensors(Adapter& adapter, std::shared_ptr<const WeightSource> weights,
                    const LoraRules& rules)
{
    LoraTensors tensors(*weights, rules);
    for (const std::string& name : weights->names()) {
        if (rules.stop.stop_requested())
            return;
        if (const std::optional<std::string> path = rules.pathOf(name))
            tensors.add(name, *path, adapter);
    }
    tensors.finish(adapter);
    adapter.weights.push_back(std::move(weights));
}

} // namespace argali
