#include "engine/server/modelset.h"

#include <algorithm>

#include "engine/checkpoint/json.h"
#include "engine/devices.h"
#include "engine/error.h"
#include "engine/log.h"

namespace argali::server {

namespace {

std::string gigabytes(int64_t bytes)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f GB", double(bytes) / 1e9);
    return text;
}

/// The adapter of this model that a name has; empty when it is another name.
std::string adapterOf(const ModelHost& host, const std::string& name)
{
    for (const std::string& adapter : host.adapters())
        if (name == host.name() + '+' + adapter)
            return adapter;
    return {};
}

} // namespace

ModelSet::ModelSet(const Settings& settings) : m_open(settings.open)
{
    std::map<std::string, std::filesystem::path> folders;
    for (const Entry& entry : settings.models) {
        const std::string name =
            entry.name.empty() ? std::filesystem::weakly_canonical(entry.folder).filename().string()
                               : entry.name;
        const auto [other, isNew] = folders.emplace(name, entry.folder);
        if (!isNew)
            throw Error(Error::Code::BadRequest, "two models are called " + inQuotes(name) + ": " +
                                                     other->second.string() + " and " +
                                                     entry.folder.string() +
                                                     "; give one another name with -m NAME=MODEL");
        ModelHost::Settings host{name,           entry.folder,  settings.open,
                                 settings.queue, settings.idle, {}};
        host.makeRoom = [this, name] { return makeRoom(find(name)); };
        m_hosts.push_back(std::make_unique<ModelHost>(std::move(host)));
    }
}

ModelHost* ModelSet::find(const std::string& name) const
{
    if (name.empty())
        return m_hosts.empty() ? nullptr : m_hosts.front().get();
    const auto found = std::ranges::find_if(m_hosts, [&name](const auto& host) {
        return host->name() == name || !adapterOf(*host, name).empty();
    });
    return found == m_hosts.end() ? nullptr : found->get();
}

std::string ModelSet::adapterIn(const std::string& name) const
{
    for (const auto& host : m_hosts)
        if (std::string adapter = adapterOf(*host, name); !adapter.empty())
            return adapter;
    return {};
}

std::string ModelSet::memoryNote() const
{
    if (m_hosts.size() < 2)
        return {};
    constexpr int64_t context = 4096; // the least that a model is opened with
    int64_t needed = 0;
    std::string parts;
    for (const auto& host : m_hosts) {
        const DType compute = m_open.dtype.value_or(host->info().storedType);
        const int64_t bytes =
            estimateMemory(host->folder(), compute, std::min(context, host->info().context)).total;
        needed += bytes;
        parts += (parts.empty() ? "" : ", ") + host->name() + ' ' + gigabytes(bytes);
    }
    int64_t free = 0;
    for (const Device& device : chooseDevices(m_open.device))
        free += device.freeMemory;
    if (needed <= free)
        return {};
    return "these models do not fit in memory together (" + parts + "; " + gigabytes(free) +
           " is free): the one that was not used for longest is unloaded when another needs its "
           "room";
}

/// Unloads the one of the others that has not been used for longest and has nothing to do.
bool ModelSet::makeRoom(const ModelHost* wanted)
{
    const std::lock_guard lock(m_roomMutex);
    std::vector<ModelHost*> others;
    for (const auto& host : m_hosts)
        if (host.get() != wanted && host->status().state == ModelHost::State::Ready)
            others.push_back(host.get());
    std::ranges::sort(others, {}, [](const ModelHost* host) { return host->lastUse(); });
    for (ModelHost* host : others)
        if (host->unload()) {
            log(LogLevel::Info, host->name() + " was unloaded to make room");
            return true;
        }
    return false;
}

bool ModelSet::isIdle() const
{
    return std::ranges::all_of(m_hosts, [](const auto& host) { return host->isIdle(); });
}

void ModelSet::close()
{
    for (const auto& host : m_hosts)
        host->close(false);
}

void ModelSet::stop()
{
    for (const auto& host : m_hosts)
        host->close(true);
    for (const auto& host : m_hosts)
        host->stop();
}

} // namespace argali::server
