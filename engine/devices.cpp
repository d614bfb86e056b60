#include "engine/devices.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
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

/// The numbers in "cuda:N" and "cuda:N,M"; none for "auto" and "cuda", which name no card.
/// Throws: Error::Code::BadRequest
std::vector<int> cardNumbers(const std::string& id)
{
    if (id == "auto" || id == "cuda")
        return {};
    constexpr std::string_view prefix = "cuda:";
    constexpr size_t most = 64; // named; one may be named twice
    const std::string_view text = id;
    std::vector<int> numbers;
    bool right = text.starts_with(prefix);
    const char* at = text.data() + (right ? prefix.size() : text.size());
    const char* const end = text.data() + text.size();
    while (right && numbers.size() < most) {
        const auto [after, error] = std::from_chars(at, end, numbers.emplace_back(-1));
        right = error == std::errc() && numbers.back() >= 0;
        if (!right || after == end)
            break;
        right = *after == ',';
        at = after + 1;
    }
    if (!right || numbers.size() >= most)
        throw Error(
            Error::Code::BadRequest,
            "\"" + id +
                "\" is no device; one is auto, cpu, cuda, cuda:N or, for a model on several "
                "cards, cuda:N,M, as the list of devices says");
    return numbers;
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

std::vector<Device> chooseDevices(const std::string& id)
{
    if (id == "cpu")
        return {processor()};
    const std::vector<int> numbers = cardNumbers(id);
    std::string problem;
    const std::vector<Device> found = listCards(problem);
    const auto refuse = [&](const std::string& missing) -> Error {
        return {Error::Code::Device, "there is no device \"" + missing + "\" here" +
                                         (problem.empty() ? "" : ": " + problem) +
                                         "; use the device cpu, or auto"};
    };
    if (numbers.empty()) {
        const auto best = std::ranges::max_element(found, {}, &Device::freeMemory);
        if (best != found.end())
            return {*best};
        if (id == "auto")
            return {processor()};
        throw refuse(id);
    }
    std::vector<Device> chosen;
    for (const int number : numbers) {
        const auto card = std::ranges::find(found, number, numberOf);
        if (card == found.end())
            throw refuse("cuda:" + std::to_string(number));
        chosen.push_back(*card);
    }
    return chosen;
}

Device chooseDevice(const std::string& id)
{
    const std::vector<Device> chosen = chooseDevices(id);
    if (chosen.size() > 1)
        throw Error(Error::Code::BadRequest,
                    "\"" + id + "\" names several cards, which only a conversation uses; name one");
    return chosen.front();
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
