#include "engine/cpu/processor.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sched.h>

namespace argali::cpu {

namespace {

namespace fs = std::filesystem;

/// The first number in a file of the system.
std::optional<int64_t> numberIn(const fs::path& path)
{
    std::ifstream in(path);
    int64_t number = 0;
    if (in >> number)
        return number;
    return std::nullopt;
}

/// The value after "key : " of the first such line.
std::optional<std::string> valueOf(const fs::path& path, std::string_view key)
{
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        const size_t colon = line.find(':');
        if (!line.starts_with(key) || colon == std::string::npos)
            continue;
        const size_t begin = line.find_first_not_of(" \t", colon + 1);
        return begin == std::string::npos ? std::string() : line.substr(begin);
    }
    return std::nullopt;
}

std::vector<int> usableProcessors()
{
    std::vector<int> processors;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        for (int i = 0; i < CPU_SETSIZE; ++i)
            if (CPU_ISSET(i, &set))
                processors.push_back(i);
    return processors;
}

fs::path folderOf(int processor)
{
    return "/sys/devices/system/cpu/cpu" + std::to_string(processor);
}

/// Bytes of a line such as "MemTotal:  24689 kB".
std::optional<int64_t> memoryLine(std::string_view key)
{
    const std::optional<std::string> value = valueOf("/proc/meminfo", key);
    if (!value)
        return std::nullopt;
    return std::strtoll(value->c_str(), nullptr, 10) * 1024;
}

} // namespace

int usableCores()
{
    const std::vector<int> processors = usableProcessors();
    std::set<std::pair<int64_t, int64_t>> cores;
    for (const int processor : processors) {
        const auto package = numberIn(folderOf(processor) / "topology/physical_package_id");
        const auto core = numberIn(folderOf(processor) / "topology/core_id");
        if (!package || !core)
            return static_cast<int>(processors.size());
        cores.emplace(*package, *core);
    }
    if (!cores.empty())
        return static_cast<int>(cores.size());
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string processorName()
{
    return valueOf("/proc/cpuinfo", "model name").value_or("processor");
}

double clockMhz()
{
    if (const auto kilohertz = numberIn("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"))
        return static_cast<double>(*kilohertz) / 1000;
    if (const auto megahertz = valueOf("/proc/cpuinfo", "cpu MHz"))
        return std::strtod(megahertz->c_str(), nullptr);
    return 0;
}

int64_t lastLevelCacheBytes()
{
    // The largest level, counted once for each group of processors that share one.
    int64_t best = 0;
    int64_t total = 0;
    std::set<std::string> seen;
    for (const int processor : usableProcessors()) {
        for (int index = 0; index < 8; ++index) {
            const fs::path folder = folderOf(processor) / ("cache/index" + std::to_string(index));
            std::ifstream size(folder / "size");
            int64_t amount = 0;
            char unit = 'K';
            if (!(size >> amount))
                break;
            size >> unit;
            const int64_t bytes = amount * (unit == 'M' ? 1 << 20 : unit == 'K' ? 1 << 10 : 1);
            std::string sharers;
            std::ifstream(folder / "shared_cpu_list") >> sharers;
            if (bytes > best) {
                best = bytes;
                total = 0;
                seen.clear();
            }
            if (bytes == best && seen.insert(sharers).second)
                total += bytes;
        }
    }
    return total > 0 ? total : 32 << 20;
}

MemorySizes memorySizes()
{
    MemorySizes sizes{memoryLine("MemTotal").value_or(0), memoryLine("MemAvailable").value_or(0)};
    const auto limit = numberIn("/sys/fs/cgroup/memory.max");
    const auto used = numberIn("/sys/fs/cgroup/memory.current");
    if (limit && used && *limit < sizes.total) {
        sizes.total = *limit;
        sizes.available = std::min(sizes.available, std::max<int64_t>(0, *limit - *used));
    }
    return sizes;
}

} // namespace argali::cpu
