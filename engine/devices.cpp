#include "engine/devices.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "engine/cards.h"
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

Device processor()
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
    return device;
}

/// The cards of this machine, and why there are no more.
std::vector<Device> listCards(std::string& problem)
{
    const Cards& found = cards();
    problem = found.problem;
    return found.module != nullptr ? found.module->listCards(problem) : std::vector<Device>();
}

/// The number in "cuda:N"; empty for "auto" and "cuda", which name no card.
/// Throws: Error::Code::BadRequest, Error::Code::Unsupported
std::optional<int> cardNumber(const std::string& id)
{
    if (id == "auto" || id == "cuda")
        return std::nullopt;
    constexpr std::string_view prefix = "cuda:";
    const std::string_view text = id;
    const std::string_view rest = text.substr(text.starts_with(prefix) ? prefix.size() : text.size());
    int number = -1;
    const auto [at, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const std::string_view after(at, static_cast<size_t>(rest.data() + rest.size() - at));
    if (error != std::errc() || number < 0 || (!after.empty() && !after.starts_with(',')))
        throw Error(
            Error::Code::BadRequest,
            "\"" + id +
                "\" is no device; one is auto, cpu, cuda or cuda:N, as the list of devices says");
    if (!after.empty())
        throw Error(Error::Code::Unsupported,
                    "\"" + id + "\": one model on several cards is not part of this version; name one");
    return number;
}

bool isCard(const Device& device)
{
    return device.id != "cpu";
}

int numberOf(const Device& card)
{
    return std::stoi(card.id.substr(card.id.find(':') + 1));
}

} // namespace

std::vector<Device> listDevices()
{
    std::string problem;
    std::vector<Device> devices{processor()};
    for (Device& card : listCards(problem))
        devices.push_back(std::move(card));
    return devices;
}

std::string cardProblem()
{
    std::string problem;
    listCards(problem);
    return problem;
}

Device chooseDevice(const std::string& id)
{
    if (id == "cpu")
        return processor();
    const std::optional<int> number = cardNumber(id);
    std::string problem;
    std::vector<Device> found = listCards(problem);
    std::erase_if(found, [&](const Device& card) { return number && numberOf(card) != *number; });
    const auto best = std::ranges::max_element(found, {}, &Device::freeMemory);
    if (best != found.end())
        return *best;
    if (id == "auto")
        return processor();
    throw Error(Error::Code::Device, "there is no device \"" + id + "\" here" +
                                         (problem.empty() ? "" : ": " + problem) +
                                         "; use the device cpu, or auto");
}

std::unique_ptr<Backend> makeBackend(const std::string& id)
{
    const Device device = chooseDevice(id);
    if (isCard(device))
        return cards().module->makeBackend(numberOf(device));
    return std::make_unique<cpu::CpuBackend>(cpu::chosenIsa(), chosenThreads());
}

MachineLimits measureLimits(const std::string& id)
{
    const Device device = chooseDevice(id);
    if (isCard(device))
        return cards().module->measureLimits(numberOf(device));
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
