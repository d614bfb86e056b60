#include "engine/media/demuxer.h"

extern "C" {
#include <libavutil/avstring.h>
}

#include <algorithm>
#include <cstdio>
#include <new>
#include <vector>

namespace argali {

namespace {

constexpr int ioBytes = 1 << 16;
constexpr unsigned mostTracks = 64;

/// What films are commonly made of. Each further decoder is a further door for broken files.
constexpr const char* allowedDecoders =
    "h264,hevc,vp8,vp9,libdav1d,libaom-av1,av1,mpeg4,mpeg2video,mpeg1video,mjpeg,prores,theora,"
    "h263,msmpeg4,msmpeg4v2,flv,vc1,wmv3,wmv2,ffv1,dnxhd";

const char* containerOf(MediaKind kind)
{
    switch (kind) {
    case MediaKind::Matroska:
        return "matroska";
    case MediaKind::Avi:
        return "avi";
    default:
        return "mov";
    }
}

/// The limit for decoders, which round sides up before they compare.
int64_t decoderPixels(int64_t pixels)
{
    constexpr int64_t slack = 128 * 16'384;
    return pixels + slack;
}

int refuseOtherFiles(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**)
{
    return AVERROR(EPERM);
}

class Options final {
public:
    Options() = default;
    ~Options() { av_dict_free(&m_options); }
    Options(const Options&) = delete;
    Options& operator=(const Options&) = delete;
    void set(const char* key, const std::string& value)
    {
        if (av_dict_set(&m_options, key, value.c_str(), 0) < 0)
            throw std::bad_alloc();
    }
    AVDictionary** get() { return &m_options; }

private:
    AVDictionary* m_options = nullptr;
};

bool isCover(const AVStream& stream)
{
    return stream.disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS);
}

} // namespace

void Demuxer::Close::operator()(AVFormatContext* context) const
{
    AVIOContext* io = context->pb;
    avformat_close_input(&context);
    if (io) {
        av_freep(&io->buffer);
        avio_context_free(&io);
    }
}

Demuxer::Demuxer(MediaSource& source, MediaKind kind, const MediaLimits& limits) : m_source(source)
{
    prepareLibav();
    setLimits({}, std::chrono::duration<double>(limits.openSeconds));
    AVFormatContext* format = avformat_alloc_context();
    if (!format)
        throw std::bad_alloc();
    auto* buffer = static_cast<unsigned char*>(av_malloc(ioBytes));
    format->pb = buffer
                     ? avio_alloc_context(buffer, ioBytes, 0, this, readPacket, nullptr, seekFile)
                     : nullptr;
    if (!format->pb) {
        av_free(buffer);
        avformat_free_context(format);
        throw std::bad_alloc();
    }
    AVIOContext* io = format->pb;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
    format->io_open = refuseOtherFiles;

    Options options;
    options.set("codec_whitelist", allowedDecoders);
    options.set("protocol_whitelist", "none");
    options.set("max_streams", std::to_string(mostTracks));
    const int opened =
        avformat_open_input(&format, "", av_find_input_format(containerOf(kind)), options.get());
    if (opened < 0) { // format is gone, its io is not
        av_freep(&io->buffer);
        avio_context_free(&io);
    } else {
        m_format.reset(format);
    }
    const auto tooSlow = [&] {
        return m_source.error(Error::Code::BadMedia, "could not be understood in " +
                                                         std::to_string(int(limits.openSeconds)) +
                                                         " s; convert it to MP4");
    };
    if (m_interrupted)
        throw tooSlow();
    if (opened == AVERROR(ENOMEM))
        throw m_source.error(Error::Code::BadMedia, "asks for more memory than a film may");
    if (opened < 0)
        throw m_source.error(Error::Code::BadMedia, "is damaged or cut short (" +
                                                        libavMessage(opened) +
                                                        "); get the file again");
    findTrack();
    const AVCodecParameters& coded = *track().codecpar;
    if (coded.width > 0 && coded.height > 0)
        requireSize(m_source, coded.width, coded.height, limits.pixels);

    std::vector<Options> perStream(m_format->nb_streams);
    std::vector<AVDictionary*> dictionaries;
    for (Options& each : perStream) {
        each.set("threads", "1");
        each.set("max_pixels", std::to_string(decoderPixels(limits.pixels)));
        dictionaries.push_back(*each.get());
    }
    avformat_find_stream_info(m_format.get(), dictionaries.data());
    for (size_t i = 0; i < perStream.size(); ++i)
        *perStream[i].get() = dictionaries[i]; // consumed options are gone from it
    if (m_interrupted)
        throw tooSlow();
    // The track was chosen before streams could appear while reading; it keeps its number.
    requireSize(m_source, track().codecpar->width, track().codecpar->height, limits.pixels);
}

