#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/engine.h"

namespace argali::server {

/// The answers of one request in the shape of OpenAI's API: whole, or as the events of a stream.
/// Thinking is in reasoning_content and in reasoning, as clients differ.
class ChatWriter final {
public:
    enum class Shape { Chat, Completion };
    ChatWriter(Shape shape, std::string model);

    /// The whole answer. text and thinking as they passed the stops.
    std::string whole(const ChatResult& result, const std::string& text,
                      const std::string& finishReason, const nlohmann::json& logprobs = {}) const;
    /// The first event of a stream; empty where there is none.
    std::string opening() const;
    std::string piece(bool thinking, std::string_view text,
                      const nlohmann::json& logprobs = {}) const;
    /// How far the prompt is; not part of OpenAI's API, llama-server has the same.
    std::string progress(const Progress& progress) const;
    /// The last events: why it ended, with usage where that is wanted, and the mark of the end.
    std::string closing(const ChatResult& result, const std::string& finishReason, bool withUsage,
                        const nlohmann::json& logprobs = {}) const;
    /// An error in the midst of a stream, and the mark of the end.
    static std::string failure(const std::string& failureJson);

private:
    nlohmann::json frame(const char* object) const;
    nlohmann::json usage(const ChatResult& result) const;
    nlohmann::json timings(const ChatResult& result) const;

    const Shape m_shape;
    const std::string m_model;
    const std::string m_id;
    const int64_t m_created; ///< seconds since 1970
};

/// JSON as one line; what is no UTF-8 in it becomes U+FFFD.
std::string toLine(const nlohmann::json& value);

} // namespace argali::server
