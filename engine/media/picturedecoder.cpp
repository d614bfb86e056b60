#include "engine/media/picturedecoder.h"

extern "C" {
#include <libavutil/imgutils.h>
}

#include <algorithm>
#include <cstdlib>
#include <new>

#include "engine/media/abandonable.h"

namespace argali {

namespace {

/// Above this decoding may take longer than a stop should.
constexpr int64_t quicklyDecodedPixels = 4'000'000;

AVCodecID codecOf(MediaKind kind)
{
    switch (kind) {
    case MediaKind::Jpeg:
        return AV_CODEC_ID_MJPEG;
    case MediaKind::Png:
        return AV_CODEC_ID_PNG;
    case MediaKind::Gif:
        return AV_CODEC_ID_GIF;
    case MediaKind::Bmp:
        return AV_CODEC_ID_BMP;
    case MediaKind::Tiff:
        return AV_CODEC_ID_TIFF;
    case MediaKind::WebP:
        return AV_CODEC_ID_WEBP;
    default:
        return AV_CODEC_ID_NONE;
    }
}

/// Memory for a picture that becomes real only where it is written: FFmpeg's own clears all of it
/// first and keeps it for a next frame, which never comes.
int giveBuffer(AVCodecContext* context, AVFrame* frame, int)
{
    constexpr int alignment = 64;
    int width = frame->width, height = frame->height;
    int aligned[AV_NUM_DATA_POINTERS];
    avcodec_align_dimensions2(context, &width, &height, aligned);
    const auto format = AVPixelFormat(frame->format);
    int lines[4];
    if (const int failed = av_image_fill_linesizes(lines, format, width); failed < 0)
        return failed;
    ptrdiff_t strides[4];
    for (int i = 0; i < 4; ++i)
        strides[i] = lines[i] = (lines[i] + alignment - 1) & -alignment;
    size_t sizes[4];
    if (const int failed = av_image_fill_plane_sizes(sizes, format, height, strides); failed < 0)
        return failed;
    size_t total = size_t(alignment);
    for (size_t& size : sizes)
        total += size ? size + 2 * size_t(alignment) : 0;
    auto* memory = static_cast<uint8_t*>(std::calloc(total, 1));
    if (!memory)
        return AVERROR(ENOMEM);
    const auto release = [](void*, uint8_t* data) { std::free(data); };
    frame->buf[0] = av_buffer_create(memory, total, release, nullptr, 0);
    if (!frame->buf[0]) {
        std::free(memory);
        return AVERROR(ENOMEM);
    }
    const auto up = [](size_t n) { return (n + size_t(alignment) - 1) & ~size_t(alignment - 1); };
    uint8_t* at = memory + (up(size_t(reinterpret_cast<uintptr_t>(memory))) -
                            size_t(reinterpret_cast<uintptr_t>(memory)));
    for (int i = 0; i < 4; ++i) {
        frame->data[i] = sizes[i] ? at : nullptr;
        frame->linesize[i] = lines[i];
        at += sizes[i] ? up(sizes[i]) + size_t(alignment) : 0;
    }
    frame->extended_data = frame->data;
    return 0;
}

/// Everything one decoding owns, so that it can be left alone with it.
struct Decoding {
    CodecPtr context;
    PacketPtr packet = makePacket();
    FramePtr frame = makeFrame();
    int result = 0;
    int64_t complaints = 0;

