#pragma once

#include <filesystem>
#include <string_view>

namespace argali {

/// A file that was not there before. It is closed, whatever happens.
class NewFile final {
public:
    /// Throws: Error::Code::BadRequest when it cannot be made or is there already, naming it and
    /// why
    explicit NewFile(std::filesystem::path path);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    /// Throws: as the constructor
    void write(std::string_view bytes) const;
    /// Waits until the disk has it; who reads it from here on reads the disk. Throws: as the
    /// constructor
    void finish();

private:
    [[noreturn]] void fail() const;

    std::filesystem::path m_path;
    int m_descriptor = -1;
};

/// A hidden folder that becomes the target, or goes with all that is in it.
class NewFolder final {
public:
    /// Throws: Error::Code::BadRequest for a target that is there, or that cannot be made
    explicit NewFolder(const std::filesystem::path& target);
    ~NewFolder();
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    /// Waits until the disk has its folders, whose files are there already. From here on it is the
    /// target. Throws: Error::Code::BadRequest also for a target that has come meanwhile
    void finish();

private:
    std::filesystem::path m_target;
    std::filesystem::path m_path; ///< empty once it is the target
};

} // namespace argali
