#pragma once

#include <stop_token>

#include <QString>

#include "engine/media/image.h"

namespace argali::gui {

/// A picture in the size that a model gets it in, for people to look at. Empty once stopped.
/// aspectRatio: "pad": all of it in the middle of a square, "crop": its middle; else stretched, as
///              far as the sizes are unlike
/// Throws: Error::Code::BadRequest for an empty picture or size
Image asFed(const Image& whole, ImageSize size, const QString& aspectRatio, std::stop_token stop);

} // namespace argali::gui
