#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/error.h"
#include "engine/remote/linesplitter.h"

namespace argali::remote {

/// One event of a stream of server-sent events.
struct SseEvent {
    std::string type;    ///< of its "event:" line; empty: a plain message
    std::string data;    ///< its "data:" lines, joined by line feeds; UTF-8
    std::string id;      ///< the last one given, in this event or before
    bool isWhole = true; ///< false: the stream ended before the blank line that ends an event

    /// The OpenAI-style mark for the end of an answer.
    bool isDone() const;
    bool operator==(const SseEvent&) const = default;
};

/// Bounds on what a server may make us keep.
struct SseLimits {
    int64_t lineBytes = int64_t(8) << 20;
    int64_t eventBytes = int64_t(16) << 20;
};

/// Reads server-sent events from bytes that come in any pieces. Comments (pings) and unknown fields
/// are skipped, what is not UTF-8 becomes U+FFFD.
/// Source: HTML Living Standard, 9.2.6 "Interpreting an event stream"; unlike there, an event that
/// the end of the stream cuts is given too, and a line "error:" (llama-server before 2025) is data
/// of an event of that type
class SseReader final {
public:
    explicit SseReader(const SseLimits& limits = {});

    /// The events that these bytes complete; none any more after a failure.
    std::vector<SseEvent> push(std::string_view bytes);
    /// The event that was still open at the end of the stream, if any; to be called once.
    std::vector<SseEvent> finish();
    /// Error::Code::Network once a line or an event was too large.
    const std::optional<Error>& failure() const
    {
        return m_failure ? m_failure : m_lines.failure();
    }

    /// How long the server asks to wait before connecting again.
    std::optional<std::chrono::milliseconds> retry() const { return m_retry; }

private:
    void takeLine(std::string_view line, std::vector<SseEvent>& events);
    void takeField(std::string_view name, std::string value);
    void takeData(std::string&& value);
    void endEvent(std::vector<SseEvent>& events, bool isWhole);

    const SseLimits m_limits;
    LineSplitter m_lines;
    SseEvent m_event;
    bool m_hasData = false;
    std::optional<Error> m_failure;
    std::optional<std::chrono::milliseconds> m_retry;
};

} // namespace argali::remote
