#include "engine/families/internvl2lora.h"

#include <algorithm>
#include <map>

#include "engine/checkpoint/loratensors.h"
#include "engine/error.h"
#include "engine/families/fittedadapter.h"
#include "engine/families/mergedweights.h"

namespace argali::internvl2 {

namespace {

constexpr std::string_view textPart = "language_model.";
constexpr std::string_view visionPart = "vision_model.";

bool isLowRank(const std::string& name)
{
    return name.find(".lora_") != std::string::npos;
}

/// The published name of a tensor that a PEFT wrapper renamed.
std::string unwrapped(std::string name)
{
    constexpr std::string_view wrapper = "base_model.model.";
    constexpr std::string_view inner = ".base_layer.";
    for (const std::string_view part : {textPart, visionPart})
        if (name.starts_with(part) &&
            std::string_view(name).substr(part.size()).starts_with(wrapper))
            name.erase(part.size(), wrapper.size());
    if (const size_t at = name.find(inner); at != name.npos)
        name.replace(at, inner.size(), ".");
    return name;
}

/// Weights under other names, without the low-rank ones.
class UnwrappedWeights final : public WeightSource {
public:
    explicit UnwrappedWeights(std::shared_ptr<const WeightSource> wrapped)
        : m_wrapped(std::move(wrapped))
    {
        for (const std::string& name : m_wrapped->names())
            if (!isLowRank(name) && !m_names.emplace(unwrapped(name), name).second)
                throw Error(Error::Code::BadModel,
                            m_wrapped->origin(name) + ": tensor " + inQuotes(name) +
                                " is there twice, wrapped by PEFT and as published");
    }

    std::optional<Tensor> find(std::string_view name) const override
    {
        const std::string* const wrapped = wrappedName(name);
        return wrapped ? m_wrapped->find(*wrapped) : std::nullopt;
    }
    std::optional<TensorKind> describe(std::string_view name) const override
    {
        const std::string* const wrapped = wrappedName(name);
        return wrapped ? m_wrapped->describe(*wrapped) : std::nullopt;
    }
    std::vector<std::string> names() const override
    {
        std::vector<std::string> result;
        for (const auto& [name, wrapped] : m_names)
            result.push_back(name);
        return result;
    }
    void forget(std::string_view name) const override
    {
        if (const std::string* const wrapped = wrappedName(name))
            m_wrapped->forget(*wrapped);
    }
    void forgetPart(std::span<const std::byte> part) const override { m_wrapped->forgetPart(part); }
    std::vector<std::filesystem::path> files() const override { return m_wrapped->files(); }
    void requireWhole() const override { m_wrapped->requireWhole(); }
    void requireChecksums(std::stop_token stop) const override
    {
        m_wrapped->requireChecksums(std::move(stop));
    }
    std::string origin(std::string_view name) const override
    {
        const std::string* const wrapped = wrappedName(name);
        return m_wrapped->origin(wrapped ? *wrapped : name);
    }

private:
    const std::string* wrappedName(std::string_view name) const
    {
        const auto found = m_names.find(name);
        return found == m_names.end() ? nullptr : &found->second;
    }

    std::shared_ptr<const WeightSource> m_wrapped;
    std::map<std::string, std::string, std::less<>> m_names; ///< published to wrapped
};

/// Twice the rank, which has to be the one that the configuration tells, where it tells one.
double alphaOf(const Config& config, const std::string& module, int64_t rank)
{
    constexpr int64_t largestRank = 65536;
    const char* key = module.starts_with(visionPart) ? "use_backbone_lora" : "use_llm_lora";
    const int64_t told = config.integer(key, 0, largestRank, 0);
    if (told > 0 && told != rank)
        throw Error(Error::Code::BadModel, config.file() + ": " + key +
                                               ": expected the rank of the file, which is " +
                                               std::to_string(rank) + " in " + inQuotes(module) +
                                               ", found " + std::to_string(told));
    return 2 * static_cast<double>(rank);
}

} // namespace

std::shared_ptr<const WeightSource> openWeights(const std::filesystem::path& folder,
                                                const Config& config)
{
    const std::shared_ptr<const WeightSource> stored = openCheckpoint(folder);
    if (!std::ranges::any_of(stored->names(), isLowRank)) {
        for (const char* key : {"use_llm_lora", "use_backbone_lora"})
            if (config.integer(key, 0, 65536, 0) > 0)
                throw Error(Error::Code::BadModel,
                            config.file() + ": " + key + ": the files have no low-rank tensors");
        return stored;
    }
    Adapter adapter;
    adapter.path = folder;
    LoraRules rules;
    rules.pathOf = [](const std::string& name) {
        return isLowRank(name) ? std::optional(unwrapped(name)) : std::nullopt;
    };
    rules.alphaOf = [&](const std::string& module, int64_t rank) {
        return alphaOf(config, module, rank);
    };
    rules.mayReplace = [](const std::string&) { return false; };
    addLoraTensors(adapter, stored, rules);
    auto base = std::make_shared<const UnwrappedWeights>(stored);
    auto fitted = std::make_shared<const FittedAdapter>(fitAdapter(std::move(adapter), *base));
    return std::make_shared<MergedWeights>(std::move(base), std::move(fitted),
                                           MergedWeights::Changes::All);
}

} // namespace argali::internvl2
