#include "cuda/nvml.h"

#include <dlfcn.h>

namespace argali::cuda {

namespace {

// The few functions that are used, as the library's interface of version 2 has them: every one
// returns 0 for success.
using Handle = void*;
constexpr unsigned clockSm = 1;
constexpr unsigned clockMemory = 2;

template <typename F> F find(void* library, const char* name)
{
    return reinterpret_cast<F>(dlsym(library, name));
}

} // namespace

CardState cardState(const std::string& pciBusId)
{
    CardState state;
    void* const library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        return state;
    const auto init = find<int (*)()>(library, "nvmlInit_v2");
    const auto shutdown = find<int (*)()>(library, "nvmlShutdown");
    const auto driver = find<int (*)(char*, unsigned)>(library, "nvmlSystemGetDriverVersion");
    const auto byBus =
        find<int (*)(const char*, Handle*)>(library, "nvmlDeviceGetHandleByPciBusId_v2");
    const auto clock =
        find<int (*)(Handle, unsigned, unsigned*)>(library, "nvmlDeviceGetClockInfo");
    const auto power = find<int (*)(Handle, unsigned*)>(library, "nvmlDeviceGetEnforcedPowerLimit");
    if (init != nullptr && shutdown != nullptr && driver != nullptr && byBus != nullptr &&
        clock != nullptr && power != nullptr && init() == 0) {
        char version[96] = {};
        if (driver(version, sizeof version) == 0)
            state.driver = version;
        Handle card = nullptr;
        if (byBus(pciBusId.c_str(), &card) == 0) {
            unsigned value = 0;
            if (clock(card, clockSm, &value) == 0)
                state.clockMhz = value;
            if (clock(card, clockMemory, &value) == 0)
                state.memoryClockMhz = value;
            if (power(card, &value) == 0)
                state.powerCapWatts = value / 1000.0;
        }
        shutdown();
    }
    dlclose(library);
    return state;
}

} // namespace argali::cuda
