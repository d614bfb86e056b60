#include "engine/media/mediareader.h"

#include <algorithm>
#include <cmath>

#include "engine/media/libav.h"
#include "engine/media/picturereader.h"

namespace argali {

MediaInfo::Kind mediaKind(const std::filesystem::path& path)
{
    return isPicture(recognise(*openMediaFile(path))) ? MediaInfo::Kind::Picture
                                                      : MediaInfo::Kind::Film;
}

MediaInfo probeMedia(const std::filesystem::path& path, const MediaLimits& limits)
{
    return orOutOfMemory([&] {
        const std::unique_ptr<MediaSource> source = openMediaFile(path);
        const MediaKind kind = recognise(*source);
        return isPicture(kind) ? probePicture(*source, kind, limits)
                               : FilmReader(path, limits).info();
    });
}

Image readPicture(const std::filesystem::path& path, Orientation orientation, std::stop_token stop,
                  const MediaLimits& limits)
{
    return readPicture(openMediaFile(path), orientation, stop, limits);
}

Image readPicture(std::span<const std::byte> bytes, const std::string& name,
                  Orientation orientation, std::stop_token stop, const MediaLimits& limits)
{
    return readPicture(memorySource(bytes, name), orientation, stop, limits);
}

std::vector<int64_t> sampleFrames(int64_t total, int n, double duration)
{
    if (total < 1 || n < 0)
        throw Error(Error::Code::BadRequest, "cannot take " + std::to_string(n) +
                                                 " frames of a film of " + std::to_string(total) +
                                                 "; choose 0 to 30");
    if (n == 0)
        n = duration > 30 ? 30 : std::max(int(std::lround(std::max(duration, 0.0))), 1);
    std::vector<int64_t> indices(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i)
        indices[size_t(i)] = total > INT64_MAX / n ? total / n * i : i * total / n;
    return indices;
}

} // namespace argali
