#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/families/families.h"
#include "engine/media/mediareader.h"

namespace argali {

/// 128 bits that stand for the pixels of one frame and the size the model gets them in.
struct FrameKey {
    uint64_t high = 0;
    uint64_t low = 0;
    auto operator<=>(const FrameKey&) const = default;
};

/// One picture or film of a request: opened, measured, not yet decoded.
class VisualInput final {
public:
    const VisualPart& part() const { return m_part; }
    int64_t frames() const { return m_part.grid[0]; }
    ImageSize originalSize() const { return m_size; }

private:
    friend class VisualInputs;

    struct Frame {
        PictureSource picture; // of a picture, or of a film given as pictures
        double seconds = 0;    // of a frame of m_film
        std::string source;    // what is read, with its date: an unchanged one is not decoded again
    };

    VisualPart m_part;
    ImageSize m_size;                   // of the source
    std::unique_ptr<FilmReader> m_film; // for films that are files
    std::vector<Frame> m_frames;
};

/// Turns the pictures and films of requests into soft tokens and remembers them by content, so that
/// the same frame is encoded once however often it is asked about. Thread: engine
class VisualInputs final {
public:
    /// Both must outlive this object.
    VisualInputs(Backend& op, Family& family) : m_op(op), m_family(family) {}

    /// Opens everything in order of appearance; reads headers only.
    /// Throws: Error::Code::Missing, BadMedia, BadRequest
    std::vector<VisualInput> open(const ChatRequest& request) const;

    /// Frames of one variant are not those of another: their soft tokens are made in different
    /// ways.
    void setVariant(uint64_t variant) { m_variant = variant; }

    /// Starts a request: frames that it uses are kept at least until the next one.
    void beginRequest();

    /// What frame i holds. A frame that was never seen is decoded and encoded now, so that it is
    /// decoded only once. Nothing once stopped. Throws: Error::Code::Missing, BadMedia
    std::optional<FrameKey> keyOf(VisualInput& input, int64_t i, const ProgressSink& progress,
                                  std::stop_token stop);
    /// The same without looking: nothing for a frame that was never seen.
    std::optional<FrameKey> knownKey(const VisualInput& input, int64_t i) const;
    /// Whether the soft tokens of a frame are there.
    bool isKept(const FrameKey& key) const { return m_kept.contains(key); }
    /// Soft tokens of frame i: decoded and encoded unless they are kept. Empty once stopped.
    /// Shape:  -> [tokens, D]
    Tensor tokensOf(VisualInput& input, int64_t i, const ProgressSink& progress,
                    std::stop_token stop);
    /// The model's input for frame i, for comparison with a reference, in its arrangement.
    Tensor pixelValuesOf(VisualInput& input, int64_t i, std::stop_token stop);

    int64_t encodedFrames() const { return m_encodedFrames; } ///< times that the vision encoder ran
    int64_t encodedTokens() const { return m_encodedTokens; } ///< since beginRequest()
    Timings::Duration decodeTime() const { return m_decodeTime; }
    Timings::Duration visionTime() const { return m_visionTime; }

private:
    struct Kept {
        Tensor tokens;
        std::list<FrameKey>::iterator use;
        int64_t request = 0; // the last one that used it
    };

    FrameKey ofVariant(FrameKey key) const;
    std::shared_ptr<const Image> decode(VisualInput& input, int64_t i, std::stop_token stop);
    Tensor encode(VisualInput& input, const FrameKey& key, std::shared_ptr<const Image> image,
                  const ProgressSink& progress, std::stop_token stop);
    Tensor* use(const FrameKey& key);
    void keep(const FrameKey& key, const Tensor& tokens);

    Backend& m_op;
    Family& m_family;
    uint64_t m_variant = 0;
    std::map<std::string, FrameKey, std::less<>> m_keysBySource; // of no variant
    std::map<FrameKey, Kept> m_kept;
    std::list<FrameKey> m_uses; // most recent first
    int64_t m_keptBytes = 0;
    int64_t m_request = 0;
    int64_t m_encodedFrames = 0;
    int64_t m_encodedTokens = 0;
    Timings::Duration m_decodeTime{};
    Timings::Duration m_visionTime{};
};

} // namespace argali
