#include "engine/cli/requestoptions.h"

#include <algorithm>
#include <array>
#include <limits>

#include "engine/cli/interrupt.h"
#include "engine/cli/modeloptions.h"
#include "engine/cli/output.h"
#include "engine/error.h"

namespace argali::cli {

namespace {

constexpr std::array drawOptions = {"--temperature",        "--top-p", "--top-k", "--min-p",
                                    "--repetition-penalty", "--seed"};

constexpr int64_t mostTokens = 1'000'000;
constexpr int64_t mostPixels = int64_t(1) << 32;

bool draws(const Arguments& arguments)
{
    return std::ranges::any_of(drawOptions, [&](const char* name) { return arguments.has(name); });
}

} // namespace

std::vector<Option> requestOptionList()
{
    return {{.name = "--think"},
            {.name = "--no-think"},
            {.name = "--thinking-budget", .value = "N"},
            {.name = "--max-new-tokens", .value = "N"},
            {.name = "--greedy"},
            {.name = "--temperature", .value = "T"},
            {.name = "--top-p", .value = "P"},
            {.name = "--top-k", .value = "K"},
            {.name = "--min-p", .value = "P"},
            {.name = "--repetition-penalty", .value = "R"},
            {.name = "--seed", .value = "S"},
            {.name = "--context", .value = "N"},
            {.name = "--min-pixels", .value = "N"},
            {.name = "--max-pixels", .value = "N"},
            {.name = "--max-tiles", .value = "N"},
            {.name = "--template", .value = "NAME"},
            {.name = "--image-aspect-ratio", .value = "pad|crop"}};
}

ChatRequest requestOptions(const Arguments& arguments, bool thinkingMayCome)
{
    ChatRequest request;
    arguments.exclude("--think", "--no-think");
    request.thinking = arguments.has("--think");
    if (const auto budget = arguments.integer("--thinking-budget", 1, mostTokens)) {
        if (!request.thinking && !(thinkingMayCome && !arguments.has("--no-think")))
            throw UsageError("--thinking-budget needs --think");
        request.thinkingBudget = static_cast<int>(*budget);
    }
    request.maxNewTokens = static_cast<int>(
        arguments.integer("--max-new-tokens", 1, mostTokens).value_or(request.maxNewTokens));
    request.minPixels = arguments.integer("--min-pixels", 1, mostPixels);
    request.maxPixels = arguments.integer("--max-pixels", 1, mostPixels);
    if (request.minPixels && request.maxPixels && *request.minPixels > *request.maxPixels)
        throw UsageError("--min-pixels must not be larger than --max-pixels");
    if (const auto tiles = arguments.integer("--max-tiles", 1, 1024))
        request.maxTiles = static_cast<int>(*tiles);
    request.promptTemplate = arguments.text("--template").value_or("");
    request.aspectRatio = arguments.text("--image-aspect-ratio").value_or("");
    for (const char* option : drawOptions)
        arguments.exclude("--greedy", option);
    // Their bounds are looked at here, so that a wrong one is found before anything is opened.
    Sampling bounds;
    setSampling(arguments, bounds);
    return request;
}

void setSampling(const Arguments& arguments, Sampling& sampling)
{
    const auto number = [&](const char* name, double least, double most, float& value) {
        const auto given = arguments.number(name, least, most);
        if (given)
            value = static_cast<float>(*given);
        return given.has_value();
    };
    bool enabled = number("--temperature", 0, 100, sampling.temperature);
    enabled = number("--top-p", 0, 1, sampling.topP) || enabled;
    enabled = number("--min-p", 0, 1, sampling.minP) || enabled;
    if (const auto topK = arguments.integer("--top-k", 0, 1'000'000)) {
        sampling.topK = static_cast<int>(*topK);
        enabled = true;
    }
    number("--repetition-penalty", 0.01, 100, sampling.repetitionPenalty);
    if (const auto seed = arguments.integer("--seed", 0, std::numeric_limits<int64_t>::max()))
        sampling.seed = static_cast<uint64_t>(*seed);
    // A seed or a penalty alone does not make a greedy model draw.
    sampling.enabled = sampling.enabled || enabled;
}

void applySampling(const Arguments& arguments, const std::filesystem::path& folder,
                   ChatRequest& request)
{
    if (arguments.has("--greedy"))
        request.sampling = Sampling{};
    if (!draws(arguments))
        return;
    request.sampling = defaultSampling(folder);
    setSampling(arguments, *request.sampling);
}

OpenOptions openOptions(const Arguments& arguments)
{
    OpenOptions options;
    options.device = deviceOption(arguments);
    options.dtype = dtypeOption(arguments);
    options.context = arguments.integer("--context", 1, int64_t(1) << 24).value_or(0);
    return options;
}

namespace {

/// Throws: Error::Code::BadRequest for another value, listing those that are possible
void requireOneOf(const Arguments& arguments, const char* option,
                  const std::vector<std::string>& values)
{
    const std::optional<std::string> given = arguments.text(option);
    if (!given || std::ranges::find(values, *given) != values.end())
        return;
    std::string known;
    for (const std::string& value : values)
        known += (known.empty() ? "" : ", ") + value;
    throw Error(Error::Code::BadRequest,
                std::string(option) + " " + *given + ": this model has " + known);
}

} // namespace

void refuseForeignOptions(const Arguments& arguments, const ModelInfo& info)
{
    const std::pair<const char*, bool> ofFamilies[] = {
        {"--min-pixels", info.maxPixels > 0},
        {"--max-pixels", info.maxPixels > 0},
        {"--max-tiles", info.maxTiles > 0},
        {"--template", !info.templates.empty()},
        {"--image-aspect-ratio", !info.aspectRatios.empty()}};
    for (const auto& [option, isUsed] : ofFamilies)
        if (!isUsed && arguments.has(option))
            throw Error(Error::Code::Unsupported, std::string(option) + ": models of the family " +
                                                      info.family +
                                                      " have no use for it; leave it out");
    requireOneOf(arguments, "--template", info.templates);
    requireOneOf(arguments, "--image-aspect-ratio", info.aspectRatios);
    const auto refuse = [&](bool has, const char* option, const std::string& what) {
        if (!has && arguments.has(option))
            throw Error(Error::Code::BadRequest, std::string(option) + ": " + info.name + " " +
                                                     what + "; leave it out or use another model");
    };
    refuse(info.thinks, "--think", "does not think");
    refuse(info.seesPictures, "--image", "sees no pictures");
    refuse(info.seesFilms, "--video", "sees no films");
}

std::unique_ptr<Model> openModelHere(const std::filesystem::path& folder, OpenOptions options)
{
    ProgressLine progress;
    options.progress = progress.sink();
    const Interruptible work;
    std::unique_ptr<Model> model = openModel(folder, options, work.token());
    progress.clear();
    return model;
}

} // namespace argali::cli
