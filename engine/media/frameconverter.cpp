#include "engine/media/frameconverter.h"

extern "C" {
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "engine/media/orientation.h"

namespace argali {

namespace {

/// A value as the file has it: libavcodec hands some on that its own names do not cover.
template <typename Named> int asWritten(const Named& value)
{
    int number = 0;
    static_assert(sizeof number == sizeof value);
    std::memcpy(&number, &value, sizeof number);
    return number;
}

/// The "J" layouts are the plain ones with full range, which swscale takes apart itself.
struct Layout {
    AVPixelFormat format;
    bool fullRange;
};

Layout layoutOf(const AVFrame& frame)
{
    const bool full = asWritten(frame.color_range) == AVCOL_RANGE_JPEG;
    switch (frame.format) {
    case AV_PIX_FMT_YUVJ420P:
        return {AV_PIX_FMT_YUV420P, true};
    case AV_PIX_FMT_YUVJ422P:
        return {AV_PIX_FMT_YUV422P, true};
    case AV_PIX_FMT_YUVJ444P:
        return {AV_PIX_FMT_YUV444P, true};
    case AV_PIX_FMT_YUVJ440P:
        return {AV_PIX_FMT_YUV440P, true};
    case AV_PIX_FMT_YUVJ411P:
        return {AV_PIX_FMT_YUV411P, true};
    default:
        return {AVPixelFormat(frame.format), full};
    }
}

int matrixOf(const AVFrame& frame)
{
    constexpr int highDefinitionLines = 720;
    switch (asWritten(frame.colorspace)) {
    case AVCOL_SPC_BT709:
        return SWS_CS_ITU709;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
        return SWS_CS_ITU601;
    case AVCOL_SPC_SMPTE240M:
        return SWS_CS_SMPTE240M;
    case AVCOL_SPC_FCC:
        return SWS_CS_FCC;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        return SWS_CS_BT2020;
    default:
        return frame.height >= highDefinitionLines ? SWS_CS_ITU709 : SWS_CS_ITU601;
    }
}

} // namespace

void FrameConverter::Deleter::operator()(SwsContext* context) const
{
    sws_freeContext(context);
}

Image FrameConverter::convert(const AVFrame& frame, int orientation, const MediaSource& source)
{
    const Layout layout = layoutOf(frame);
    const auto unsupported = [&] {
        const char* name = av_get_pix_fmt_name(layout.format);
        return source.error(Error::Code::Unsupported,
                            std::string("stores its pixels as ") + (name ? name : "unknown") +
                                ", which cannot be converted; save it in another format");
    };
    if (!sws_isSupportedInput(layout.format))
        throw unsupported();
    // Exact rounding and interpolated colour, as no scaling hides the difference.
    constexpr int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
    m_context.reset(sws_getCachedContext(m_context.release(), frame.width, frame.height,
                                         layout.format, frame.width, frame.height, AV_PIX_FMT_RGB24,
                                         flags, nullptr, nullptr, nullptr));
    if (!m_context)
        throw unsupported();
    constexpr int unity = 1 << 16;
    sws_setColorspaceDetails(m_context.get(), sws_getCoefficients(matrixOf(frame)),
                             layout.fullRange, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, unity,
                             unity);

    // swscale writes whole vectors, beyond the end of a row: the rows go through memory of its
    // own liking.
    constexpr int alignment = 64;
    const int stride = (3 * frame.width + 2 * alignment) & -alignment;
    std::vector<uint8_t> rgb(size_t(stride) * size_t(frame.height) + alignment);
    uint8_t* const planes[4] = {rgb.data(), nullptr, nullptr, nullptr};
    const int strides[4] = {stride, 0, 0, 0};
    if (sws_scale(m_context.get(), frame.data, frame.linesize, 0, frame.height, planes, strides) !=
        frame.height)
        throw unsupported();
    UprightWriter writer({frame.width, frame.height}, orientation);
    for (int y = 0; y < frame.height; ++y)
        writer.write(rgb.data() + size_t(stride) * size_t(y), y, 1);
    return writer.take();
}

} // namespace argali
