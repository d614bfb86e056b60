#include "engine/media/trackdecoder.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <new>
#include <vector>

namespace argali {

namespace {

/// Films may not be as large as pictures: a decoder keeps up to twenty frames. 8192 x 4352 fit.
constexpr int64_t mostFramePixels = 36'000'000;

constexpr double fallbackRate = 25, highestRate = 1000;

double soundRate(const AVStream& track)
{
    for (const AVRational rate : {track.avg_frame_rate, track.r_frame_rate}) {
        const double value = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
        if (value > 0 && value <= highestRate)
            return value;
    }
    return fallbackRate;
}

MediaLimits filmLimits(MediaKind kind, MediaLimits limits)
{
    if (!isPicture(kind))
        limits.pixels = std::min(limits.pixels, mostFramePixels);
    return limits;
}

} // namespace

TrackDecoder::TrackDecoder(std::unique_ptr<MediaSource> source, MediaKind kind,
                           const MediaLimits& limits)
    : m_source(std::move(source)), m_kind(kind), m_limits(filmLimits(kind, limits))
{
    reopen();
}

void TrackDecoder::reopen()
{
    m_codec.reset();
    m_demuxer.reset();
    m_demuxer = std::make_unique<Demuxer>(*m_source, m_kind, m_limits);
    m_demuxer->setLimits({}, std::chrono::duration<double>(0));
    m_codec = m_demuxer->makeDecoder(m_limits.pixels);
    m_frameRate = soundRate(track());
    m_frameUnits = std::max<int64_t>(std::llround(1 / (m_frameRate * secondsPerUnit())), 1);
    restart(false);
}

void TrackDecoder::restart(bool atKeyFrame)
{
    m_drained = false;
    m_awaitsKey = atKeyFrame;
    m_cleanFrom = INT64_MIN;
    m_lastTime = INT64_MIN;
    m_showTimes.clear();
    m_lastRead = INT64_MIN;
    m_firstRead = INT64_MAX;
}

bool TrackDecoder::hasUnevenTimes()
{
    constexpr int looked = 100; // packets from the beginning: enough to tell, quick to read
    std::vector<int64_t> times;
    if (!seek(beginning))
        return false;
    while (int(times.size()) < looked && m_demuxer->read(*m_packet))
        if (m_packet->pts != AV_NOPTS_VALUE)
            times.push_back(m_packet->pts);
    std::ranges::sort(times);
    int64_t least = INT64_MAX, most = 0;
    // The last ones may lack frames that are stored later, but shown between them.
    for (size_t i = 1; i + 16 < times.size(); ++i) {
        least = std::min(least, times[i] - times[i - 1]);
        most = std::max(most, times[i] - times[i - 1]);
    }
    const int64_t rounding = std::max<int64_t>(m_frameUnits / 10, 1);
    return most > 0 && most - least > 2 * rounding;
}

bool TrackDecoder::seek(int64_t time)
{
    if (m_demuxer->interrupted())
        reopen();
    avcodec_flush_buffers(m_codec.get());
    restart(true);
    return m_demuxer->seek(time);
}

bool TrackDecoder::feed()
{
    AVPacket& packet = *m_packet;
    do {
        if (!m_demuxer->read(packet))
            return false;
    } while (m_awaitsKey && !(packet.flags & AV_PKT_FLAG_KEY));
    if (m_awaitsKey && packet.pts != AV_NOPTS_VALUE)
        m_cleanFrom = packet.pts;
    m_awaitsKey = false;
    if (packet.pts != AV_NOPTS_VALUE && !(packet.flags & AV_PKT_FLAG_DISCARD))
        m_showTimes.insert(packet.pts);
    if (packet.dts != AV_NOPTS_VALUE) {
        m_lastRead = packet.dts;
        m_firstRead = std::min(m_firstRead, packet.dts);
    }
    // A broken packet is left out, as players do; whether enough remains shows later.
    if (avcodec_send_packet(m_codec.get(), &packet) == AVERROR(ENOMEM))
        throw std::bad_alloc();
    return true;
}

TrackDecoder::Step TrackDecoder::next(TimedFrame& out, const std::stop_token& stop)
{
    constexpr int mostFailures = 1000; // in a row, without a packet being taken in between
    m_demuxer->setLimits(stop, std::chrono::duration<double>(0));
    FramePtr frame = makeFrame();
    for (int failures = 0; failures < mostFailures;) {
        if (stop.stop_requested())
            return Step::Stopped;
        const int result = avcodec_receive_frame(m_codec.get(), frame.get());
        if (result == AVERROR_EOF)
            return Step::End;
        if (result == AVERROR(ENOMEM))
            throw std::bad_alloc();
        if (result == AVERROR(EAGAIN) && !m_drained) {
            failures = 0;
            if (feed())
                continue;
            if (stop.stop_requested())
                return Step::Stopped;
            avcodec_send_packet(m_codec.get(), nullptr);
            m_drained = true;
            continue;
        }
        if (result < 0) {
            ++failures;
            continue;
        }
        const int64_t said = frame->best_effort_timestamp;
        out.guessed = said == AV_NOPTS_VALUE;
        out.time = !out.guessed ? said : m_lastTime == INT64_MIN ? 0 : m_lastTime + m_frameUnits;
        if (out.time < m_cleanFrom) {
            av_frame_unref(frame.get());
            continue;
        }
        if (m_lastTime == INT64_MIN && m_firstRead != INT64_MAX)
            m_delay = out.time - m_firstRead;
        m_showTimes.erase(m_showTimes.begin(), m_showTimes.lower_bound(m_lastTime));
        m_lastTime = out.time;
        out.frame = std::move(frame);
        return Step::Frame;
    }
    return Step::End;
}

std::optional<int64_t> TrackDecoder::lastReadBetween(int64_t after, int64_t upTo) const
{
    const auto beyond = m_showTimes.upper_bound(upTo);
    if (beyond == m_showTimes.begin() || *std::prev(beyond) <= after)
        return std::nullopt;
    return *std::prev(beyond);
}

bool TrackDecoder::isWorthSeeking(int64_t time, int64_t now)
{
    constexpr double farSeconds = 5;
    AVStream& stream = track();
    const int entry = av_index_search_timestamp(&stream, time, AVSEEK_FLAG_BACKWARD);
    const AVIndexEntry* key = entry < 0 ? nullptr : avformat_index_get_entry(&stream, entry);
    if (key && key->timestamp > std::max(m_lastRead, now))
        return true;
    // An index that reaches beyond this time would have named the key frame.
    const int last = avformat_index_get_entries_count(&stream) - 1;
    if (last >= 0 && avformat_index_get_entry(&stream, last)->timestamp >= time)
        return false;
    return double(time - now) * secondsPerUnit() > farSeconds;
}

int64_t TrackDecoder::lastTime(int64_t from)
{
    if (!seek(from))
        return 0;
    int64_t end = 0;
    while (m_demuxer->read(*m_packet)) {
        const int64_t time = m_packet->pts != AV_NOPTS_VALUE   ? m_packet->pts
                             : m_packet->dts != AV_NOPTS_VALUE ? m_packet->dts + m_delay
                                                               : AV_NOPTS_VALUE;
        if (time != AV_NOPTS_VALUE)
            end = std::max(end, time + std::max(m_packet->duration, m_frameUnits));
    }
    return m_demuxer->shouldEnd() ? 0 : end;
}

int64_t TrackDecoder::findEnd(int64_t begin, int64_t claimed)
{
    constexpr std::chrono::duration<double> patience(3);
    m_demuxer->setLimits({}, patience);
    int64_t end = lastTime(claimed);
    // Nothing there: halve the stretch between what can be read and what cannot.
    const int64_t coarse = std::max<int64_t>(std::llround(0.5 / secondsPerUnit()), 1);
    for (int64_t low = begin, high = claimed; end == 0 && high - low > coarse;) {
        if (m_demuxer->shouldEnd())
            return 0;
        const int64_t middle = low + (high - low) / 2;
        const bool readable = m_demuxer->seek(middle) && m_demuxer->read(*m_packet);
        (readable ? low : high) = middle;
        if (high - low <= coarse)
            end = lastTime(low);
    }
    return end;
}

} // namespace argali
