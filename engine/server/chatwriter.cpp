#include "engine/server/chatwriter.h"

#include <chrono>
#include <mutex>
#include <random>

#include <nlohmann/json.hpp>

namespace argali::server {

namespace {

using nlohmann::json;

/// Not to be guessed by anybody; only to be told apart.
std::string newId(const char* prefix)
{
    static std::mutex mutex;
    static std::mt19937_64 random{std::random_device{}()};
    const std::lock_guard lock(mutex);
    char digits[40];
    std::snprintf(digits, sizeof digits, "%s%016llx", prefix,
                  static_cast<unsigned long long>(random()));
    return digits;
}

std::string event(const json& value)
{
    return "data: " + toLine(value) + "\n\n";
}

} // namespace

std::string toLine(const json& value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

ChatWriter::ChatWriter(Shape shape, std::string model)
    : m_shape(shape),
      m_model(std::move(model)),
      m_id(newId(shape == Shape::Chat ? "chatcmpl-" : "cmpl-")),
      m_created(std::chrono::duration_cast<std::chrono::seconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count())
{
}

json ChatWriter::frame(const char* object) const
{
    return {{"id", m_id},
            {"object", m_shape == Shape::Chat ? object : "text_completion"},
            {"created", m_created},
            {"model", m_model}};
}

json ChatWriter::usage(const ChatResult& result) const
{
    const Usage& usage = result.usage;
    return {{"prompt_tokens", usage.promptTokens},
            {"completion_tokens", usage.completionTokens},
            {"total_tokens", usage.promptTokens + usage.completionTokens},
            {"prompt_tokens_details",
             {{"cached_tokens", usage.promptTokens - usage.computedTokens},
              {"image_tokens", usage.visualTokens}}},
            {"completion_tokens_details", {{"reasoning_tokens", usage.thinkingTokens}}}};
}

/// Source: llama-server's field of that name
json ChatWriter::timings(const ChatResult& result) const
{
    const Usage& usage = result.usage;
    const Timings& timings = result.timings;
    return {{"cache_n", usage.promptTokens - usage.computedTokens},
            {"prompt_n", usage.computedTokens},
            {"prompt_ms", (timings.decodeMedia + timings.vision + timings.prefill).count()},
            {"predicted_n", usage.completionTokens},
            {"predicted_ms", timings.decode.count()},
            {"predicted_per_second", timings.decodeTokensPerSecond}};
}

std::string ChatWriter::whole(const ChatResult& result, const std::string& text,
                              const std::string& finishReason, const json& logprobs) const
{
    json answer = frame("chat.completion");
    json choice = {{"index", 0}, {"finish_reason", finishReason}, {"logprobs", logprobs}};
    if (m_shape == Shape::Chat) {
        choice["message"] = {{"role", "assistant"}, {"content", text}};
        if (!result.thinking.empty())
            for (const char* name : {"reasoning_content", "reasoning"})
                choice["message"][name] = result.thinking;
    } else {
        choice["text"] = text;
    }
    answer["choices"] = json::array({choice});
    answer["usage"] = usage(result);
    answer["timings"] = timings(result);
    return toLine(answer);
}

std::string ChatWriter::opening() const
{
    if (m_shape != Shape::Chat)
        return {};
    json chunk = frame("chat.completion.chunk");
    chunk["choices"] = json::array({{{"index", 0},
                                     {"delta", {{"role", "assistant"}, {"content", ""}}},
                                     {"finish_reason", nullptr}}});
    return event(chunk);
}

std::string ChatWriter::piece(bool thinking, std::string_view text, const json& logprobs) const
{
    if (thinking && m_shape != Shape::Chat)
        return {}; // has no place for it
    json chunk = frame("chat.completion.chunk");
    json choice = {{"index", 0}, {"finish_reason", nullptr}};
    if (!logprobs.is_null())
        choice["logprobs"] = logprobs;
    if (m_shape != Shape::Chat)
        choice["text"] = text;
    else if (thinking)
        choice["delta"] = {{"reasoning_content", text}, {"reasoning", text}};
    else
        choice["delta"] = {{"content", text}};
    chunk["choices"] = json::array({choice});
    return event(chunk);
}

std::string ChatWriter::progress(const Progress& progress) const
{
    json chunk = frame("chat.completion.chunk");
    chunk["choices"] = json::array();
    chunk["prompt_progress"] = {{"total", progress.total}, {"processed", progress.done}};
    return event(chunk);
}

std::string ChatWriter::closing(const ChatResult& result, const std::string& finishReason,
                                bool withUsage, const json& logprobs) const
{
    json last = frame("chat.completion.chunk");
    json choice = {{"index", 0}, {"finish_reason", finishReason}};
    if (!logprobs.is_null())
        choice["logprobs"] = logprobs;
    if (m_shape == Shape::Chat)
        choice["delta"] = json::object();
    else
        choice["text"] = "";
    last["choices"] = json::array({choice});
    last["timings"] = timings(result);
    std::string events = event(last);
    if (withUsage) {
        json counts = frame("chat.completion.chunk");
        counts["choices"] = json::array();
        counts["usage"] = usage(result);
        events += event(counts);
    }
    return events + "data: [DONE]\n\n";
}

std::string ChatWriter::failure(const std::string& failureJson)
{
    return "data: " + failureJson + "\n\ndata: [DONE]\n\n";
}

} // namespace argali::server
