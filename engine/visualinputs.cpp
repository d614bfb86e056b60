#include "engine/visualinputs.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "engine/log.h"

namespace argali {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t keptBytesLimit = int64_t(256) << 20;
constexpr size_t sourcesLimit = 4096;
constexpr size_t framesLimit = 1024;

/// Adds the time until its end to a sum.
class Stopwatch final {
public:
    explicit Stopwatch(Timings::Duration& sum) : m_sum(sum) {}
    ~Stopwatch() { m_sum += Clock::now() - m_begin; }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    Timings::Duration& m_sum;
    Clock::time_point m_begin = Clock::now();
};

/// Not cryptographic: it tells a user's pictures apart, nobody gains by making two collide.
FrameKey hashOf(const Image& image, const VisualPart& part)
{
    FrameKey key{0x9E3779B97F4A7C15U, 0xC2B2AE3D27D4EB4FU};
    const auto add = [&key](uint64_t word) {
        key.high = (key.high ^ word) * 0xFF51AFD7ED558CCDU;
        key.high ^= key.high >> 32;
        key.low = (key.low + word) * 0xC4CEB9FE1A85EC53U;
        key.low ^= key.low >> 29;
    };
    add(static_cast<uint64_t>(image.width()) << 32 | static_cast<uint32_t>(image.height()));
    add(static_cast<uint64_t>(part.size.width) << 32 | static_cast<uint32_t>(part.size.height));
    add(static_cast<uint64_t>(part.tiles[0]) << 32 | static_cast<uint32_t>(part.tiles[1]));
    add(static_cast<uint64_t>(part.variant) << 1 | (part.thumbnail ? 1 : 0));
    const std::span<const uint8_t> pixels = image.pixels();
    size_t at = 0;
    for (; at + 8 <= pixels.size(); at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, pixels.data() + at, 8);
        add(word);
    }
    uint64_t rest = 0;
    std::memcpy(&rest, pixels.data() + at, pixels.size() - at);
    add(rest);
    return key;
}

/// Names a file with its length and date; empty when they cannot be read.
std::string sourceOf(const std::filesystem::path& path)
{
    std::error_code failure;
    const auto bytes = std::filesystem::file_size(path, failure);
    if (failure)
        return {};
    const auto date = std::filesystem::last_write_time(path, failure);
    if (failure)
        return {};
    return path.string() + '\n' + std::to_string(bytes) + '\n' +
           std::to_string(date.time_since_epoch().count());
}

/// Times up to the end of the film, and a frame beyond: durations are rounded.
/// Throws: Error::Code::BadRequest
void requireWithin(const std::vector<double>& times, const MediaInfo& film,
                   const std::filesystem::path& path)
{
    const double frame = film.frameRate > 0 ? 1 / film.frameRate : 0;
    const auto text = [](double seconds) {
        char digits[32];
        std::snprintf(digits, sizeof digits, "%.6g", seconds);
        return std::string(digits);
    };
    for (const double seconds : times)
        if (!(seconds >= 0) || (film.duration > 0 && seconds > film.duration + frame))
            throw Error(Error::Code::BadRequest, path.string() + ": there is no frame at " +
                                                     text(seconds) + " s, the film lasts " +
                                                     text(film.duration) +
                                                     " s; choose times from 0 to that");
}

ImageSize sizeOf(const PictureSource& picture)
{
    return picture.pixels ? ImageSize{picture.pixels->width(), picture.pixels->height()}
                          : probeMedia(picture.path).size;
}

/// Which frames to take; fewer than asked for where all of them would leave no room for a question:
/// then as many as leave a quarter of the model's positions.
std::vector<int64_t> framesWithinContext(const Family& family, const ChatRequest& request,
                                         const MediaInfo& film, int count)
{
    std::vector<int64_t> frames = sampleFrames(film.frameCount, count, film.duration);
    const int64_t context = family.info().context;
    const int64_t rows = family.rowsOf(family.fit(film.size, 1, request));
    if (rows < 1 || std::ssize(frames) * rows < context)
        return frames;
    const int64_t fitting = std::max<int64_t>(1, context / 4 * 3 / rows);
    log(LogLevel::Warning, std::to_string(frames.size()) + " frames take more than the model's " +
                               std::to_string(context) + " positions; taken are " +
                               std::to_string(fitting));
    return sampleFrames(film.frameCount, static_cast<int>(fitting), film.duration);
}

} // namespace

