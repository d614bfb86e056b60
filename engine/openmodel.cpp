#include <algorithm>

#include "engine/adaptedfolder.h"
#include "engine/adapterset.h"
#include "engine/devices.h"
#include "engine/engine.h"
#include "engine/fitting.h"
#include "engine/loadedmodel.h"
#include "engine/log.h"

namespace argali {

const char* nameOf(FinishReason reason)
{
    switch (reason) {
    case FinishReason::Stop:
        return "stop";
    case FinishReason::Length:
        return "length";
    case FinishReason::Cancelled:
        return "cancelled";
    }
    throw Error(Error::Code::Internal, "no such reason");
}

ModelInfo describeModel(const std::filesystem::path& folder)
{
    return makeFamily(openFolder(folder))->info();
}

Sampling defaultSampling(const std::filesystem::path& folder)
{
    const Config generation = Config::readIfThere(folder / "generation_config.json");
    Sampling sampling = usualSampling(Config::readIfThere(folder / "config.json"));
    const auto read = [&](const char* key, float least, float most, float& value) {
        if (generation.has(key))
            value = static_cast<float>(generation.number(key, least, most));
    };
    sampling.enabled = generation.boolean("do_sample", sampling.enabled);
    sampling.topK = static_cast<int>(generation.integer("top_k", 0, 1'000'000, sampling.topK));
    read("temperature", 0, 100, sampling.temperature);
    read("top_p", 0, 1, sampling.topP);
    read("min_p", 0, 1, sampling.minP);
    read("repetition_penalty", 0.01F, 100, sampling.repetitionPenalty);
    return sampling;
}

MemoryEstimate estimateMemory(const std::filesystem::path& folder, DType compute, int64_t context)
{
    return makeFamily(openFolder(folder))->memory(compute, context);
}

namespace {

std::vector<std::string> namesOf(const std::vector<AdapterSource>& adapters)
{
    std::vector<std::string> names;
    for (const AdapterSource& source : adapters)
        names.push_back(nameOf(source));
    return names;
}

} // namespace

std::unique_ptr<Model> openModel(const std::filesystem::path& folder, const OpenOptions& options,
                                 std::stop_token stop)
{
    const auto begin = std::chrono::steady_clock::now();
    AdaptedFolder adaptedFolder = openAdaptedFolder(folder, options.adapters);
    ModelFolder& files = adaptedFolder.files;
    const Sampling sampling = defaultSampling(files.path);
    const std::shared_ptr<LoadedWeights> loaded = files.loaded;
    std::unique_ptr<Family> family = makeFamily(files);
    const DType dtype = options.dtype.value_or(defaultType(family->info()));
    if (dtype != DType::F32 && dtype != DType::BF16 && dtype != DType::F16)
        throw Error(Error::Code::Unsupported,
                    std::string(nameOf(dtype)) +
                        " weights are not part of this version; use bf16, f16 or f32");
    const Placement placement = place(*family, dtype, options.context, options.device);
    std::unique_ptr<Tokenizer> tokenizer = openTokenizer(files.path);
    family->checkTokenizer(*tokenizer);
    if (stop.stop_requested())
        return nullptr;
    std::vector<std::unique_ptr<Backend>> backends;
    std::vector<AdaptedBackend*> adapted;
    std::vector<LayerShare> shares;
    for (const Placement::Part& part : placement.parts) {
        auto backend = std::make_unique<AdaptedBackend>(makeBackend(part.device));
        adapted.push_back(backend.get());
        backends.push_back(std::move(backend));
        shares.push_back({backends.back().get(), part.layers});
        if (placement.parts.size() > 1)
            log(LogLevel::Info, part.device + ": " + std::to_string(part.layers) + " of " +
                                    std::to_string(family->info().layers) + " layers");
    }
    // A backend without the operations for it gets the adapter in its weights.
    const bool isMerged =
        adaptedFolder.isWhole || !std::ranges::all_of(adapted, [&](const Backend* op) {
            return takes(*op, options.adapters);
        });
    if (isMerged && !adaptedFolder.isWhole) {
        files.weights = mergedFor(*adapted.front(), options, files.weights, stop);
        family = makeFamily(files);
    }
    if (!family->load(shares, dtype, options.progress, stop))
        return nullptr;
    auto model =
        std::make_unique<LoadedModel>(std::move(backends), std::move(family), files.weights,
                                      std::move(tokenizer), sampling, dtype, placement.context);
    auto adapters = std::make_unique<AdapterSet>(model->family(), std::move(adapted), loaded,
                                                 files.weights, dtype);
    if (isMerged)
        adapters->setMerged(namesOf(options.adapters));
    else
        for (const AdapterSource& source : options.adapters)
            if (!adapters->add(source, stop))
                return nullptr;
    model->setAdapters(std::move(adapters));
    model->setLoadTime(std::chrono::steady_clock::now() - begin);
    return model;
}

} // namespace argali
