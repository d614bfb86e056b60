// A picture of any kind, from its first bytes to its pixels.
#include "engine/media/mediareader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzfolder.h"

using namespace argali;

ARGALI_FUZZ(picture)
{
    MediaLimits limits;
    limits.pixels = 200'000;
    limits.openSeconds = 5;
    for (const Orientation orientation : {Orientation::Upright, Orientation::AsStored}) {
        fuzz::tryTo([&] {
            const Image image =
                readPicture(std::as_bytes(std::span(bytes)), "picture", orientation, {}, limits);
            fuzz::require(int64_t(image.width()) * image.height() <= limits.pixels,
                          "a picture beyond its limit");
        });
    }
}