std::vector<VisualInput> VisualInputs::open(const ChatRequest& request) const
{
    std::vector<VisualInput> inputs;
    for (const Message& message : request.messages)
        for (const ContentItem& item : message.content) {
            if (item.type == ContentItem::Type::Text)
                continue;
            VisualInput input;
            const bool film = item.type == ContentItem::Type::Film;
            if (film && item.film.frames.empty()) {
                const std::string source = sourceOf(item.film.path);
                input.m_film = std::make_unique<FilmReader>(item.film.path);
                const MediaInfo& info = input.m_film->info();
                input.m_size = info.size;
                std::vector<double> times = item.film.times;
                requireWithin(times, info, item.film.path);
                if (item.film.frameCount < 0)
                    throw Error(Error::Code::BadRequest, "a film needs 0 or more frames, not " +
                                                             std::to_string(item.film.frameCount));
                if (times.empty())
                    for (const int64_t index :
                         framesWithinContext(m_family, request, info, item.film.frameCount))
                        times.push_back(input.m_film->timeOf(index));
                for (const double seconds : times)
                    input.m_frames.push_back(
                        {{},
                         seconds,
                         source.empty() ? "" : source + '\n' + std::to_string(seconds)});
            } else {
                const std::vector<PictureSource> pictures =
                    film ? item.film.frames : std::vector{item.picture};
                input.m_size = sizeOf(pictures.front());
                for (const PictureSource& picture : pictures)
                    input.m_frames.push_back(
                        {picture, 0, picture.pixels ? "" : sourceOf(picture.path)});
            }
            if (input.m_frames.size() > framesLimit)
                throw Error(Error::Code::BadRequest, std::to_string(input.m_frames.size()) +
                                                         " frames of a film; at most " +
                                                         std::to_string(framesLimit));
            input.m_part = m_family.fit(
                input.m_size, film ? static_cast<int64_t>(input.m_frames.size()) : 0, request);
            for (VisualInput::Frame& frame : input.m_frames)
                if (!frame.source.empty())
                    frame.source += '\n' + std::to_string(input.m_part.size.width) + 'x' +
                                    std::to_string(input.m_part.size.height) + ' ' +
                                    std::to_string(input.m_part.tileCount()) + ' ' +
                                    std::to_string(input.m_part.variant);
            inputs.push_back(std::move(input));
        }
    return inputs;
}

std::shared_ptr<const Image> VisualInputs::decode(VisualInput& input, int64_t i,
                                                  std::stop_token stop)
{
    const VisualInput::Frame& frame = input.m_frames.at(static_cast<size_t>(i));
    if (frame.picture.pixels)
        return frame.picture.pixels;
    const Stopwatch watch(m_decodeTime);
    auto image = std::make_shared<const Image>(
        input.m_film ? input.m_film->frameAt(frame.seconds, stop)
                     : readPicture(frame.picture.path, Orientation::Upright, stop));
    if (stop.stop_requested() || image->isEmpty())
        return nullptr;
    if (!input.m_part.film && ImageSize{image->width(), image->height()} != input.m_size)
        throw Error(Error::Code::BadMedia,
                    frame.picture.path.string() + ": the header says " +
                        std::to_string(input.m_size.width) + " x " +
                        std::to_string(input.m_size.height) + " pixels, the picture has " +
                        std::to_string(image->width()) + " x " + std::to_string(image->height()));
    return image;
}

FrameKey VisualInputs::ofVariant(FrameKey key) const
{
    key.high ^= m_variant * 0x9E3779B97F4A7C15U;
    return key;
}

