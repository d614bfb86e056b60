#pragma once

#include <cstdint>

#include "engine/media/mediasource.h"

namespace argali {

/// Bytes that a film's file must have for its outermost boxes to be whole; 0 when they do not say.
/// Throws: Error::Code::Missing when the medium fails
/// Source: ISO/IEC 14496-12, 4.2 (MP4, MOV); RFC 8794 and RFC 9559 (Matroska); RIFF (AVI)
int64_t claimedBytes(MediaSource& source, MediaKind kind);

} // namespace argali
