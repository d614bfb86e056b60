#include "engine/media/mediareader.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "engine/media/filmfile.h"
#include "engine/media/frameconverter.h"
#include "engine/media/orientation.h"
#include "engine/media/trackdecoder.h"

extern "C" {
#include <libavutil/display.h>
}

namespace argali {

namespace {

/// The EXIF number of what a film's display matrix does to whole quarter turns.
/// Source: ISO/IEC 14496-12, 8.3.2: x' = a x + c y, y' = b x + d y
int orientationOf(AVStream& track)
{
    size_t bytes = 0;
    const uint8_t* data = av_stream_get_side_data(&track, AV_PKT_DATA_DISPLAYMATRIX, &bytes);
    if (!data || bytes < 9 * sizeof(int32_t))
        return 1;
    const auto* matrix = reinterpret_cast<const int32_t*>(data);
    const int64_t a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    if (std::abs(a) + std::abs(d) >= std::abs(b) + std::abs(c))
        return a < 0 ? (d < 0 ? 3 : 2) : (d < 0 ? 4 : 1);
    return c < 0 ? (b < 0 ? 7 : 6) : (b < 0 ? 8 : 5);
}

std::string secondsText(double seconds)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.2f s", seconds);
    return text;
}

std::string containerName(MediaSource& source, MediaKind kind)
{
    uint8_t first[64];
    const size_t count = source.read(0, first);
    const std::string_view head(reinterpret_cast<const char*>(first), count);
    switch (kind) {
    case MediaKind::Matroska:
        return head.find("webm") != head.npos ? "webm" : "mkv";
    case MediaKind::Avi:
        return "avi";
    default:
        return head.substr(4, 8) == "ftypqt  " || head.substr(4, 4) != "ftyp" ? "mov" : "mp4";
    }
}

} // namespace

/// Finds the frame shown at a time: goes to a key frame before it and decodes forward, or simply
/// forward from where it is.
class FilmReader::Decoder {
public:
    Decoder(std::unique_ptr<MediaSource> source, MediaKind kind, const MediaLimits& limits)
        : m_track(std::move(source), kind, limits)
    {
        if (m_track.next(m_current, {}) != TrackDecoder::Step::Frame)
            throw nothingDecodes();
        m_origin = m_current.time;
        m_orientation = orientationOf(m_track.track());
        describe(kind, limits);
    }

    const MediaInfo& info() const { return m_info; }
    Image show(double seconds, const std::stop_token& stop)
    {
        const int64_t time = unitsOf(seconds);
        requirePresent(time);
        if (!goTo(time, stop) || stop.stop_requested())
            return {};
        requireDecoded(time);
        return picture();
    }
    Image showKeyFrame(double seconds, const std::stop_token& stop)
    {
        const int64_t time = unitsOf(seconds);
        const bool there = isBefore(time) && m_current.frame->key_frame &&
                           !m_track.isWorthSeeking(time, m_current.time);
        return there || seekBefore(time, stop) ? picture() : Image();
    }

private:
    using Step = TrackDecoder::Step;

    void describe(MediaKind kind, const MediaLimits& limits);
    int64_t unitsOf(double seconds) const;
    void requirePresent(int64_t time);
    void requireDecoded(int64_t time);
    Error cannotDecode(int64_t time, const std::string& why, const std::string& whatToDo);
    bool isBefore(int64_t time) const { return m_current && m_current.time <= time; }
    bool goTo(int64_t time, const std::stop_token& stop);
    bool seekBefore(int64_t time, const std::stop_token& stop);
    bool rewind(const std::stop_token& stop);
    Step start(const std::stop_token& stop);
    Image picture()
    {
        return m_converter.convert(*m_current.frame, m_orientation, m_track.source());
    }
    Error nothingDecodes()
    {
        return m_track.source().error(Error::Code::BadMedia,
                                      "not one frame of it can be decoded; get the file again");
    }

