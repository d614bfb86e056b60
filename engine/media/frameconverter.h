#pragma once

#include <memory>

#include "engine/media/image.h"
#include "engine/media/libav.h"

struct SwsContext;

namespace argali {

/// Turns decoded frames of any layout into upright RGB pictures: matrix and range as the frame is
/// tagged; without a tag BT.709 from 720 lines on, BT.601 below, 16 to 235.
/// Thread: one at a time.
class FrameConverter final {
public:
    FrameConverter() = default;
    /// Throws: Error::Code::Unsupported for layouts without a conversion; OutOfMemory
    Image convert(const AVFrame& frame, int orientation, const MediaSource& source);

private:
    struct Deleter {
        void operator()(SwsContext* context) const;
    };
    std::unique_ptr<SwsContext, Deleter> m_context; ///< kept while frames are of one kind
};

} // namespace argali
