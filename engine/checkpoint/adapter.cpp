#include "engine/checkpoint/adapter.h"

#include <algorithm>

#include "engine/checkpoint/loratensors.h"
#include "engine/checkpoint/paths.h"
#include "engine/checkpoint/peftconfig.h"
#include "engine/checkpoint/weightfile.h"
#include "engine/error.h"

namespace argali {
namespace {

/// Whether modules_to_save names a module that the tensor lies in.
bool isSaved(const PeftConfig& config, const std::string& path)
{
    return std::ranges::any_of(config.saved, [&](const std::string& module) {
        return ("." + path).find("." + module + ".") != std::string::npos;
    });
}

LoraRules rulesOf(const PeftConfig& config, const WeightSource& weights)
{
    LoraRules rules;
    rules.pathOf = [&weights](const std::string& name) {
        constexpr std::string_view prefix = "base_model.model.";
        if (!name.starts_with(prefix))
            throw Error(Error::Code::BadModel, weights.origin(name) + ": tensor " + inQuotes(name) +
                                                   " does not begin with " + std::string(prefix) +
                                                   ", as those of a PEFT adapter do");
        return std::optional(name.substr(prefix.size()));
    };
    rules.rankOf = [&config](const std::string& module) {
        return config.ranks.of(module, config.rank);
    };
    rules.alphaOf = [&config](const std::string& module, int64_t) {
        return config.alphas.of(module, config.alpha);
    };
    rules.usesRoot = config.usesRoot;
    rules.mayReplace = [&config](const std::string& path) {
        return isSaved(config, path) || (config.hasBiases && path.ends_with(".bias"));
    };
    return rules;
}

} // namespace

Adapter readPeftAdapter(const std::filesystem::path& folder, const std::stop_token& stop)
{
    const PeftConfig config = readPeftConfig(folder);
    std::filesystem::path file = folder / "adapter_model.safetensors";
    if (!isThere(file))
        file = folder / "adapter_model.bin";
    if (!isThere(file))
        throw Error(Error::Code::Missing,
                    folder.string() + ": has neither adapter_model.safetensors nor "
                                      "adapter_model.bin; give the folder as PEFT saved it");
    Adapter adapter;
    adapter.path = folder;
    adapter.base = config.config.string("base_model_name_or_path", "");
    const std::shared_ptr<const WeightSource> weights = openWeightFile(file);
    LoraRules rules = rulesOf(config, *weights);
    rules.stop = stop;
    addLoraTensors(adapter, weights, rules);
    if (adapter.isEmpty() && !stop.stop_requested())
        throw Error(Error::Code::BadModel,
                    file.string() + ": has no tensors, expected those of a LoRA");
    return adapter;
}

} // namespace argali
