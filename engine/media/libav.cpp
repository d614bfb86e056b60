#include "engine/media/libav.h"

extern "C" {
#include <libavutil/log.h>
#include <libavutil/mem.h>
}

#include <cstdarg>
#include <mutex>
#include <new>

#include "engine/log.h"

namespace argali {

namespace {

thread_local int64_t errorsHere = 0;

void takeMessage(void* context, int level, const char* format, va_list arguments)
{
    if (level > AV_LOG_WARNING)
        return;
    if (level <= AV_LOG_ERROR)
        ++errorsHere;
    char line[512];
    int prefix = 1;
    av_log_format_line2(context, level, format, arguments, line, sizeof line, &prefix);
    std::string_view text(line);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.remove_suffix(1);
    if (text.empty())
        return;
    log(LogLevel::Debug, std::string("ffmpeg: ").append(text));
}

} // namespace

void prepareLibav()
{
    // No single table that a film's header asks for may be larger. Pictures and frames have memory
    // of their own, bounded by the limits on pixels and bytes.
    constexpr size_t largestTable = size_t(512) << 20;
    static std::once_flag once;
    std::call_once(once, [] {
        av_log_set_callback(takeMessage);
        av_max_alloc(largestTable);
    });
}

std::string libavMessage(int error)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(error, text, sizeof text);
    return text;
}

int64_t libavErrorsHere()
{
    return errorsHere;
}

FramePtr makeFrame()
{
    FramePtr frame(av_frame_alloc());
    if (!frame)
        throw std::bad_alloc();
    return frame;
}

PacketPtr makePacket()
{
    PacketPtr packet(av_packet_alloc());
    if (!packet)
        throw std::bad_alloc();
    return packet;
}

void requireSize(const MediaSource& source, int64_t width, int64_t height, int64_t pixels)
{
    // FFmpeg's own bound on a side keeps the products below from overflowing.
    constexpr int64_t longestSide = 1'000'000;
    if (width < 1 || height < 1)
        throw source.error(Error::Code::BadMedia, "has no pixels; get the file again");
    const std::string size = std::to_string(width) + "x" + std::to_string(height);
    if (width > longestSide || height > longestSide || width > pixels / height)
        throw source.error(Error::Code::BadMedia,
                           "claims " + size + " pixels, more than the limit of " +
                               std::to_string(pixels) + "; make it smaller first");
}

} // namespace argali
