#pragma once

// What the media files share of FFmpeg. Nothing outside engine/media includes this.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <memory>
#include <new>
#include <string>

#include "engine/media/mediareader.h"
#include "engine/media/mediasource.h"

namespace argali {

struct LibavDeleter {
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
    void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
};
using FramePtr = std::unique_ptr<AVFrame, LibavDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, LibavDeleter>;
using CodecPtr = std::unique_ptr<AVCodecContext, LibavDeleter>;

/// Sends FFmpeg's messages to argali::log and bounds its single allocations; needed once before
/// any other call.
void prepareLibav();

/// FFmpeg's words for one of its error numbers.
std::string libavMessage(int error);

/// How many errors FFmpeg has reported on this thread; the decoders of some pictures report damage
/// and yet return success.
int64_t libavErrorsHere();

/// Throws: std::bad_alloc
FramePtr makeFrame();
PacketPtr makePacket();

/// The result of work; running out of memory in it becomes Error::Code::OutOfMemory.
template <typename Work> auto orOutOfMemory(Work work)
{
    try {
        return work();
    } catch (const std::bad_alloc&) {
        throw Error(Error::Code::OutOfMemory,
                    "not enough memory to decode a picture or film; close "
                    "other programs or make it smaller");
    }
}

/// Throws: Error::Code::BadMedia when width x height is nothing or beyond the limit on pixels
void requireSize(const MediaSource& source, int64_t width, int64_t height, int64_t pixels);

} // namespace argali
