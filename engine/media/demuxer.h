#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "engine/media/libav.h"

namespace argali {

/// The packets of a film's picture track. Knows no decoder, no network, no other file, and only
/// the containers and codecs on its lists.
/// Thread: one at a time.
class Demuxer final {
public:
    /// Opens and understands the container, within limits.openSeconds.
    /// Throws: Error::Code::BadMedia, Unsupported
    Demuxer(MediaSource& source, MediaKind kind, const MediaLimits& limits);
    ~Demuxer();
    Demuxer(const Demuxer&) = delete;
    Demuxer& operator=(const Demuxer&) = delete;

    AVFormatContext& format() { return *m_format; }
    AVStream& track() { return *m_format->streams[m_track]; }
    /// A decoder for the track, not yet opened: what it may do is decided here.
    CodecPtr makeDecoder(int64_t pixels) const;

    /// The track's next packet; false at the end, where the file is broken, or once stopped.
    bool read(AVPacket& packet);
    /// Goes to the last key frame at or before a time in the track's units.
    bool seek(int64_t timestamp);

    /// Reading ends early from here on when stop is requested or after this long.
    void setLimits(std::stop_token stop, std::chrono::duration<double> time);
    /// Whether one of them has come.
    bool shouldEnd() const;
    /// Whether that happened in the midst of something: the demuxer is then of no use any more.
    bool interrupted() const { return m_interrupted; }

private:
    struct Close {
        void operator()(AVFormatContext* context) const;
    };
    static int readPacket(void* self, uint8_t* to, int count);
    static int64_t seekFile(void* self, int64_t offset, int whence);
    void findTrack();

    MediaSource& m_source;
    std::stop_token m_stop;
    std::chrono::steady_clock::time_point m_deadline = std::chrono::steady_clock::time_point::max();
    int64_t m_position = 0;
    bool m_interrupted = false;
    std::unique_ptr<AVFormatContext, Close> m_format;
    unsigned m_track = 0;
};

} // namespace argali
