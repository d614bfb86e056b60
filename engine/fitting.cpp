#include "engine/fitting.h"

#include <algorithm>

#include "engine/error.h"
#include "engine/log.h"
#include "engine/numbers.h"

namespace argali {

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
    constexpr int64_t forTheBackend = int64_t{192}
                                      << 20; // the products' workspace, a chunk of soft logits
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
        const std::string advice =
            base < available     ? "; a context of " + std::to_string(fits) + " would fit"
            : device.id == "cpu" ? "; close other programs or take a smaller model"
                                 : "; close other programs, take a smaller model or the device cpu";
        throw Error(Error::Code::OutOfMemory,
                    (info.name.empty() ? info.family : info.name) + " in " + nameOf(dtype) +
                        " needs " + megabytes(need.total) + " (weights " + megabytes(need.weights) +
                        ", workspace " + megabytes(need.workspace) + ", context of " +
                        std::to_string(least) + " positions " + megabytes(least * need.kvPerToken) +
                        "), " + device.id + " has " + megabytes(available) + " free for it" +
                        advice);
    }
    return asked > 0 ? asked : std::min(info.context, fits);
}

Placement place(const Family& family, DType dtype, int64_t asked, const std::string& deviceId)
{
    const ModelInfo& info = family.info();
    if (asked < 0 || asked > info.context)
        throw Error(Error::Code::BadRequest, "a context of " + std::to_string(asked) +
                                                 " positions; " + info.name + " has at most " +
                                                 std::to_string(info.context));
    const Device device = chooseDevice(deviceId);
    try {
        const int64_t context = fittingContext(family, dtype, asked, device);
        if (deviceId == "auto")
            log(LogLevel::Info,
                device.id == "cpu" ? "auto: the processor, since " + cardProblem()
                                   : "auto: " + device.id + " " + device.name + ", the model fits");
        return {device.id, context};
    } catch (const Error& error) {
        if (deviceId != "auto" || device.id == "cpu" || error.code() != Error::Code::OutOfMemory)
            throw;
        log(LogLevel::Warning, std::string("auto: the processor, since ") + error.what());
    }
    return {"cpu", fittingContext(family, dtype, asked, chooseDevice("cpu"))};
}

} // namespace argali
