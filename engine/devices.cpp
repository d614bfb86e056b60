#include "engine/devices.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "engine/cpu/cpubackend.h"
#include "engine/cpu/limits.h"
#include "engine/cpu/processor.h"
#include "engine/error.h"

namespace argali {

namespace {

/// What ARGALI_THREADS forces, or else a thread for each core.
int chosenThreads()
{
    const char* const forced = std::getenv("ARGALI_THREADS");
    if (forced == nullptr || *forced == '\0')
        return cpu::usableCores();
    const std::string_view text = forced;
    int threads = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
    if (error != std::errc() || end != text.data() + text.size() || threads < 1 || threads > 1024)
        throw Error(Error::Code::Device,
                    "ARGALI_THREADS: \"" + std::string(text) + "\" is not a number from 1 to 1024");
    return threads;
}

/// Throws for an id that names no device of this machine.
void checkDevice(const std::string& device)
{
    if (device == "auto" || device == "cpu")
        return;
    const bool card = device == "cuda" || device.starts_with("cuda:");
    if (card)
        throw Error(Error::Code::Device,
                    "there is no device \"" + device + "\" here; there is: cpu");
    throw Error(
        Error::Code::BadRequest,
        "\"" + device +
            "\" is no device; one is auto, cpu, cuda or cuda:N, as the list of devices says");
}

} // namespace

std::vector<Device> listDevices()
{
    Device device;
    device.id = "cpu";
    device.name = cpu::processorName();
    for (const cpu::Isa isa : cpu::availableIsas())
        device.instructionSets +=
            (device.instructionSets.empty() ? "" : ", ") + std::string(nameOf(isa));
    device.threads = chosenThreads();
    device.clockMhz = cpu::clockMhz();
    const cpu::MemorySizes memory = cpu::memorySizes();
    device.memory = memory.total;
    device.freeMemory = memory.available;
    return {device};
}

std::unique_ptr<Backend> makeBackend(const std::string& device)
{
    checkDevice(device);
    return std::make_unique<cpu::CpuBackend>(cpu::chosenIsa(), chosenThreads());
}

MachineLimits measureLimits(const std::string& device)
{
    checkDevice(device);
    cpu::ThreadPool pool(chosenThreads());
    const cpu::PeakRate peak = cpu::measurePeak(pool);
    MachineLimits limits;
    limits.readBytesPerSecond = cpu::measureRead(pool);
    limits.matrixOperationsPerSecond = peak.operationsPerSecond;
    limits.matrixInstructions = peak.instructions;
    limits.isa = nameOf(cpu::chosenIsa());
    return limits;
}

} // namespace argali