    TrackDecoder m_track;
    FrameConverter m_converter;
    MediaInfo m_info;
    int m_orientation = 1;
    double m_unit = 1;             ///< seconds in a unit of the track's time
    int64_t m_origin = 0;          ///< when the first frame is shown
    int64_t m_last = 0;            ///< when the last one is, as the header has it
    int64_t m_missing = INT64_MAX; ///< from here on a cut file has nothing
    int64_t m_tolerance = 0;       ///< a frame may stand in for one that is lost this long after it
    TimedFrame m_current;          ///< the frame shown now
    TimedFrame m_next;             ///< the one after it, once it has been looked at
    bool m_ended = false;          ///< there is none after m_current
};

void FilmReader::Decoder::describe(MediaKind kind, const MediaLimits& limits)
{
    const double unit = m_unit = m_track.secondsPerUnit();
    const AVStream& track = m_track.track();
    const AVFormatContext& format = m_track.format();
    double duration = track.duration > 0    ? double(track.duration) * unit
                      : format.duration > 0 ? double(format.duration) / AV_TIME_BASE
                                            : 0;
    // A header can promise more or less than there is. What it says of a file that is cut holds:
    // the rest is missing then, not a mistake.
    const bool cut = claimedBytes(m_track.source(), kind) > m_track.source().size();
    const double mostUnits = 9e15; // exact in a double, and sums stay in range
    const double claimed = std::min(duration / unit, mostUnits);
    if (const int64_t end = m_track.findEnd(m_origin, m_origin + int64_t(claimed));
        end > m_origin) {
        const double measured = double(end - m_origin) * unit;
        if (cut)
            m_missing = end;
        if (std::abs(measured - duration) > 1.5 / m_track.frameRate())
            duration = cut ? std::max(measured, duration) : measured;
    }
    m_current = {}; // the search has moved on
    constexpr double mostSeconds = 1, mostPart = 0.05, mostFrames = 1.5;
    m_tolerance = int64_t(
        std::max(mostFrames / m_track.frameRate(), std::min(mostSeconds, mostPart * duration)) /
        unit);
    m_last = m_origin + int64_t(std::min(duration / unit, mostUnits)) - m_track.frameUnits();

    m_info.kind = MediaInfo::Kind::Film;
    m_info.size = uprightSize({track.codecpar->width, track.codecpar->height}, m_orientation);
    m_info.format = std::string(avcodec_get_name(track.codecpar->codec_id)) + " in " +
                    containerName(m_track.source(), kind);
    m_info.duration = duration;
    m_info.frameRate = m_track.frameRate();
    m_info.variableRate = m_track.hasUnevenTimes();
    // 300 frames at 30000/1001 a second last 10.01 s, whose product must not become 299.
    const double frames = std::trunc(m_info.frameRate * duration + 1e-6);
    if (frames > double(limits.frames))
        throw m_track.source().error(Error::Code::BadMedia,
                                     "claims more frames than the limit of " +
                                         std::to_string(limits.frames) + "; cut it first");
    m_info.frameCount = std::max<int64_t>(int64_t(frames), 1);
}

int64_t FilmReader::Decoder::unitsOf(double seconds) const
{
    // Containers round times to their unit, milliseconds for instance: a frame that begins up to
    // half a unit later is the one that was meant, as long as that is little beside a frame.
    constexpr double farSeconds = 1e9;
    const double tolerance = std::min(0.5, 0.125 * double(m_track.frameUnits())) + 1e-3;
    const double time = std::isnan(seconds) ? 0 : std::clamp(seconds, 0.0, farSeconds);
    return m_origin + int64_t(std::floor(time / m_unit + tolerance));
}

Error FilmReader::Decoder::cannotDecode(int64_t time, const std::string& why,
                                        const std::string& whatToDo)
{
    const double seconds = double(time - m_origin) * m_unit;
    const auto index = int64_t(seconds * m_info.frameRate + 0.125); // times are rounded
    return m_track.source().error(Error::Code::BadMedia, "frame " + std::to_string(index) + " of " +
                                                             std::to_string(m_info.frameCount) +
                                                             ", at " + secondsText(seconds) +
                                                             ", cannot be decoded: " + why +
                                                             "; get the file again" + whatToDo);
}

