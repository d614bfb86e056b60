#include "engine/remote/answerstream.h"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/remote/answermeasures.h"
#include "engine/remote/failurereading.h"
#include "engine/remote/jsonfields.h"

namespace argali::remote {
namespace {

using nlohmann::json;

constexpr size_t headBytes = 4096; // white space before an answer, at most
constexpr size_t refusalBytes = 4000;
constexpr size_t idBytes = 200;
constexpr std::array thinkingFields{"reasoning", "reasoning_content", "thinking"};

FinishDelta::Reason reasonOf(const std::string& given)
{
    using Reason = FinishDelta::Reason;
    static constexpr std::array<std::pair<std::string_view, Reason>, 14> reasons{{
        {"stop", Reason::Stop},
        {"eos", Reason::Stop},
        {"eos_token", Reason::Stop},
        {"stop_sequence", Reason::Stop},
        {"length", Reason::Length},
        {"max_tokens", Reason::Length},
        {"model_length", Reason::Length},
        {"limit", Reason::Length}, // LM Studio: the context is full
        {"content_filter", Reason::ContentFilter},
        {"tool_calls", Reason::ToolCalls},
        {"function_call", Reason::ToolCalls},
        {"abort", Reason::Aborted},
        {"error", Reason::Aborted},
        {"unload", Reason::Aborted},
    }};
    for (const auto& [name, reason] : reasons)
        if (given == name)
            return reason;
    return Reason::Other;
}

} // namespace

AnswerFormat answerFormat(std::string_view contentType)
{
    const std::string type = lowerCase(contentType.substr(0, contentType.find(';')));
    if (type.find("event-stream") != type.npos)
        return AnswerFormat::Events;
    if (type.find("json") != type.npos)
        return AnswerFormat::Json;
    return AnswerFormat::Auto;
}

AnswerStream::AnswerStream(const AnswerOptions& options)
    : m_options(options),
      m_format(options.format),
      m_events(options.limits),
      m_documents(options.limits.eventBytes),
      m_splitter(options.beginning),
      m_sections(m_deltas, options.goesOn)
{
}

std::vector<AnswerDelta> AnswerStream::push(std::string_view bytes)
{
    if (!m_isOver) {
        try {
            read(bytes);
        } catch (const Error& error) {
            fail(FailureKind::Malformed, error.what());
        }
    }
    return std::exchange(m_deltas, {});
}

std::vector<AnswerDelta> AnswerStream::finish()
{
    if (m_isOver)
        return {};
    try {
        for (const SseEvent& event : m_events.finish()) {
            // The last line may have been cut too; then it is no JSON.
            if (!m_isOver && (event.isDone() || tryServerJson(event.data)))
                takeEvent(event);
        }
        if (const auto& failure = m_events.failure())
            fail(FailureKind::Malformed, failure->what());
        if (!m_isOver && m_hasFinish)
            complete();
    } catch (const Error& error) {
        fail(FailureKind::Malformed, error.what());
    }
    if (!m_isOver && m_isForeign && !m_hasObject)
        fail(FailureKind::NotOpenAiStyle, "the server's answer is JSON of another kind");
    if (!m_isOver)
        fail(FailureKind::CutOff, "the connection ended before the answer did");
    return std::exchange(m_deltas, {});
}

void AnswerStream::read(std::string_view bytes)
{
    if (m_format == AnswerFormat::Auto) {
        sniff(bytes);
        return;
    }
    if (m_format == AnswerFormat::Events) {
        for (const SseEvent& event : m_events.push(bytes))
            if (!m_isOver)
                takeEvent(event);
    } else {
        for (const std::string& document : m_documents.push(bytes))
            if (!m_isOver)
                takeDocument(document);
    }
    for (const auto& failure : {m_events.failure(), m_documents.failure()})
        if (failure)
            fail(FailureKind::Malformed, failure->what());
}

/// Looks at the first byte that is no white space: an object begins with a brace.
void AnswerStream::sniff(std::string_view bytes)
{
    m_head += bytes;
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    if (mark.starts_with(std::string_view(m_head).substr(0, 3)) && m_head.size() < mark.size())
        return;
    const size_t first = m_head.find_first_not_of(" \t\r\n", m_head.starts_with(mark) ? 3 : 0);
    if (first == m_head.npos) {
        if (m_head.size() > headBytes)
            fail(FailureKind::NotOpenAiStyle, "the server's answer is empty lines");
        return;
    }
    // Events begin with a field (data, event, error, id, retry) or a comment.
    if (std::string_view("{deir:").find(m_head[first]) == std::string_view::npos) {
        fail(FailureKind::NotOpenAiStyle, "the server's answer is neither JSON nor events");
        return;
    }
    m_format = m_head[first] == '{' ? AnswerFormat::Json : AnswerFormat::Events;
    read(std::string_view(std::exchange(m_head, {})).substr(first));
}

void AnswerStream::takeEvent(const SseEvent& event)
{
    if (event.isDone()) {
        complete();
        return;
    }
    if (event.data.find_first_not_of(" \t\r\n") == event.data.npos)
        return; // an empty event is as good as a ping
    const json value = parseServerJson(event.data, "the server's answer");
    if (event.type == "error") {
        const auto failure = failureIn(value, 500);
        fail(failure.value_or(Failure{FailureKind::ServerError, cleanLine(event.data, 600)}));
        return;
    }
    takeObject(value);
}

void AnswerStream::takeDocument(std::string_view text)
{
    const json value = parseServerJson(text, "the server's answer");
    takeObject(value);
    if (m_isOver)
        return;
    // Ollama's last object says so; an answer that is not streamed is its only object.
    if (flagOf(value, "done") == true || member(value, "choices.0.message"))
        complete();
}

void AnswerStream::takeObject(const json& value)
{
    if (!value.is_object()) {
        note(NoteDelta::Kind::WrongType, "event");
        return;
    }
    if (const auto failure = failureIn(value, 0)) {
        fail(*failure);
        return;
    }
    const bool isKnown = member(value, "choices") || member(value, "message") ||
                         member(value, "response") || member(value, "done") ||
                         member(value, "usage") || member(value, "prompt_progress");
    (isKnown ? m_hasObject : m_isForeign) = true;
    if (const auto id = textOf(value, "id"); id && m_id.empty() && id->size() <= idBytes)
        m_id = *id;
    if (const auto progress = progressIn(value))
        m_deltas.emplace_back(*progress);
    if (const json* const choices = member(value, "choices"))
        takeChoices(*choices);
    else if (const json* const message = member(value, "message"))
        takeMessage(*message);
    else if (const json* const response = member(value, "response")) {
        takeThinking(value);
        takeContent(*response);
    }
    if (m_isOver)
        return;
    if (flagOf(value, "done") == true)
        takeFinish(textOf(value, "done_reason").value_or("stop"));
    takeMeasures(value);
}

void AnswerStream::takeChoices(const json& choices)
{
    if (!choices.is_array()) {
        note(NoteDelta::Kind::WrongType, "choices");
        return;
    }
    for (const json& choice : choices) { // none in the chunk that counts tokens
        if (!choice.is_object()) {
            note(NoteDelta::Kind::WrongType, "choices");
            continue;
        }
        if (countOf(choice, "index").value_or(0) != 0) {
            note(NoteDelta::Kind::OtherChoices, {});
            continue;
        }
        if (const json* const delta = member(choice, "delta"))
            takeMessage(*delta);
        else if (const json* const message = member(choice, "message"))
            takeMessage(*message);
        else if (const json* const text = member(choice, "text"))
            takeContent(*text);
        if (const json* const reason = member(choice, "finish_reason"); reason && !m_isOver) {
            if (reason->is_string())
                takeFinish(reason->get<std::string>());
            else
                note(NoteDelta::Kind::WrongType, "finish_reason");
        }
    }
}

void AnswerStream::takeMessage(const json& message)
{
    if (!message.is_object()) {
        note(NoteDelta::Kind::WrongType, "message");
        return;
    }
    takeThinking(message);
    if (const json* const content = member(message, "content"); content && !m_isOver)
        takeContent(*content);
    if (const json* const refusal = member(message, "refusal"); refusal && refusal->is_string())
        if (const auto& text = refusal->get_ref<const std::string&>();
            m_refusal.size() < refusalBytes)
            m_refusal += text;
    const json* const tools = member(message, "tool_calls");
    if ((tools && !tools->empty()) || member(message, "function_call"))
        note(NoteDelta::Kind::ToolCalls, {});
}

/// Servers that give the same thinking under two names give it for two kinds of clients.
void AnswerStream::takeThinking(const json& message)
{
    for (const char* const field : thinkingFields) {
        const json* const found = member(message, field);
        if (!found)
            continue;
        if (!found->is_string()) {
            note(NoteDelta::Kind::WrongType, field);
            continue;
        }
        if (const auto& text = found->get_ref<const std::string&>(); !text.empty()) {
            takeFieldThinking(text);
            return;
        }
    }
}

void AnswerStream::takeContent(const json& content)
{
    if (content.is_string())
        takeText(content.get_ref<const std::string&>());
    else if (content.is_array())
        takeParts(content);
    else
        note(NoteDelta::Kind::WrongType, "content");
}

void AnswerStream::takeParts(const json& parts)
{
    for (const json& part : parts) {
        if (m_isOver)
            return;
        if (part.is_string()) {
            takeText(part.get_ref<const std::string&>());
            continue;
        }
        const std::string type = textOf(part, "type").value_or("");
        const json* const thought = member(part, type);
        if (type == "thinking" || type == "reasoning") {
            if (thought && thought->is_string())
                takeFieldThinking(thought->get_ref<const std::string&>());
            else if (const auto text = textOf(part, "text"))
                takeFieldThinking(*text);
            else if (thought && thought->is_array())
                for (const json& inner : *thought)
                    if (const auto innerText = textOf(inner, "text"); innerText && !m_isOver)
                        takeFieldThinking(*innerText);
        } else if (const auto text = textOf(part, "text")) {
            takeText(*text);
        } else {
            note(NoteDelta::Kind::OtherPart, cleanLine(type, 40));
        }
    }
}

void AnswerStream::takeText(const std::string& text)
{
    m_bytes += static_cast<int64_t>(text.size());
    if (m_bytes > m_options.answerBytes) {
        fail(FailureKind::Malformed,
             "the answer is longer than " + std::to_string(m_options.answerBytes) + " bytes");
        return;
    }
    takePieces(m_splitter.push(text));
}

void AnswerStream::takeFieldThinking(const std::string& text)
{
    m_bytes += static_cast<int64_t>(text.size());
    if (m_bytes > m_options.answerBytes) {
        fail(FailureKind::Malformed,
             "the answer is longer than " + std::to_string(m_options.answerBytes) + " bytes");
        return;
    }
    if (!std::exchange(m_fieldThinking, true)) {
        takePieces(m_splitter.finish());
        m_splitter = ThinkSplitter(ThinkSplitter::Beginning::Answer);
    }
    m_sections.thinking(text, false);
}

void AnswerStream::takePieces(const std::vector<ThinkSplitter::Piece>& pieces)
{
    using Kind = ThinkSplitter::Piece::Kind;
    for (const auto& piece : pieces) {
        if (piece.kind == Kind::Answer)
            m_sections.text(piece.text);
        else if (piece.kind == Kind::AnswerWasThinking)
            m_sections.textWasThinking();
        else if (!m_fieldThinking || !m_sections.isTextEmpty())
            m_sections.thinking(piece.text, piece.isNewBlock);
        // else: the same once more, before the answer (llama-server's deepseek-legacy)
    }
}

void AnswerStream::takeFinish(const std::string& reason)
{
    if (m_hasFinish)
        return;
    flush();
    m_hasFinish = true;
    m_deltas.emplace_back(FinishDelta{reasonOf(reason), cleanLine(reason, 60)});
}

void AnswerStream::takeMeasures(const json& value)
{
    // Servers that count along repeat themselves.
    if (const auto usage = usageIn(value); usage && usage != m_usage) {
        m_usage = usage;
        m_deltas.emplace_back(*usage);
    }
    if (const auto timings = timingsIn(value); timings && timings != m_timings) {
        m_timings = timings;
        m_deltas.emplace_back(*timings);
    }
}

void AnswerStream::note(NoteDelta::Kind kind, const std::string& text)
{
    if (m_notes.insert(kind).second)
        m_deltas.emplace_back(NoteDelta{kind, text});
}

/// Gives what was held back.
void AnswerStream::flush()
{
    takePieces(m_splitter.finish());
    if (!m_refusal.empty())
        note(NoteDelta::Kind::Refusal, cleanLine(std::exchange(m_refusal, {}), refusalBytes));
}

void AnswerStream::complete()
{
    if (!m_hasObject) {
        fail(FailureKind::Malformed, "the server's answer ended before it began");
        return;
    }
    flush();
    if (!m_hasFinish)
        m_deltas.emplace_back(FinishDelta{});
    m_isOver = true;
}

void AnswerStream::fail(FailureKind kind, const std::string& detail)
{
    Failure failure;
    failure.kind = kind;
    failure.detail = cleanLine(detail, 600);
    fail(failure);
}

void AnswerStream::fail(const Failure& failure)
{
    if (m_isOver)
        return;
    flush();
    m_deltas.emplace_back(FailureDelta{failure});
    m_isOver = true;
}

} // namespace argali::remote
