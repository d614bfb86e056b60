#include "engine/checkpoint/mappedfile.h"

#include <cerrno>
#include <cstring>
#include <functional>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"

namespace argali {

MappedFile::MappedFile(const std::filesystem::path& path) : m_path(path)
{
    const auto fail = [&](const std::string& why) {
        if (m_descriptor >= 0)
            ::close(m_descriptor);
        throw Error(Error::Code::Missing, path.string() + ": " + why);
    };
    // Not blocking: opening a named pipe would wait for a writer.
    m_descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (m_descriptor < 0)
        fail(std::string("cannot be opened: ") + std::strerror(errno));
    struct stat status {};
    if (::fstat(m_descriptor, &status) != 0)
        fail(std::string("cannot be read: ") + std::strerror(errno));
    if (!S_ISREG(status.st_mode))
        fail("is not a file");
    m_size = status.st_size;
    if (m_size == 0)
        return; // nothing can be mapped, nothing can be read
    void* const data =
        ::mmap(nullptr, static_cast<size_t>(m_size), PROT_READ, MAP_PRIVATE, m_descriptor, 0);
    if (data == MAP_FAILED)
        fail(std::string("cannot be mapped: ") + std::strerror(errno));
    m_data = static_cast<std::byte*>(data);
}

MappedFile::~MappedFile()
{
    if (m_data)
        ::munmap(m_data, static_cast<size_t>(m_size));
    ::close(m_descriptor);
}

void MappedFile::forget(std::span<const std::byte> part) const
{
    const std::less<const std::byte*> before;
    if (part.empty() || before(part.data(), m_data) || !before(part.data(), m_data + m_size))
        return;
    const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = static_cast<size_t>(part.data() - m_data);
    const size_t first = (begin + page - 1) / page * page;
    const size_t end = (begin + part.size()) / page * page;
    // Advice: where the system does not take it, memory stays as it was.
    if (first < end)
        static_cast<void>(::madvise(m_data + first, end - first, MADV_DONTNEED));
}

void MappedFile::requireWhole() const
{
    struct stat status {};
    if (::fstat(m_descriptor, &status) != 0 || status.st_size < m_size)
        throw Error(Error::Code::BadModel,
                    m_path.string() + ": was cut from " + std::to_string(m_size) + " to " +
                        std::to_string(status.st_size) +
                        " bytes while it was open; download it again and open the model anew");
}

} // namespace argali