/// Nothing takes the place of a frame that a cut file has lost, unless it lies just before it.
void FilmReader::Decoder::requirePresent(int64_t time)
{
    const int64_t wanted = std::min(time, m_last);
    const int64_t lastThere = m_missing - m_track.frameUnits();
    if (wanted <= lastThere || wanted - lastThere <= m_tolerance)
        return;
    const std::string there = secondsText(double(m_missing - m_origin) * m_unit);
    throw cannotDecode(wanted,
                       "the file is cut short and holds the first " + there + " of " +
                           secondsText(m_info.duration),
                       " or ask for frames before that");
}

/// The same for a stretch that is there and damaged.
void FilmReader::Decoder::requireDecoded(int64_t time)
{
    const std::optional<int64_t> wanted = m_track.lastReadBetween(m_current.time, time);
    if (!wanted || *wanted - m_current.time <= m_tolerance)
        return;
    throw cannotDecode(*wanted, "the film is damaged there",
                       ", convert it anew or ask for other frames");
}

bool FilmReader::Decoder::goTo(int64_t time, const std::stop_token& stop)
{
    const int64_t now = m_next ? m_next.time : m_current ? m_current.time : 0;
    if (m_track.interrupted() || !isBefore(time) ||
        (time > now && m_track.isWorthSeeking(time, now)))
        if (!seekBefore(time, stop))
            return false;
    while (!m_ended) {
        if (!m_next) {
            const Step step = m_track.next(m_next, stop);
            if (step == Step::Stopped)
                return false;
            m_ended = step == Step::End;
        }
        if (!m_next || m_next.time > time)
            break;
        m_current = std::move(m_next);
        m_next = {};
    }
    return true;
}

FilmReader::Decoder::Step FilmReader::Decoder::start(const std::stop_token& stop)
{
    m_current = {};
    m_next = {};
    m_ended = false;
    TimedFrame first;
    const Step step = m_track.next(first, stop);
    m_current = std::move(first);
    return step;
}

bool FilmReader::Decoder::seekBefore(int64_t time, const std::stop_token& stop)
{
    // A seek can land too late: behind a key frame whose own frames, shown earlier, need those
    // before it, or in a stretch that is broken. Then further back, in growing steps.
    const int64_t second = std::max<int64_t>(int64_t(1 / m_unit), 1);
    for (int64_t back = 0; time - back > m_origin; back = back ? 4 * back : second) {
        if (!m_track.seek(time - back))
            break; // no index to go by
        if (start(stop) == Step::Stopped)
            return false;
        if (m_current.guessed)
            break; // nothing in this film says where we are
        if (isBefore(time))
            return true;
    }
    return rewind(stop);
}

bool FilmReader::Decoder::rewind(const std::stop_token& stop)
{
    const bool sought = m_track.seek(TrackDecoder::beginning);
    Step step = sought ? start(stop) : Step::End;
    if (step != Step::Stopped && (!m_current || m_current.time != m_origin)) {
        m_track.reopen();
        step = start(stop);
    }
    if (step == Step::End)
        throw nothingDecodes();
    return step == Step::Frame;
}

FilmReader::FilmReader(const std::filesystem::path& path, const MediaLimits& limits)
{
    m_decoder = orOutOfMemory([&] {
        std::unique_ptr<MediaSource> source = openMediaFile(path);
        const MediaKind kind = recognise(*source);
        if (isPicture(kind))
            throw source->error(Error::Code::BadMedia,
                                "is a picture, not a film; add it as a picture");
        if (source->size() > limits.fileBytes)
            throw source->error(Error::Code::BadMedia, "is larger than the limit of " +
                                                           std::to_string(limits.fileBytes) +
                                                           " bytes; cut it first");
        return std::make_unique<Decoder>(std::move(source), kind, limits);
    });
}

FilmReader::~FilmReader() = default;

const MediaInfo& FilmReader::info() const
{
    return m_decoder->info();
}

double FilmReader::timeOf(int64_t index) const
{
    return double(index) / info().frameRate;
}

Image FilmReader::frameAt(double seconds, std::stop_token stop)
{
    return orOutOfMemory([&] { return m_decoder->show(seconds, stop); });
}

Image FilmReader::keyFrameBefore(double seconds, std::stop_token stop)
{
    return orOutOfMemory([&] { return m_decoder->showKeyFrame(seconds, stop); });
}

} // namespace argali