std::optional<FrameKey> VisualInputs::keyOf(VisualInput& input, int64_t i,
                                            const ProgressSink& progress, std::stop_token stop)
{
    const std::string& source = input.m_frames.at(static_cast<size_t>(i)).source;
    if (!source.empty())
        if (const auto known = m_keysBySource.find(source); known != m_keysBySource.end())
            return ofVariant(known->second);
    std::shared_ptr<const Image> image = decode(input, i, stop);
    if (!image)
        return std::nullopt;
    const FrameKey content = hashOf(*image, input.m_part);
    const FrameKey key = ofVariant(content);
    if (!use(key) && encode(input, key, std::move(image), progress, stop).isEmpty())
        return std::nullopt;
    if (!source.empty()) {
        if (m_keysBySource.size() >= sourcesLimit)
            m_keysBySource.clear(); // pictures are decoded once more, nothing is lost
        m_keysBySource.emplace(source, content);
    }
    return key;
}

std::optional<FrameKey> VisualInputs::knownKey(const VisualInput& input, int64_t i) const
{
    const auto known = m_keysBySource.find(input.m_frames.at(static_cast<size_t>(i)).source);
    return known == m_keysBySource.end() ? std::nullopt : std::optional(ofVariant(known->second));
}

Tensor VisualInputs::tokensOf(VisualInput& input, int64_t i, const ProgressSink& progress,
                              std::stop_token stop)
{
    const std::optional<FrameKey> key = keyOf(input, i, progress, stop);
    if (!key)
        return {};
    if (const Tensor* tokens = use(*key))
        return *tokens;
    std::shared_ptr<const Image> image = decode(input, i, stop);
    return image ? encode(input, *key, std::move(image), progress, stop) : Tensor();
}

Tensor VisualInputs::encode(VisualInput& input, const FrameKey& key,
                            std::shared_ptr<const Image> image, const ProgressSink& progress,
                            std::stop_token stop)
{
    const Stopwatch watch(m_visionTime);
    const Tensor patches = m_family.preprocess(input.m_part, {&image, 1}, stop);
    image.reset(); // a large picture's pixels are not held while it is encoded
    if (patches.isEmpty())
        return {};
    const Tensor features = m_family.encode(input.m_part, patches, progress, stop);
    if (features.isEmpty())
        return {};
    Tensor tokens = m_family.project(features, stop);
    if (!tokens.isEmpty()) {
        m_op.wait(); // the time below is the pictures', not the prompt's
        ++m_encodedFrames;
        m_encodedTokens += tokens.dim(0);
        keep(key, tokens);
    }
    return tokens;
}

Tensor VisualInputs::pixelValuesOf(VisualInput& input, int64_t i, std::stop_token stop)
{
    const std::shared_ptr<const Image> image = decode(input, i, stop);
    if (!image)
        return {};
    const Tensor patches = m_family.preprocess(input.m_part, {&image, 1}, stop);
    return patches.isEmpty() ? patches : m_family.asReference(input.m_part, m_op.download(patches));
}

Tensor* VisualInputs::use(const FrameKey& key)
{
    const auto kept = m_kept.find(key);
    if (kept == m_kept.end())
        return nullptr;
    m_uses.splice(m_uses.begin(), m_uses, kept->second.use);
    kept->second.request = m_request;
    return &kept->second.tokens;
}

void VisualInputs::keep(const FrameKey& key, const Tensor& tokens)
{
    m_uses.push_front(key);
    m_kept[key] = {tokens, m_uses.begin(), m_request};
    m_keptBytes += tokens.bytes();
    while (m_keptBytes > keptBytesLimit) {
        const auto oldest = m_kept.find(m_uses.back());
        if (oldest->second.request == m_request)
            break; // this request needs them all
        m_keptBytes -= oldest->second.tokens.bytes();
        m_kept.erase(oldest);
        m_uses.pop_back();
    }
}

void VisualInputs::beginRequest()
{
    ++m_request;
    m_encodedTokens = 0;
    m_decodeTime = {};
    m_visionTime = {};
}

} // namespace argali
