#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/error.h"

namespace argali {

/// The bytes of a picture or film, readable at any place, and what to call them in messages.
/// Thread: one at a time.
class MediaSource {
public:
    virtual ~MediaSource() = default;
    const std::string& name() const { return m_name; }
    int64_t size() const { return m_size; }
    /// Reads up to to.size() bytes from place at; 0 at the end.
    /// Throws: Error::Code::Missing when the medium fails
    virtual size_t read(int64_t at, std::span<uint8_t> to) = 0;
    /// An error about this source: "NAME: what; what to do".
    Error error(Error::Code code, const std::string& what) const;

protected:
    MediaSource(std::string name, int64_t size) : m_name(std::move(name)), m_size(size) {}

private:
    std::string m_name;
    int64_t m_size;
};

/// A regular file; devices, pipes and folders are refused.
/// Throws: Error::Code::Missing; BadMedia when it is empty
std::unique_ptr<MediaSource> openMediaFile(const std::filesystem::path& path);

/// Bytes in memory, which must outlive the source.
/// Throws: Error::Code::BadMedia when there are none
std::unique_ptr<MediaSource> memorySource(std::span<const std::byte> bytes,
                                          const std::string& name);

/// What the first bytes say a file is.
enum class MediaKind { Jpeg, Png, Gif, Bmp, Tiff, WebP, Avif, Heic, QuickTime, Matroska, Avi };

bool isPicture(MediaKind kind);

/// Recognises a file by its content.
/// Throws: Error::Code::BadMedia when it is nothing that can be read here (says what it is where
///         that is plain), Unsupported for pictures and films of kinds left out
MediaKind recognise(MediaSource& source);

} // namespace argali
