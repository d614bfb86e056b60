#include <algorithm>

#include "engine/devices.h"
#include "engine/engine.h"
#include "engine/fitting.h"
#include "engine/loadedmodel.h"
#include "engine/log.h"
#include "engine/numbers.h"

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
    Sampling sampling;
    sampling.enabled = generation.boolean("do_sample", false);
    sampling.temperature = static_cast<float>(generation.number("temperature", 0, 100, 1));
    sampling.topK = static_cast<int>(generation.integer("top_k", 0, 1'000'000, 50));
    sampling.topP = static_cast<float>(generation.number("top_p", 0, 1, 1));
    sampling.minP = static_cast<float>(generation.number("min_p", 0, 1, 0));
    sampling.repetitionPenalty =
        static_cast<float>(generation.number("repetition_penalty", 0.01, 100, 1));
    return sampling;
}

MemoryEstimate estimateMemory(const std::filesystem::path& folder, DType compute, int64_t context)
{
    return makeFamily(openFolder(folder))->memory(compute, context);
}

DType defaultType(const ModelInfo& info)
{
    constexpr int64_t smallParameters = 64'000'000;
    return info.parameters < smallParameters ? DType::F32 : info.storedType;
}

namespace {

/// Bytes of a device that a model may fill.
int64_t roomOn(const Device& device)
{
    if (device.id == "cpu")
        return device.freeMemory;
    constexpr int64_t forTheDisplay = int64_t{512} << 20;
    constexpr int64_t forTheBackend = int64_t{192} << 20; // the products' workspace, a chunk of soft logits
    return std::max<int64_t>(0, device.freeMemory - forTheDisplay - forTheBackend);
}

} // namespace

int64_t fittingContext(const Family& family, DType dtype, int64_t asked, const Device& device)
{
    constexpr int64_t leastUseful = 4096;
    const ModelInfo& info = family.info();
    const int64_t least = asked > 0 ? asked : std::min(info.context, leastUseful);
    const int64_t available = roomOn(device);
    const MemoryEstimate need = family.memory(dtype, least);
    const int64_t base = need.weights + need.workspace;
    const int64_t fits =
        std::max<int64_t>(0, (available - base) / std::max<int64_t>(need.kvPerToken, 1));
    if (fits < least) {
        const std::string advice = base < available
                                       ? "; a context of " + std::to_string(fits) + " would fit"
                                   : device.id == "cpu"
                                       ? "; close other programs or take a smaller model"
                                       : "; close other programs, take a smaller model or the device cpu";
        throw Error(Error::Code::OutOfMemory,
                    (info.name.empty() ? info.family : info.name) + " in " + nameOf(dtype) + " needs " + megabytes(need.total) +
                        " (weights " + megabytes(need.weights) + ", workspace " +
                        megabytes(need.workspace) + ", context of " + std::to_string(least) +
                        " positions " + megabytes(least * need.kvPerToken) + "), " + device.id + " has " +
                        megabytes(available) + " free for it" + advice);
    }
    return asked > 0 ? asked : std::min(info.context, fits);
}

namespace {

/// A device and the positions that fit there.
struct Placement {
    std::string device;
    int64_t context;
};

/// "auto" is the card with most free memory when the model fits there, else the processor; the log says
/// which and why. Any other device is taken or refused.
Placement place(const Family& family, DType dtype, const OpenOptions& options)
{
    const ModelInfo& info = family.info();
    if (options.context < 0 || options.context > info.context)
        throw Error(Error::Code::BadRequest, "a context of " + std::to_string(options.context) +
                                                 " positions; " + info.name + " has at most " +
                                                 std::to_string(info.context));
    const Device device = chooseDevice(options.device);
    try {
        const int64_t context = fittingContext(family, dtype, options.context, device);
        if (options.device == "auto")
            log(LogLevel::Info, device.id == "cpu" ? "auto: the processor, since " + cardProblem()
                                                   : "auto: " + device.id + " " + device.name + ", the model fits");
        return {device.id, context};
    } catch (const Error& error) {
        if (options.device != "auto" || device.id == "cpu" || error.code() != Error::Code::OutOfMemory)
            throw;
        log(LogLevel::Warning, std::string("auto: the processor, since ") + error.what());
    }
    return {"cpu", fittingContext(family, dtype, options.context, chooseDevice("cpu"))};
}

} // namespace

std::unique_ptr<Model> openModel(const std::filesystem::path& folder, const OpenOptions& options,
                                 std::stop_token stop)
{
    const auto begin = std::chrono::steady_clock::now();
    ModelFolder files = openFolder(folder);
    const Sampling sampling = defaultSampling(folder);
    const std::shared_ptr<const WeightSource> weights = files.weights;
    std::unique_ptr<Family> family = makeFamily(std::move(files));
    const DType dtype = options.dtype.value_or(defaultType(family->info()));
    if (dtype != DType::F32 && dtype != DType::BF16 && dtype != DType::F16)
        throw Error(Error::Code::Unsupported,
                    std::string(nameOf(dtype)) +
                        " weights are not part of this version; use bf16, f16 or f32");
    const Placement placement = place(*family, dtype, options);
    std::unique_ptr<Tokenizer> tokenizer = openTokenizer(folder);
    family->checkTokenizer(*tokenizer);
    if (stop.stop_requested())
        return nullptr;
    std::unique_ptr<Backend> op = makeBackend(placement.device);
    if (!family->load(*op, dtype, options.progress, stop))
        return nullptr;
    auto model = std::make_unique<LoadedModel>(std::move(op), std::move(family), weights,
                                               std::move(tokenizer), sampling, dtype,
                                               placement.context);
    model->setLoadTime(std::chrono::steady_clock::now() - begin);
    return model;
}

} // namespace argali
