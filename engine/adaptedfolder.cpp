#include "engine/adaptedfolder.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/adapterfiles.h"
#include "engine/checkpoint/paths.h"
#include "engine/error.h"
#include "engine/families/deltaweights.h"

namespace argali {
namespace {

namespace fs = std::filesystem;

/// Whether a folder has all of a model's weights and not an adapter's.
bool isDelta(const fs::path& folder)
{
    bool hasWeights = false;
    for (const char* name : {"pytorch_model.bin.index.json", "pytorch_model.bin",
                             "model.safetensors", "model.safetensors.index.json"})
        hasWeights = hasWeights || isThere(folder / name);
    if (!hasWeights || !isThere(folder / "config.json") || isThere(folder / "adapter_config.json"))
        return false;
    const std::string type = Config::read(folder / "config.json").string("model_type", "");
    return type == "llava" || type == "llava_llama";
}

/// Whether the model of this configuration has another projector than that of the adapter's, or
/// none.
bool hasOtherProjector(const Config& model, const Config& adapter)
{
    if (!adapter.has("mm_vision_tower"))
        return false; // says nothing of one
    const auto typeOf = [](const Config& config) {
        return config.string("mm_projector_type", "linear");
    };
    const std::string type = model.string("model_type", "");
    const bool isBare = type == "llama" && !model.has("mm_vision_tower");
    return isBare || (model.has("mm_vision_tower") && typeOf(model) != typeOf(adapter));
}

} // namespace

AdaptedFolder openAdaptedFolder(const fs::path& folder, const std::vector<AdapterSource>& adapters)
{
    for (const AdapterSource& source : adapters) {
        if (!isDelta(source.path))
            continue;
        if (adapters.size() > 1)
            throw Error(
                Error::Code::Unsupported,
                source.path.string() +
                    ": is the difference of two models and no adapter beside others; merge it "
                    "into its model first (argali-cli merge)");
        ModelFolder files = openFolder(source.path);
        files.weights = std::make_shared<DeltaWeights>(openCheckpoint(folder), files.weights);
        return {std::move(files), true};
    }
    const Config model = Config::readIfThere(folder / "config.json");
    const auto ownOf = [](const AdapterSource& source) {
        return Config::readIfThere(source.path / "config.json");
    };
    const auto brings = std::ranges::find_if(adapters, [&](const AdapterSource& source) {
        return hasOtherProjector(model, ownOf(source));
    });
    if (model.json().empty() || brings == adapters.end())
        return {openFolder(folder), false};
    ModelFolder files = openFolder(folder, ownOf(*brings));
    std::map<std::string, Tensor> projector;
    for (const auto& [name, tensor] : readAdapter(*brings).replaced)
        if (name.find("mm_projector") != name.npos)
            projector.emplace(name, tensor);
    files.weights = std::make_shared<OverlaidWeights>(files.weights, std::move(projector));
    return {std::move(files), false};
}

ModelInfo describeAdapted(const fs::path& folder, const std::vector<AdapterSource>& adapters)
{
    return makeFamily(openAdaptedFolder(folder, adapters).files)->info();
}

} // namespace argali
