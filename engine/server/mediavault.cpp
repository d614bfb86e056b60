#include "engine/server/mediavault.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <stdlib.h>

#include "engine/error.h"
#include "engine/log.h"
#include "engine/server/apifailure.h"
#include "engine/sha256.h"

namespace argali::server {

namespace {

void write(const std::filesystem::path& path, std::span<const std::byte> bytes)
{
    std::FILE* file = std::fopen(path.c_str(), "wbx");
    bool worked = file && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    if (file)
        worked = std::fclose(file) == 0 && worked;
    if (worked)
        return;
    log(LogLevel::Warning, path.string() + ": cannot be written: " + std::strerror(errno));
    std::error_code ignored; // what is left of it goes with the folder
    std::filesystem::remove(path, ignored);
    throw ApiFailure(503, "no_space", "there is no space for the pictures of this request now");
}

} // namespace

MediaVault::Lease::~Lease()
{
    m_vault.giveBack(m_name);
}

MediaVault::MediaVault(int64_t most) : m_most(most)
{
    std::error_code failure;
    std::string pattern =
        (std::filesystem::temp_directory_path(failure) / "argali-serve-XXXXXX").string();
    if (failure || !::mkdtemp(pattern.data()))
        throw Error(Error::Code::Missing, "no folder for temporary files can be made in " +
                                              pattern + ": " + std::strerror(errno) +
                                              "; set TMPDIR to one that can be written to");
    m_folder = pattern;
}

MediaVault::~MediaVault()
{
    std::error_code failure;
    std::filesystem::remove_all(m_folder, failure);
    if (failure)
        log(LogLevel::Warning, m_folder.string() + ": cannot be removed: " + failure.message());
}

std::shared_ptr<const MediaVault::Lease> MediaVault::keep(std::span<const std::byte> bytes)
{
    const std::string name = sha256(bytes);
    const std::filesystem::path path = m_folder / name;
    const std::lock_guard lock(m_mutex);
    auto found = m_entries.find(name);
    if (found == m_entries.end()) {
        write(path, bytes);
        found = m_entries.emplace(name, Entry{int64_t(bytes.size()), 0, m_unused.end()}).first;
        m_bytes += found->second.bytes;
    } else if (found->second.uses == 0) {
        m_unused.erase(found->second.place);
    }
    ++found->second.uses;
    return std::shared_ptr<const Lease>(new Lease(*this, name, path));
}

int64_t MediaVault::bytes() const
{
    const std::lock_guard lock(m_mutex);
    return m_bytes;
}

void MediaVault::giveBack(const std::string& name)
{
    const std::lock_guard lock(m_mutex);
    Entry& entry = m_entries.at(name);
    if (--entry.uses > 0)
        return;
    entry.place = m_unused.insert(m_unused.end(), name);
    while (m_bytes > m_most && !m_unused.empty()) {
        const auto oldest = m_entries.find(m_unused.front());
        std::error_code ignored; // the folder goes at the end
        std::filesystem::remove(m_folder / oldest->first, ignored);
        m_bytes -= oldest->second.bytes;
        m_entries.erase(oldest);
        m_unused.pop_front();
    }
}

} // namespace argali::server
