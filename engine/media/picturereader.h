#pragma once

#include <memory>

#include "engine/media/mediareader.h"
#include "engine/media/mediasource.h"

namespace argali {

/// probeMedia() of a picture. Throws: as that
MediaInfo probePicture(MediaSource& source, MediaKind kind, const MediaLimits& limits);

/// readPicture() of any source. Throws: as that
Image readPicture(std::unique_ptr<MediaSource> source, Orientation orientation,
                  const std::stop_token& stop, const MediaLimits& limits);

} // namespace argali
