#include "engine/media/mediasource.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/media/bytes.h"

namespace argali {

namespace {

class FileSource final : public MediaSource {
public:
    FileSource(std::string name, int64_t size, int descriptor)
        : MediaSource(std::move(name), size), m_descriptor(descriptor)
    {
    }
    ~FileSource() override { ::close(m_descriptor); }
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;

    size_t read(int64_t at, std::span<uint8_t> to) override
    {
        for (;;) {
            const ssize_t got = ::pread(m_descriptor, to.data(), to.size(), at);
            if (got >= 0)
                return size_t(got);
            if (errno != EINTR)
                throw error(Error::Code::Missing,
                            std::string("cannot be read: ") + std::strerror(errno));
        }
    }

private:
    int m_descriptor;
};

class MemorySource final : public MediaSource {
public:
    MemorySource(std::string name, std::span<const std::byte> bytes)
        : MediaSource(std::move(name), int64_t(bytes.size())), m_bytes(bytes)
    {
    }
    size_t read(int64_t at, std::span<uint8_t> to) override
    {
        if (at < 0 || at >= size())
            return 0;
        const size_t count = std::min(to.size(), m_bytes.size() - size_t(at));
        std::memcpy(to.data(), m_bytes.data() + at, count);
        return count;
    }

private:
    std::span<const std::byte> m_bytes;
};

bool hasBrand(const Bytes& head, std::string_view brand)
{
    // "ftyp" box: size, "ftyp", major brand, version, compatible brands
    const size_t end = std::min<size_t>(head.be32(0), head.size());
    for (size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4)
        if (head.is(at, brand))
            return true;
    return false;
}

constexpr const char* wanted = "take a PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF or HEIC picture or an "
                               "MP4, MOV, MKV, WebM or AVI film";

[[noreturn]] void refuse(const MediaSource& source, const Bytes& head)
{
    const auto isAny = [&](std::initializer_list<std::string_view> marks) {
        return std::ranges::any_of(marks, [&](std::string_view m) { return head.is(0, m); });
    };
    const bool wave = head.is(0, "RIFF") && head.is(8, "WAVE");
    if (isAny({"ID3", "fLaC", "\xff\xfb", "\xff\xf3", "\xff\xf1", "\xff\xf9"}) || wave)
        throw source.error(Error::Code::BadMedia,
                           std::string("is sound, not a picture or film; ") + wanted);
    if (head.is(4, "jP  ") || isAny({std::string_view("\xff\x4f\xff\x51", 4)}) ||
        isAny({"%PDF", "<svg", "8BPS", "\xff\x0a", "OggS", "FLV"}) ||
        isAny({std::string_view("II+\0", 4), std::string_view("MM\0+", 4)}) || head.is(4, "JXL "))
        throw source.error(Error::Code::Unsupported,
                           std::string("is of a kind that is not supported; ") + wanted);
    throw source.error(Error::Code::BadMedia,
                       std::string("is neither a picture nor a film; ") + wanted);
}

} // namespace

Error MediaSource::error(Error::Code code, const std::string& what) const
{
    return Error(code, m_name + ": " + what);
}

std::unique_ptr<MediaSource> openMediaFile(const std::filesystem::path& path)
{
    const std::string name = path.string();
    const auto missing = [&](int reason) {
        return Error(Error::Code::Missing, name + ": cannot be opened: " + std::strerror(reason));
    };
    // Not blocking: opening a pipe must not wait for its other end.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        throw missing(errno);
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        const int reason = errno;
        ::close(descriptor);
        throw missing(reason);
    }
    auto source = std::make_unique<FileSource>(name, status.st_size, descriptor);
    if (!S_ISREG(status.st_mode))
        throw source->error(Error::Code::Missing, "is not a file; choose a picture or film");
    if (status.st_size == 0)
        throw source->error(Error::Code::BadMedia, "is empty; get the file again");
    return source;
}

std::unique_ptr<MediaSource> memorySource(std::span<const std::byte> bytes, const std::string& name)
{
    auto source = std::make_unique<MemorySource>(name, bytes);
    if (bytes.empty())
        throw source->error(Error::Code::BadMedia, "is empty; choose another picture");
    return source;
}

bool isPicture(MediaKind kind)
{
    switch (kind) {
    case MediaKind::QuickTime:
    case MediaKind::Matroska:
    case MediaKind::Avi:
        return false;
    default:
        return true;
    }
}

MediaKind recognise(MediaSource& source)
{
    uint8_t first[256];
    const Bytes head(std::span<const uint8_t>(first, source.read(0, first)));
    if (head.is(0, "\xff\xd8\xff"))
        return MediaKind::Jpeg;
    if (head.is(0, "\x89PNG\r\n\x1a\n"))
        return MediaKind::Png;
    if (head.is(0, "GIF87a") || head.is(0, "GIF89a"))
        return MediaKind::Gif;
    if (head.is(0, "BM") && head.le32(14) >= 12 && head.le32(14) <= 124)
        return MediaKind::Bmp;
    if (head.is(0, std::string_view("II*\0", 4)) || head.is(0, std::string_view("MM\0*", 4)))
        return MediaKind::Tiff;
    if (head.is(0, "RIFF") && head.is(8, "WEBP"))
        return MediaKind::WebP;
    if (head.is(0, "RIFF") && head.is(8, "AVI "))
        return MediaKind::Avi;
    if (head.is(0, "\x1a\x45\xdf\xa3"))
        return MediaKind::Matroska;
    if (head.is(4, "ftyp")) {
        if (hasBrand(head, "avif") || hasBrand(head, "avis"))
            return MediaKind::Avif;
        for (const char* brand : {"heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"})
            if (head.is(8, brand))
                return MediaKind::Heic;
        return MediaKind::QuickTime;
    }
    for (const char* box : {"moov", "mdat", "free", "skip", "wide"})
        if (head.is(4, box))
            return MediaKind::QuickTime;
    refuse(source, head);
}

} // namespace argali
