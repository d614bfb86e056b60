#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace argali {

/// A file mapped into memory for reading, as large as it was when it was opened. The file stays
/// open, so it may be renamed, replaced or deleted meanwhile. A file that another program makes
/// shorter is noticed by requireWhole(); a read that comes between is ended by the system (SIGBUS),
/// as for every program that maps files, because the bytes no longer exist anywhere. Thread: any,
/// all members are const.
class MappedFile final {
public:
    /// Throws: Error::Code::Missing when it is not there, not a regular file or cannot be mapped
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    std::span<std::byte> bytes() const
    {
        return {m_data, static_cast<size_t>(m_size)};
    } ///< not writable
    int64_t size() const { return m_size; }
    /// Takes whole pages of a part of bytes() out of this program's memory; a later read brings
    /// them again. Nothing for a part of other memory.
    void forget(std::span<const std::byte> part) const;

    /// Throws: Error::Code::BadModel when the file has become shorter than it was
    void requireWhole() const;

private:
    std::filesystem::path m_path;
    int m_descriptor = -1;
    std::byte* m_data = nullptr;
    int64_t m_size = 0;
};

} // namespace argali