    void run()
    {
        const int64_t before = libavErrorsHere();
        result = avcodec_open2(context.get(), context->codec, nullptr);
        if (result >= 0)
            result = avcodec_send_packet(context.get(), packet.get());
        if (result >= 0)
            result = avcodec_send_packet(context.get(), nullptr);
        if (result >= 0)
            result = avcodec_receive_frame(context.get(), frame.get());
        complaints = libavErrorsHere() - before;
        context.reset(); // before the RGB picture is made: its tables can be larger than that
        packet.reset();
    }
};

CodecPtr makeContext(MediaKind kind, const PictureHeader& header, const MediaSource& source)
{
    const AVCodec* codec = avcodec_find_decoder(codecOf(kind));
    if (!codec)
        throw source.error(Error::Code::Unsupported,
                           std::string("needs FFmpeg's ") + avcodec_get_name(codecOf(kind)) +
                               " decoder, which this FFmpeg lacks; save it as PNG");
    CodecPtr context(avcodec_alloc_context3(codec));
    if (!context)
        throw std::bad_alloc();
    // What is inside may not be larger than the headers said, but for FFmpeg's own rounding.
    context->max_pixels = int64_t(header.size.width + 128) * (header.size.height + 128);
    context->get_buffer2 = giveBuffer;
    context->thread_count = 1;
    context->thread_type = 0;
    context->discard_damaged_percentage = 0;
    // libjpeg's own inverse transform, so that levels come out as the references have them.
    context->idct_algo = FF_IDCT_INT;
    if (header.strict && kind != MediaKind::Tiff) // there, unknown tags would be refused as well
        context->err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK;
    return context;
}

} // namespace

PictureBytes PictureBytes::readAll(MediaSource& source, int64_t limit, const std::stop_token& stop)
{
    if (source.size() > std::min<int64_t>(limit, INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE))
        throw source.error(Error::Code::BadMedia,
                           "has " + std::to_string(source.size()) +
                               " bytes, more than a picture may; make it smaller first");
    constexpr size_t piece = size_t(4) << 20;
    PictureBytes file;
    file.m_size = size_t(source.size());
    const size_t total = file.m_size + AV_INPUT_BUFFER_PADDING_SIZE;
    auto* memory = static_cast<uint8_t*>(std::calloc(total, 1));
    if (!memory)
        throw std::bad_alloc();
    const auto release = [](void*, uint8_t* data) { std::free(data); };
    file.m_buffer.reset(av_buffer_create(memory, total, release, nullptr, 0));
    if (!file.m_buffer) {
        std::free(memory);
        throw std::bad_alloc();
    }
    for (size_t at = 0; at < file.m_size;) {
        if (stop.stop_requested())
            return {};
        const size_t got = source.read(
            int64_t(at), file.bytes().subspan(at).first(std::min(piece, file.m_size - at)));
        if (got == 0)
            throw cutShort(source);
        at += got;
    }
    return file;
}

std::span<uint8_t> PictureBytes::bytes() const
{
    return {m_buffer->data, m_size};
}

FramePtr decodePicture(MediaKind kind, PictureBytes file, const PictureHeader& header,
                       const MediaSource& source, const std::stop_token& stop)
{
    const auto decoding = std::make_shared<Decoding>();
    decoding->context = makeContext(kind, header, source);
    decoding->packet->buf = av_buffer_ref(file.buffer());
    if (!decoding->packet->buf)
        throw std::bad_alloc();
    decoding->packet->data = file.bytes().data() + header.begin;
    decoding->packet->size = int(header.length);
    decoding->packet->flags = AV_PKT_FLAG_KEY;
    file = {};

    if (int64_t(header.size.width) * header.size.height <= quicklyDecodedPixels)
        decoding->run();
    else if (!runAbandonable([decoding] { decoding->run(); }, stop))
        return nullptr;

    const int result = decoding->result;
    if (result == AVERROR(ENOMEM))
        throw source.error(Error::Code::OutOfMemory, "needs more memory than there is");
    if (result == AVERROR_PATCHWELCOME || result == AVERROR(ENOSYS))
        throw source.error(Error::Code::Unsupported,
                           "is a picture of a rare kind that FFmpeg cannot decode; save it as PNG");
    if (result < 0)
        throw damaged(source, libavMessage(result));
    if (header.strict && kind != MediaKind::Jpeg && decoding->complaints > 0)
        throw damaged(source, "the decoder misses data");
    const AVFrame& frame = *decoding->frame;
    const bool isPart = kind == MediaKind::WebP && header.part != ImageSize{};
    if (ImageSize{frame.width, frame.height} != (isPart ? header.part : header.size))
        throw damaged(source, "another size inside than outside");
    return std::move(decoding->frame);
}

} // namespace argali
