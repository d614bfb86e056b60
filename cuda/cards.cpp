#include "cuda/cards.h"

#include <cuda_runtime.h>

#include "cuda/nvml.h"
#include "cuda/recovery.h"

namespace argali::cuda {

namespace {

/// The oldest cards that have the tensor instructions which the kernels are written for.
constexpr int oldestMajor = 7;
constexpr int oldestMinor = 5;

std::string versionText(int version)
{
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// Why the runtime finds no card.
std::string whyNone(cudaError_t status)
{
    int driver = 0;
    int runtime = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    if (driver == 0)
        return "no NVIDIA driver is installed";
    if (status == cudaErrorInsufficientDriver || driver / 1000 < runtime / 1000)
        return "the NVIDIA driver knows CUDA " + versionText(driver) + ", this program needs " +
               std::to_string(runtime / 1000) + ".0 or newer; install a newer driver";
    return std::string("the NVIDIA driver finds no card (") + cudaGetErrorString(status) + ")";
}

} // namespace

std::vector<Device> listCards(std::string& problem)
{
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status != cudaSuccess || count == 0) {
        cudaGetLastError();
        problem = whyNone(status == cudaSuccess ? cudaErrorNoDevice : status);
        return {};
    }
    std::vector<Device> cards;
    for (int i = 0; i < count; ++i) {
        cudaDeviceProp properties{};
        if (cudaGetDeviceProperties(&properties, i) != cudaSuccess)
            continue;
        const std::string id = "cuda:" + std::to_string(i);
        if (properties.major < oldestMajor ||
            (properties.major == oldestMajor && properties.minor < oldestMinor)) {
            problem = id + " " + properties.name +
                      " is older than the cards that this program can use (compute " +
                      std::to_string(properties.major) + "." + std::to_string(properties.minor) +
                      ", needed is 7.5)";
            continue;
        }
        char bus[32] = {};
        cudaDeviceGetPCIBusId(bus, sizeof bus, i);
        const CardState state = cardState(bus);
        Device card;
        card.id = id;
        card.name = properties.name;
        card.driver = state.driver;
        card.instructionSets =
            "sm_" + std::to_string(properties.major) + std::to_string(properties.minor);
        card.threads = properties.multiProcessorCount;
        card.clockMhz = state.clockMhz;
        card.memoryClockMhz = state.memoryClockMhz;
        card.powerCapWatts = state.powerCapWatts;
        card.memory = static_cast<int64_t>(properties.totalGlobalMem);
        size_t free = 0;
        size_t total = 0;
        const auto answers = [&] {
            return cudaSetDevice(i) == cudaSuccess && cudaMemGetInfo(&free, &total) == cudaSuccess;
        };
        if (!answers() && !(recoverCard(i) && answers())) {
            problem = id + " does not answer: " + cudaGetErrorString(cudaGetLastError());
            continue;
        }
        card.freeMemory = static_cast<int64_t>(free);
        cards.push_back(std::move(card));
    }
    return cards;
}

} // namespace argali::cuda
