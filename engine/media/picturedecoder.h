#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>

#include "engine/media/libav.h"
#include "engine/media/pictureheader.h"

namespace argali {

/// A whole picture file in memory that the decoder can read without a copy.
class PictureBytes final {
public:
    /// Reads all of source. Null once stopped.
    /// Throws: Error::Code::BadMedia beyond limit bytes; OutOfMemory
    static PictureBytes readAll(MediaSource& source, int64_t limit, const std::stop_token& stop);

    bool isEmpty() const { return !m_buffer; }
    std::span<uint8_t> bytes() const;
    AVBufferRef* buffer() const { return m_buffer.get(); }

private:
    struct Unref {
        void operator()(AVBufferRef* buffer) const { av_buffer_unref(&buffer); }
    };
    std::unique_ptr<AVBufferRef, Unref> m_buffer;
    size_t m_size = 0;
};

/// The decoded first picture as FFmpeg lays it out, or null once stopped. The file's memory and the
/// decoder's are released on return. The size in the header must have been found acceptable.
/// Throws: Error::Code::BadMedia, Unsupported, OutOfMemory
FramePtr decodePicture(MediaKind kind, PictureBytes file, const PictureHeader& header,
                       const MediaSource& source, const std::stop_token& stop);

} // namespace argali
