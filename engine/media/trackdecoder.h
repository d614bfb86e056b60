#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>

#include "engine/media/demuxer.h"

namespace argali {

/// A decoded frame and when it is shown, in the track's units of time.
struct TimedFrame {
    FramePtr frame;
    int64_t time = 0;
    bool guessed = false; ///< the film did not say when; counted on from the frame before
    explicit operator bool() const { return bool(frame); }
};

/// Decodes the picture track of a film frame by frame, in the order shown, from the beginning or
/// from a key frame on. Frames that need others from before that key frame are left out.
/// Thread: one at a time.
class TrackDecoder final {
public:
    /// Throws: as Demuxer
    TrackDecoder(std::unique_ptr<MediaSource> source, MediaKind kind, const MediaLimits& limits);

    /// A time before every film's first frame, far from overflowing when demuxers shift it.
    static constexpr int64_t beginning = INT64_MIN / 4;

    enum class Step { Frame, End, Stopped };
    /// Decodes the next frame into out.
    /// Throws: Error::Code::OutOfMemory
    Step next(TimedFrame& out, const std::stop_token& stop);

    /// Of the packets read, the last that is to be shown after one time and not after another. When
    /// next() has given a later frame, or the end, and none between the two, it cannot be decoded.
    std::optional<int64_t> lastReadBetween(int64_t after, int64_t upTo) const;

    /// Goes to the last key frame at or before this time; next() goes on from there.
    bool seek(int64_t time);
    /// Opens the film anew: next() gives its first frame.
    void reopen();
    /// Whether a key frame at or before this time is ahead of what has been read. Unknown counts
    /// as yes only when the time is far ahead.
    bool isWorthSeeking(int64_t time, int64_t now);
    /// When the film that begins at begin really ends, found by looking at its last packets; 0 when
    /// that takes too long or gives nothing. Leaves the position anywhere.
    int64_t findEnd(int64_t begin, int64_t claimed);

    /// Whether the frames at the beginning follow each other at different intervals. Leaves the
    /// position anywhere.
    bool hasUnevenTimes();

    /// Whether a stop came in the midst of reading: only seek() and reopen() go on from there.
    bool interrupted() const { return m_demuxer->interrupted(); }

    MediaSource& source() { return *m_source; }
    AVStream& track() { return m_demuxer->track(); }
    AVFormatContext& format() { return m_demuxer->format(); }
    double secondsPerUnit() { return av_q2d(m_demuxer->track().time_base); }
    /// Units of time from frame to frame at the nominal rate.
    int64_t frameUnits() const { return m_frameUnits; }
    double frameRate() const { return m_frameRate; }

private:
    void prepare();
    void restart(bool atKeyFrame);
    /// Hands one packet to the decoder; false at the end or once stopped.
    bool feed();
    /// When the last packet from this key frame on ends; 0 when there is none.
    int64_t lastTime(int64_t from);

    std::unique_ptr<MediaSource> m_source;
    MediaKind m_kind;
    MediaLimits m_limits;
    std::unique_ptr<Demuxer> m_demuxer;
    CodecPtr m_codec;
    PacketPtr m_packet = makePacket();
    double m_frameRate = 0;
    int64_t m_frameUnits = 1;
    bool m_drained = false;          ///< the decoder has been told that the film ends
    bool m_awaitsKey = false;        ///< packets before the first key frame are left out
    int64_t m_cleanFrom = INT64_MIN; ///< frames shown before the key frame just gone to are broken
    int64_t m_lastTime = INT64_MIN;
    std::set<int64_t> m_showTimes;   ///< of the packets read, from the frame before the last one on
    int64_t m_lastRead = INT64_MIN;  ///< decoding time of the last packet read
    int64_t m_firstRead = INT64_MAX; ///< and of the first one after going somewhere
    int64_t m_delay =
        0; ///< from a packet's decoding time to its frame's, where that is all we know
};

} // namespace argali
