#include "engine/fitting.h"

#include <algorithm>
#include <numeric>

#include "engine/error.h"
#include "engine/log.h"
#include "engine/numbers.h"
#include "engine/sharing.h"

namespace argali {

DType defaultType(const ModelInfo& info)
{
    constexpr int64_t smallParameters = 64'000'000;
    return info.parameters < smallParameters ? DType::F32 : info.storedType;
}

namespace {

/// Bytes of each device that a model may fill. One that is named twice has its room once.
std::vector<int64_t> roomsOn(const std::vector<Device>& devices)
{
    constexpr int64_t forTheDisplay = int64_t{512} << 20;
    constexpr int64_t forTheBackend = int64_t{192}
                                      << 20; // the products' workspace, a chunk of soft logits
    std::vector<int64_t> rooms;
    for (const Device& device : devices) {
        const auto times = std::ranges::count(devices, device.id, &Device::id);
        const int64_t kept = device.id == "cpu" ? 0 : forTheDisplay + times * forTheBackend;
        rooms.push_back(std::max<int64_t>(0, device.freeMemory - kept) / times);
    }
    return rooms;
}

std::string idsOf(const std::vector<Device>& devices)
{
    std::string ids;
    for (const Device& device : devices)
        ids += (ids.empty() ? "" : " and ") + device.id;
    return ids;
}

/// The largest context that fits; 0 when none does.
int64_t largestContext(const MemoryEstimate& need, int64_t most, std::span<const int64_t> rooms)
{
    if (rooms.size() > 1)
        return largestSharedContext(need, most, rooms);
    const int64_t left = rooms.front() - need.weights - need.workspace;
    return std::clamp<int64_t>(left / std::max<int64_t>(need.kvPerToken, 1), 0, most);
}

} // namespace

int64_t fittingContext(const Family& family, DType dtype, int64_t asked,
                       const std::vector<Device>& devices)
{
    constexpr int64_t leastUseful = 4096;
    const ModelInfo& info = family.info();
    const int64_t least = asked > 0 ? asked : std::min(info.context, leastUseful);
    const std::vector<int64_t> rooms = roomsOn(devices);
    const MemoryEstimate need = family.memory(dtype, least);
    const int64_t fits = largestContext(need, std::max(least, info.context), rooms);
    if (fits < least) {
        const bool onProcessor = devices.front().id == "cpu";
        const std::string advice =
            fits > 0      ? "; a context of " + std::to_string(fits) + " would fit"
            : onProcessor ? "; close other programs or take a smaller model"
                          : "; close other programs, take a smaller model or the device cpu";
        throw Error(Error::Code::OutOfMemory,
                    (info.name.empty() ? info.family : info.name) + " in " + nameOf(dtype) +
                        " needs " + megabytes(need.total) + " (weights " + megabytes(need.weights) +
                        ", workspace " + megabytes(need.workspace) + ", context of " +
                        std::to_string(least) + " positions " + megabytes(least * need.kvPerToken) +
                        "), " + idsOf(devices) + (devices.size() > 1 ? " have " : " has ") +
                        megabytes(std::accumulate(rooms.begin(), rooms.end(), int64_t{0})) +
                        " free for it" + advice);
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
    const std::vector<Device> devices = chooseDevices(deviceId);
    const Device& first = devices.front();
    try {
        const int64_t context = fittingContext(family, dtype, asked, devices);
        if (deviceId == "auto")
            log(LogLevel::Info, first.id == "cpu"
                                    ? "auto: the processor, since " + cardProblem()
                                    : "auto: " + first.id + " " + first.name + ", the model fits");
        if (devices.size() == 1)
            return {{{first.id, info.layers}}, context};
        const std::vector<int64_t> layers =
            shareLayers(family.memory(dtype, context), context, roomsOn(devices));
        Placement placement{{}, context};
        for (size_t i = 0; i < devices.size(); ++i)
            if (i == 0 || layers[i] > 0)
                placement.parts.push_back({devices[i].id, layers[i]});
        return placement;
    } catch (const Error& error) {
        if (deviceId != "auto" || first.id == "cpu" || error.code() != Error::Code::OutOfMemory)
            throw;
        log(LogLevel::Warning, std::string("auto: the processor, since ") + error.what());
    }
    return {{{"cpu", info.layers}}, fittingContext(family, dtype, asked, {chooseDevice("cpu")})};
}

} // namespace argali
