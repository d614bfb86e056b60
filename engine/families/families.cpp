#include "engine/families/families.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "engine/families/chatglm2.h"
#include "engine/families/internvl2.h"
#include "engine/families/internvl2lora.h"
#include "engine/families/llava15.h"
#include "engine/families/ovis25.h"

namespace argali {

namespace {

std::shared_ptr<const WeightSource> openFolderWeights(const std::filesystem::path& folder,
                                                      const Config&)
{
    return openCheckpoint(folder);
}

/// Source: GenerationConfig of Hugging Face transformers
Sampling plainSampling()
{
    Sampling sampling;
    sampling.topK = 50;
    return sampling;
}

struct FamilyEntry {
    bool (*matches)(const Config& config);
    std::unique_ptr<Family> (*make)(ModelFolder folder);
    std::optional<ModelFolder> (*synthetic)(const std::string& name, int64_t layers, DType stored,
                                            std::stop_token stop);
    std::shared_ptr<const WeightSource> (*openWeights)(const std::filesystem::path& folder,
                                                       const Config& config) = openFolderWeights;
    Sampling (*sampling)() = plainSampling;
};

constexpr std::array families{
    FamilyEntry{ovis25::matches, ovis25::make, ovis25::synthetic},
    FamilyEntry{llava15::matches, llava15::make, llava15::synthetic, llava15::openWeights},
    FamilyEntry{internvl2::matches, internvl2::make, internvl2::synthetic, internvl2::openWeights},
    FamilyEntry{chatglm2::matches, chatglm2::make, chatglm2::synthetic, chatglm2::openWeights,
                chatglm2::sampling},
};

constexpr const char* supported =
    "Ovis2.5 (model_type ovis2_5 or ovis), LLaVA-1.5 (llava or llava_llama), "
    "InternVL2 (internvl_chat or internvl), ChatGLM2 (chatglm)";
constexpr const char* publishedNames =
    "ovis2.5-2b, ovis2.5-9b, llava-1.5-7b, llava-1.5-13b, internvl2-1b, "
    "internvl2-2b, internvl2-4b, internvl2-8b, internvl2-26b, chatglm2-6b";

} // namespace

namespace {

/// Throws: Error::Code::Unsupported for what PEFT or LLaVA saved of a training, which is no model
/// by itself
void refuseAdapter(const std::filesystem::path& folder)
{
    const auto hasOne = [&](std::initializer_list<const char*> names) {
        std::error_code failure;
        return std::ranges::any_of(names, [&](const char* name) {
            return std::filesystem::exists(folder / name, failure);
        });
    };
    if (hasOne({"adapter_config.json", "mm_projector.bin"}) &&
        !hasOne({"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                 "pytorch_model.bin.index.json"}))
        throw Error(
            Error::Code::Unsupported,
            folder.string() +
                ": is an adapter and no model; give this folder as --adapter, and the model "
                "that it was trained on as -m");
}

} // namespace

KvPrefix Family::makePrefix(const WeightSource&) const
{
    throw Error(Error::Code::Unsupported, "models of the family " + info().family +
                                              " take no prefix of P-Tuning; leave it out, or give "
                                              "the model that it was trained on as -m");
}

void Family::setPrefix(KvPrefix prefix)
{
    if (!prefix.empty())
        throw Error(Error::Code::Internal, "a prefix for a family that makes none");
}

ModelFolder openFolder(const std::filesystem::path& folder, const std::optional<Config>& config)
{
    std::error_code failure;
    if (!std::filesystem::is_directory(folder, failure))
        throw Error(Error::Code::Missing,
                    folder.string() + ": no such folder; give the folder of a checkpoint");
    ModelFolder result;
    // A trailing separator would leave the folder without a name.
    result.path = std::filesystem::canonical(folder);
    refuseAdapter(result.path);
    result.config = config ? *config : Config::read(result.path / "config.json");
    result.generation = Config::readIfThere(result.path / "generation_config.json");
    result.preprocessor = Config::readIfThere(result.path / "preprocessor_config.json");
    if (result.preprocessor.json().empty())
        result.preprocessor = Config::readIfThere(result.path / "processor_config.json");
    if (result.preprocessor.has("image_processor")) // newer processor files nest it
        result.preprocessor = result.preprocessor.object("image_processor");
    const auto known = [&](const FamilyEntry& entry) { return entry.matches(result.config); };
    const auto family = std::find_if(families.begin(), families.end(), known);
    if (family == families.end())
        throw Error(Error::Code::Unsupported, result.config.file() + ": model_type \"" +
                                                  result.config.string("model_type", "") +
                                                  "\" is not supported; supported: " + supported);
    result.weights = family->openWeights(result.path, result.config);
    return result;
}

std::unique_ptr<Family> makeFamily(ModelFolder folder)
{
    for (const FamilyEntry& entry : families)
        if (entry.matches(folder.config))
            return entry.make(std::move(folder));
    throw Error(Error::Code::Unsupported,
                folder.config.file() + ": not a model of a supported family");
}

Sampling usualSampling(const Config& config)
{
    for (const FamilyEntry& entry : families)
        if (entry.matches(config))
            return entry.sampling();
    return plainSampling();
}

ModelFolder syntheticFolder(const std::string& name, DType stored, std::stop_token stop)
{
    constexpr std::string_view layersOption = "/layers=";
    const size_t slash = name.find('/');
    int64_t layers = 0;
    if (slash != std::string::npos) {
        const std::string count = name.compare(slash, layersOption.size(), layersOption) == 0
                                      ? name.substr(slash + layersOption.size())
                                      : "";
        if (count.empty() || count.size() > 4 ||
            count.find_first_not_of("0123456789") != std::string::npos ||
            (layers = std::stoll(count)) < 1 || layers > 1024)
            throw Error(Error::Code::BadRequest,
                        "\"" + name + "\": after the name only /layers=N with N from 1 to 1024");
    }
    for (const FamilyEntry& entry : families)
        if (std::optional<ModelFolder> folder =
                entry.synthetic(name.substr(0, slash), layers, stored, stop))
            return std::move(*folder);
    throw Error(Error::Code::BadRequest, "no published shapes named \"" + name.substr(0, slash) +
                                             "\"; known: " + publishedNames);
}

} // namespace argali
