#include "engine/cli/modeloptions.h"

#include <algorithm>

#include "engine/checkpoint/json.h"
#include "engine/cli/output.h"
#include "engine/error.h"
#include "engine/modellibrary.h"

namespace argali::cli {

std::vector<Option> modelOption()
{
    return {{.name = "--model", .value = "MODEL", .letter = 'm'}};
}

std::vector<Option> computeOptions()
{
    return {{.name = "--device", .value = "auto|cpu|cuda[:N[,N...]]"},
            {.name = "--dtype", .value = "auto|f32|bf16|f16|int8|int4"}};
}

std::filesystem::path requireFolder(const std::string& path, const std::string& advice)
{
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
        return path;
    throw Error(
        Error::Code::Missing,
        inQuotes(path) +
            (std::filesystem::exists(path, error) ? " is not a folder" : " does not exist") + "; " +
            advice);
}

std::filesystem::path requireModel(const std::string& word, const std::string& advice)
{
    std::error_code error;
    if (std::filesystem::exists(word, error) || !isModelId(word))
        return requireFolder(word, advice);
    if (std::optional<std::filesystem::path> installed = installedModel(word))
        return *std::move(installed);
    const std::filesystem::path library = modelLibraryFolder();
    throw Error(Error::Code::Missing,
                inQuotes(word) + " does not exist" +
                    (library.empty() ? "" : " here, nor in the models of " + library.string()) +
                    "; " + advice);
}

std::filesystem::path modelFolder(const Arguments& arguments)
{
    const std::optional<std::string> path = arguments.text("--model");
    return path ? requireModel(*path, "give the folder of a published checkpoint")
                : pocketFolder() / "model";
}

std::string deviceOption(const Arguments& arguments)
{
    const std::string device = arguments.text("--device").value_or("auto");
    if (device == "auto" || device == "cpu" || device == "cuda")
        return device;
    // cuda:N[,N...]
    const std::string prefix = "cuda:";
    bool good = device.starts_with(prefix);
    for (size_t begin = prefix.size(); good && begin <= device.size();) {
        const size_t end = std::min(device.find(',', begin), device.size());
        const auto number = parseInteger(std::string_view(device).substr(begin, end - begin));
        good = number && *number >= 0 && *number < 1024;
        begin = end + 1;
    }
    if (!good)
        throw UsageError("--device takes auto, cpu, cuda or cuda:N[,N...], not " +
                         inQuotes(device));
    return device;
}

std::optional<DType> dtypeOption(const Arguments& arguments)
{
    const std::string word = arguments.text("--dtype").value_or("auto");
    if (word == "auto")
        return {};
    for (const DType type : {DType::F32, DType::BF16, DType::F16})
        if (word == nameOf(type))
            return type;
    if (word == "int8" || word == "int4")
        throw Error(Error::Code::Unsupported, "--dtype " + word +
                                                  ": weights of less than 16 bits are not part of "
                                                  "this version yet; use f32, bf16 or f16");
    throw UsageError("--dtype takes auto, f32, bf16, f16, int8 or int4, not " + inQuotes(word));
}

std::string describe(const ModelInfo& info)
{
    const auto millions = static_cast<double>(info.parameters) / 1e6;
    return info.name + " (" + info.family + ", " +
           (millions < 1000 ? numberText(millions, 1) + " million"
                            : numberText(millions / 1000, 2) + " billion") +
           " parameters, stored as " + nameOf(info.storedType) +
           (info.packedBits > 0
                ? " with layers packed to " + std::to_string(info.packedBits) + " bits"
                : "") +
           ")";
}

} // namespace argali::cli
