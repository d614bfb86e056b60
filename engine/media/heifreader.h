#pragma once

#include "engine/media/mediareader.h"
#include "engine/media/mediasource.h"

namespace argali {

/// The upright size that a HEIC or AVIF file states for its picture.
/// Throws: Error::Code::BadMedia, Unsupported (a coding that libheif lacks), OutOfMemory
ImageSize probeHeif(MediaSource& source, const MediaLimits& limits);

/// Decodes its picture with libheif. Returns an empty one once stopped.
/// Throws: as probeHeif
Image readHeif(MediaSource& source, Orientation orientation, const std::stop_token& stop,
               const MediaLimits& limits);

} // namespace argali
