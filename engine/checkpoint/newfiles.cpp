#include "engine/checkpoint/newfiles.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"

namespace argali {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& what)
{
    throw Error(Error::Code::BadRequest, path.string() + ": " + what);
}

[[noreturn]] void refuseWithReason(const fs::path& path, const std::string& what, int reason)
{
    const bool isFull = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
    refuse(path, what + " (" + std::strerror(reason) + ")" +
                     (isFull ? "; free some space, or write elsewhere" : ""));
}

/// Waits until the disk has what a folder lists.
void syncFolder(const fs::path& folder)
{
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool done = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int reason = errno;
    if (descriptor >= 0)
        ::close(descriptor);
    // Some file systems keep folders in order by themselves and take no call for it.
    const bool needsNone = descriptor >= 0 && (reason == EINVAL || reason == ENOTSUP);
    if (!done && !needsNone)
        refuseWithReason(folder, "cannot be written", reason);
}

/// Network file systems may not know the call; there a plain rename replaces nothing but an empty
/// folder.
bool renameWithoutReplacing(const fs::path& from, const fs::path& to)
{
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
        return true;
    return (errno == EINVAL || errno == ENOSYS) && ::rename(from.c_str(), to.c_str()) == 0;
}

} // namespace

NewFile::NewFile(fs::path path) : m_path(std::move(path))
{
    m_descriptor = ::open(m_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (m_descriptor < 0)
        fail();
}

NewFile::~NewFile()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void NewFile::write(std::string_view bytes) const
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(m_descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            fail();
        bytes.remove_prefix(static_cast<size_t>(written));
    }
}

void NewFile::finish()
{
    if (::fsync(m_descriptor) != 0)
        fail();
    ::posix_fadvise(m_descriptor, 0, 0, POSIX_FADV_DONTNEED); // advice, which may be left
    if (::close(std::exchange(m_descriptor, -1)) != 0)
        fail();
}

void NewFile::fail() const
{
    refuseWithReason(m_path, "cannot be written", errno);
}

NewFolder::NewFolder(const fs::path& target) : m_target(fs::absolute(target).lexically_normal())
{
    if (!m_target.has_filename())
        m_target = m_target.parent_path();
    std::error_code error;
    if (fs::exists(fs::symlink_status(m_target, error)))
        refuse(m_target, "is there already; give a folder that does not exist");
    if (!fs::is_directory(m_target.parent_path(), error))
        refuse(m_target.parent_path(), "is no folder; make it first");
    std::string name =
        (m_target.parent_path() / ("." + m_target.filename().string() + ".part-XXXXXX")).string();
    if (!::mkdtemp(name.data()))
        refuseWithReason(m_target, "cannot be made", errno);
    m_path = name;
}

NewFolder::~NewFolder()
{
    std::error_code error;
    if (!m_path.empty())
        fs::remove_all(m_path, error);
}

void NewFolder::finish()
{
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::chmod(m_path.c_str(), 0777 & ~mask);
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(m_path))
        if (entry.is_directory())
            syncFolder(entry.path());
    syncFolder(m_path);
    if (!renameWithoutReplacing(m_path, m_target))
        refuseWithReason(m_target, "cannot be made", errno);
    m_path.clear();
    syncFolder(m_target.parent_path());
}

} // namespace argali
