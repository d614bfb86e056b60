#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

/// Writes a film whose frame N shows N in binary: eight blocks, four across and two down, the
/// lowest bit top left, white for 1. Every keyEvery frames there is a key frame.
class FilmWriter final {
public:
    FilmWriter(const std::string& path, int width, int height, AVRational rate, int keyEvery)
    {
        const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
        if (!codec)
            codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
        require(codec ? 0 : -1);
        require(avformat_alloc_output_context2(&m_format, nullptr, "mp4", path.c_str()));
        m_stream = avformat_new_stream(m_format, nullptr);
        m_codec = avcodec_alloc_context3(codec);
        m_codec->width = width;
        m_codec->height = height;
        m_codec->time_base = av_inv_q(rate);
        m_codec->framerate = rate;
        m_codec->pix_fmt = AV_PIX_FMT_YUV420P;
        m_codec->gop_size = keyEvery;
        m_codec->max_b_frames = 2;
        m_codec->bit_rate = 2'000'000;
        if (codec->id == AV_CODEC_ID_H264) {
            av_opt_set(m_codec->priv_data, "preset", "ultrafast", 0);
            av_opt_set(m_codec->priv_data, "x264-params", "scenecut=0", 0);
        }
        m_codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
        require(avcodec_open2(m_codec, codec, nullptr));
        require(avcodec_parameters_from_context(m_stream->codecpar, m_codec));
        m_stream->time_base = m_codec->time_base;
        m_stream->avg_frame_rate = rate;
        require(avio_open(&m_format->pb, path.c_str(), AVIO_FLAG_WRITE));
        require(avformat_write_header(m_format, nullptr));
        m_frame = av_frame_alloc();
        m_packet = av_packet_alloc();
        m_frame->format = m_codec->pix_fmt;
        m_frame->width = width;
        m_frame->height = height;
        require(av_frame_get_buffer(m_frame, 0));
    }
    ~FilmWriter()
    {
        av_frame_free(&m_frame);
        av_packet_free(&m_packet);
        avcodec_free_context(&m_codec);
        if (m_format && m_format->pb)
            avio_closep(&m_format->pb);
        avformat_free_context(m_format);
    }
    FilmWriter(const FilmWriter&) = delete;
    FilmWriter& operator=(const FilmWriter&) = delete;

    void add(int64_t number)
    {
        require(av_frame_make_writable(m_frame));
        for (int y = 0; y < m_frame->height; ++y) {
            uint8_t* row = m_frame->data[0] + int64_t(y) * m_frame->linesize[0];
            for (int x = 0; x < m_frame->width; ++x) {
                const int bit = 4 * x / m_frame->width + 4 * (2 * y / m_frame->height);
                // A little texture that moves, so that decoding is work.
                row[x] = uint8_t(((number >> bit & 1) ? 215 : 20) + (x + y + number) % 16);
            }
        }
        for (int plane : {1, 2})
            for (int y = 0; y < m_frame->height / 2; ++y)
                std::fill_n(m_frame->data[plane] + int64_t(y) * m_frame->linesize[plane],
                            m_frame->width / 2, uint8_t(128));
        m_frame->pts = m_next++;
        write(m_frame);
    }
    void finish()
    {
        write(nullptr);
        require(av_write_trailer(m_format));
    }

private:
    static void require(int result)
    {
        if (result < 0)
            throw std::runtime_error("the test film cannot be written");
    }
    void write(AVFrame* frame)
    {
        require(avcodec_send_frame(m_codec, frame));
        while (avcodec_receive_packet(m_codec, m_packet) == 0) {
            av_packet_rescale_ts(m_packet, m_codec->time_base, m_stream->time_base);
            m_packet->stream_index = 0;
            require(av_interleaved_write_frame(m_format, m_packet));
        }
    }

    AVFormatContext* m_format = nullptr;
    AVStream* m_stream = nullptr;
    AVCodecContext* m_codec = nullptr;
    AVFrame* m_frame = nullptr;
    AVPacket* m_packet = nullptr;
    int64_t m_next = 0;
};
