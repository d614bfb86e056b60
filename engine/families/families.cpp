#include "engine/families/families.h"

#include <array>

#include "engine/families/ovis25.h"

namespace argali {

namespace {

struct FamilyEntry {
    bool (*matches)(const Config& config);
    std::unique_ptr<Family> (*make)(ModelFolder folder);
};

constexpr std::array families{
    FamilyEntry{ovis25::matches, ovis25::make},
};

constexpr const char* supported = "Ovis2.5 (model_type ovis2_5 or ovis)";

} // namespace

ModelFolder openFolder(const std::filesystem::path& folder)
{
    std::error_code failure;
    if (!std::filesystem::is_directory(folder, failure))
        throw Error(Error::Code::Missing,
                    folder.string() + ": no such folder; give the folder of a checkpoint");
    ModelFolder result;
    // A trailing separator would leave the folder without a name.
    result.path = std::filesystem::canonical(folder);
    result.config = Config::read(result.path / "config.json");
    result.generation = Config::readIfThere(result.path / "generation_config.json");
    result.preprocessor = Config::readIfThere(result.path / "preprocessor_config.json");
    if (result.preprocessor.json().empty())
        result.preprocessor = Config::readIfThere(result.path / "processor_config.json");
    if (result.preprocessor.has("image_processor")) // newer processor files nest it
        result.preprocessor = result.preprocessor.object("image_processor");
    const auto known = [&](const FamilyEntry& entry) { return entry.matches(result.config); };
    if (std::none_of(families.begin(), families.end(), known))
        throw Error(Error::Code::Unsupported,
                    result.config.file() + ": model_type \"" + result.config.string("model_type", "")
                        + "\" is not supported; supported: " + supported);
    result.weights = openCheckpoint(result.path);
    return result;
}

std::unique_ptr<Family> makeFamily(ModelFolder folder)
{
    for (const FamilyEntry& entry : families)
        if (entry.matches(folder.config))
            return entry.make(std::move(folder));
    throw Error(Error::Code::Unsupported, folder.config.file() + ": not a model of a supported family");
}

ModelFolder syntheticFolder(const std::string& name, DType stored, std::stop_token stop)
{
    constexpr std::string_view layersOption = "/layers=";
    const size_t slash = name.find('/');
    int64_t layers = 0;
    if (slash != std::string::npos) {
        const std::string count
            = name.compare(slash, layersOption.size(), layersOption) == 0 ? name.substr(slash + layersOption.size()) : "";
        if (count.empty() || count.size() > 4 || count.find_first_not_of("0123456789") != std::string::npos
            || (layers = std::stoll(count)) < 1 || layers > 1024)
            throw Error(Error::Code::BadRequest,
                        "\"" + name + "\": after the name only /layers=N with N from 1 to 1024");
    }
    return ovis25::synthetic(name.substr(0, slash), layers, stored, std::move(stop));
}

} // namespace argali