Demuxer::~Demuxer() = default;

void Demuxer::findTrack()
{
    bool hasSound = false, found = false;
    for (unsigned i = 0; i < m_format->nb_streams; ++i) {
        AVStream& stream = *m_format->streams[i];
        hasSound |= stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
        const bool usable = stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !isCover(stream);
        if (usable && !found) {
            m_track = i;
            found = true;
        } else {
            stream.discard = AVDISCARD_ALL;
        }
    }
    if (!found)
        throw m_source.error(Error::Code::BadMedia,
                             hasSound ? "holds sound only; choose a film with pictures"
                                      : "holds no pictures; choose another film");
    const AVCodecID codec = track().codecpar->codec_id;
    if (codec == AV_CODEC_ID_NONE)
        throw m_source.error(Error::Code::BadMedia,
                             "does not say how its pictures are coded; get the file again");
    const AVCodec* decoder = avcodec_find_decoder(codec);
    if (!decoder || !av_match_list(decoder->name, allowedDecoders, ','))
        throw m_source.error(Error::Code::Unsupported,
                             std::string("is coded as ") + avcodec_get_name(codec) +
                                 ", which is not supported; convert it to H.264 in MP4");
}

CodecPtr Demuxer::makeDecoder(int64_t pixels) const
{
    const AVStream& stream = *m_format->streams[m_track];
    const AVCodec* codec = avcodec_find_decoder(stream.codecpar->codec_id);
    CodecPtr context(avcodec_alloc_context3(codec));
    if (!context || avcodec_parameters_to_context(context.get(), stream.codecpar) < 0)
        throw std::bad_alloc();
    context->pkt_timebase = stream.time_base;
    context->max_pixels = decoderPixels(pixels);
    context->thread_count = 2;
    if (const int failed = avcodec_open2(context.get(), codec, nullptr); failed < 0)
        throw m_source.error(Error::Code::BadMedia, std::string("cannot be decoded as ") +
                                                        codec->name + " (" + libavMessage(failed) +
                                                        "); convert it to H.264 in MP4");
    return context;
}

bool Demuxer::read(AVPacket& packet)
{
    for (;;) {
        av_packet_unref(&packet);
        if (shouldEnd() || av_read_frame(m_format.get(), &packet) < 0 || m_interrupted)
            return false;
        if (unsigned(packet.stream_index) == m_track)
            return true;
    }
}

bool Demuxer::seek(int64_t timestamp)
{
    m_format->pb->error = 0;
    m_format->pb->eof_reached = 0;
    return av_seek_frame(m_format.get(), int(m_track), timestamp, AVSEEK_FLAG_BACKWARD) >= 0 &&
           !m_interrupted;
}

void Demuxer::setLimits(std::stop_token stop, std::chrono::duration<double> time)
{
    using Clock = std::chrono::steady_clock;
    m_stop = std::move(stop);
    m_deadline = time.count() <= 0 || time > std::chrono::hours(1)
                     ? Clock::time_point::max()
                     : Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
}

bool Demuxer::shouldEnd() const
{
    return m_stop.stop_requested() || std::chrono::steady_clock::now() > m_deadline;
}

int Demuxer::readPacket(void* self, uint8_t* to, int count)
{
    Demuxer& demuxer = *static_cast<Demuxer*>(self);
    if (demuxer.shouldEnd()) {
        demuxer.m_interrupted = true; // in the midst of something
        return AVERROR_EXIT;
    }
    try {
        const size_t got = demuxer.m_source.read(demuxer.m_position, {to, size_t(count)});
        demuxer.m_position += int64_t(got);
        return got ? int(got) : AVERROR_EOF;
    } catch (const Error&) { // a medium that fails reads as a film that ends; C is in between
        return AVERROR(EIO);
    }
}

int64_t Demuxer::seekFile(void* self, int64_t offset, int whence)
{
    Demuxer& demuxer = *static_cast<Demuxer*>(self);
    const int64_t size = demuxer.m_source.size();
    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return size;
    case SEEK_SET:
        break;
    case SEEK_CUR:
        offset += demuxer.m_position;
        break;
    case SEEK_END:
        offset += size;
        break;
    default:
        return AVERROR(EINVAL);
    }
    if (offset < 0)
        return AVERROR(EINVAL);
    return demuxer.m_position = offset;
}

} // namespace argali
