// A film: what its headers say, and frames at its beginning, in its middle and at its end.
#include <cmath>

#include "engine/media/mediareader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzfolder.h"

using namespace argali;

ARGALI_FUZZ(film)
{
    static const fuzz::FuzzFolder folder;
    const auto path = folder.write("film.mp4", bytes);
    MediaLimits limits;
    limits.pixels = 200'000;
    limits.frames = 10'000;
    limits.openSeconds = 5;
    fuzz::tryTo([&] {
        if (probeMedia(path, limits).kind != MediaInfo::Kind::Film)
            return;
        FilmReader film(path, limits);
        const MediaInfo& info = film.info();
        fuzz::require(info.frameCount >= 1 && info.frameCount <= limits.frames &&
                          std::isfinite(info.duration) && std::isfinite(info.frameRate),
                      "a film without a length");
        for (const int64_t index : sampleFrames(info.frameCount, 3, info.duration))
            fuzz::tryTo([&] { film.frame(index); });
        fuzz::tryTo([&] { film.keyFrameBefore(info.duration / 2); });
    });
}
