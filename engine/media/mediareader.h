#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/media/image.h"

namespace argali {

/// What a file may ask of us before it is refused.
struct MediaLimits {
    int64_t fileBytes = int64_t(64) << 30; ///< films; pictures: pictureBytes
    int64_t pictureBytes = int64_t(512) << 20;
    /// Of a picture; 12,000 x 9,000 is 108 million. Of a film's frame at most 36 million whatever
    /// is said here, as its decoder keeps up to twenty of them.
    int64_t pixels = 200'000'000;
    int64_t frames = 100'000'000; ///< of a film
    double openSeconds = 20;      ///< until a file is understood
};

/// Whether pictures are turned as their EXIF orientation says.
enum class Orientation { Upright, AsStored };

struct MediaInfo {
    enum class Kind { Picture, Film };
    Kind kind = Kind::Picture;
    ImageSize size;         ///< upright
    std::string format;     ///< "jpeg", "png", "h264 in mp4"
    double duration = 0;    ///< seconds; films only
    double frameRate = 0;   ///< frames a second; films only
    int64_t frameCount = 0; ///< trunc(frameRate * duration), at least 1; films only
    bool variableRate = false;
};

/// Picture or film, by the first bytes; the file may be broken all the same.
/// Throws: Error::Code::Missing, BadMedia, Unsupported
MediaInfo::Kind mediaKind(const std::filesystem::path& path);

/// Kind and sizes of a picture or film, read from its headers; by content, not by name.
/// Throws: Error::Code::Missing, BadMedia (what the file is not, or which limit it breaks),
///         Unsupported (a format or coding that is left out), OutOfMemory
MediaInfo probeMedia(const std::filesystem::path& path, const MediaLimits& limits = {});

/// Decodes one picture to RGB as Pillow's convert("RGB") does; the first frame of an animation.
/// Returns an empty picture once stopped, also in the midst of one that takes seconds.
/// Throws: as probeMedia
/// Thread: any.
Image readPicture(const std::filesystem::path& path, Orientation orientation = Orientation::Upright,
                  std::stop_token stop = {}, const MediaLimits& limits = {});
/// The same from memory; name is for messages.
Image readPicture(std::span<const std::byte> bytes, const std::string& name,
                  Orientation orientation = Orientation::Upright, std::stop_token stop = {},
                  const MediaLimits& limits = {});

/// Indices int(i * total / n) for i in 0 .. n-1. With n = 0: one a second of film, 1 to 30.
/// Throws: Error::Code::BadRequest for total < 1 or n < 0
std::vector<int64_t> sampleFrames(int64_t total, int n, double duration);

/// Reads exact frames of a film, one at a time.
/// Thread: one at a time.
class FilmReader final {
public:
    /// Throws: as probeMedia
    explicit FilmReader(const std::filesystem::path& path, const MediaLimits& limits = {});
    ~FilmReader();
    FilmReader(const FilmReader&) = delete;
    FilmReader& operator=(const FilmReader&) = delete;

    const MediaInfo& info() const;
    /// Seconds at which frame index is shown: index / frameRate.
    double timeOf(int64_t index) const;
    /// The frame shown at this time (variable rates are mapped by time, clamped to the last frame),
    /// upright. Returns an empty picture once stopped.
    /// Throws: Error::Code::BadMedia when nothing can be decoded there: when nothing else can, or
    /// the
    ///         file is cut short or damaged and the last frame that can be decoded comes more than
    ///         a second, or a twentieth of the film, before the one that is missing
    Image frameAt(double seconds, std::stop_token stop = {});
    /// Frame index of the film counted at its nominal rate.
    Image frame(int64_t index, std::stop_token stop = {}) { return frameAt(timeOf(index), stop); }
    /// The nearest key frame at or before this time: quick, for a preview.
    Image keyFrameBefore(double seconds, std::stop_token stop = {});

private:
    class Decoder;
    std::unique_ptr<Decoder> m_decoder;
};

} // namespace argali
