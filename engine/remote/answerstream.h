#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/remote/answerdelta.h"
#include "engine/remote/answersections.h"
#include "engine/remote/jsondocuments.h"
#include "engine/remote/ssereader.h"
#include "engine/remote/thinksplitter.h"

namespace argali::remote {

/// How the body of an answer is written.
enum class AnswerFormat {
    Auto,   ///< found from its first bytes
    Events, ///< server-sent events
    Json,   ///< one JSON object, or one after the other (NDJSON)
};
/// By the header Content-Type.
AnswerFormat answerFormat(std::string_view contentType);

struct AnswerOptions {
    AnswerFormat format = AnswerFormat::Auto;
    ThinkSplitter::Beginning beginning = ThinkSplitter::Beginning::Undecided;
    bool goesOn = false; ///< its text continues one that is there: white space before it counts
    SseLimits limits{};
    int64_t answerBytes = int64_t(64) << 20; ///< of text and thinking, at most
};

/// Turns the body of a reply with status 200, in any pieces, into the steps of an answer: from
/// /v1/chat/completions and /v1/completions of any server, streamed or not, and Ollama's own /api.
/// Throws nothing of its own: what breaks the rules or the limits ends the answer with a failure.
class AnswerStream final {
public:
    explicit AnswerStream(const AnswerOptions& options = {});
    AnswerStream(const AnswerStream&) = delete;
    AnswerStream& operator=(const AnswerStream&) = delete;

    std::vector<AnswerDelta> push(std::string_view bytes);
    /// The connection ended; to be called once.
    std::vector<AnswerDelta> finish();
    /// The answer is complete or failed: what still comes does not count.
    bool isOver() const { return m_isOver; }
    /// The server's name for this answer, with which it can be talked about; empty without one.
    const std::string& id() const { return m_id; }

private:
    void read(std::string_view bytes);
    void sniff(std::string_view bytes);
    void takeEvent(const SseEvent& event);
    void takeDocument(std::string_view text);
    void takeObject(const nlohmann::json& value);
    void takeChoices(const nlohmann::json& choices);
    void takeMessage(const nlohmann::json& message);
    void takeThinking(const nlohmann::json& message);
    void takeContent(const nlohmann::json& content);
    void takeParts(const nlohmann::json& parts);
    void takeText(const std::string& text);
    void takeFieldThinking(const std::string& text);
    void takePieces(const std::vector<ThinkSplitter::Piece>& pieces);
    void takeFinish(const std::string& reason);
    void takeMeasures(const nlohmann::json& value);
    void note(NoteDelta::Kind kind, const std::string& text);
    void flush();
    void complete();
    void fail(FailureKind kind, const std::string& detail);
    void fail(const Failure& failure);

    const AnswerOptions m_options;
    AnswerFormat m_format;
    std::string m_head; ///< bytes before the format is known
    SseReader m_events;
    JsonDocuments m_documents;
    ThinkSplitter m_splitter;
    std::vector<AnswerDelta> m_deltas;
    AnswerSections m_sections;
    std::set<NoteDelta::Kind> m_notes;
    std::optional<UsageDelta> m_usage;
    std::optional<TimingsDelta> m_timings;
    std::string m_refusal;
    std::string m_id;
    int64_t m_bytes = 0;          ///< of text and thinking
    bool m_fieldThinking = false; ///< thinking has come in a field of its own
    bool m_hasObject = false;     ///< something of an answer has come
    bool m_isForeign = false;     ///< something else has come
    bool m_hasFinish = false;
    bool m_isOver = false;
};

} // namespace argali::remote
