#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "engine/error.h"

namespace argali::fuzz {

/// A folder for readers that take a path; it is gone with this object.
class FuzzFolder final {
public:
    FuzzFolder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "argali-fuzz-XXXXXX").string();
        if (!::mkdtemp(name.data()))
            throw std::runtime_error("no folder for files can be made");
        m_path = name;
    }
    ~FuzzFolder()
    {
        std::error_code ignored; // the system clears what is left
        std::filesystem::remove_all(m_path, ignored);
    }
    FuzzFolder(const FuzzFolder&) = delete;
    FuzzFolder& operator=(const FuzzFolder&) = delete;

    const std::filesystem::path& path() const { return m_path; }
    /// Makes or replaces a file.
    std::filesystem::path write(const std::string& name, std::string_view bytes) const
    {
        std::filesystem::path file = m_path / name;
        std::filesystem::remove(
            file); // a file that is cut to be written anew goes to the disk at once
        std::ofstream out(file, std::ios::binary);
        out.write(bytes.data(), std::streamsize(bytes.size()));
        if (!out.flush())
            throw std::runtime_error("a file cannot be written");
        return file;
    }

private:
    std::filesystem::path m_path;
};

/// Reads what may be bad: an error that blames the input is an answer, and says something.
template <class Read> void tryTo(Read read)
{
    try {
        read();
    } catch (const Error& error) {
        if (error.code() == Error::Code::Internal || std::string_view(error.what()).empty())
            throw std::logic_error(std::string("not an error of the input: ") + error.what());
    }
}

} // namespace argali::fuzz
