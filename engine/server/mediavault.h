#pragma once

#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace argali::server {

/// Pictures and films that clients sent, as files of a private folder that goes with the server.
/// The same bytes are the same file, so that a picture that comes again in the next question is not
/// decoded and encoded again.
/// Thread: any.
class MediaVault final {
public:
    /// A file that stays at least as long as this.
    class Lease final {
    public:
        const std::filesystem::path& path() const { return m_path; }
        ~Lease();
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

    private:
        friend class MediaVault;
        Lease(MediaVault& vault, std::string name, std::filesystem::path path)
            : m_vault(vault), m_name(std::move(name)), m_path(std::move(path))
        {
        }
        MediaVault& m_vault;
        const std::string m_name;
        const std::filesystem::path m_path;
    };

    /// most: bytes that are kept beyond what is in use
    /// Throws: Error::Code::Missing when there is no place for temporary files
    explicit MediaVault(int64_t most = int64_t(1) << 30);
    ~MediaVault(); ///< after all leases
    MediaVault(const MediaVault&) = delete;
    MediaVault& operator=(const MediaVault&) = delete;

    /// Throws: ApiFailure 503 when the disk is full
    std::shared_ptr<const Lease> keep(std::span<const std::byte> bytes);
    int64_t bytes() const;

private:
    struct Entry {
        int64_t bytes = 0;
        int uses = 0;
        std::list<std::string>::iterator place; ///< in m_unused, when uses is 0
    };
    void giveBack(const std::string& name);

    const int64_t m_most;
    std::filesystem::path m_folder;
    mutable std::mutex m_mutex;
    std::map<std::string, Entry> m_entries;
    std::list<std::string> m_unused; ///< longest unused first
    int64_t m_bytes = 0;
};

} // namespace argali::server
