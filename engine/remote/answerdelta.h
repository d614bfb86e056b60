#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "engine/remote/failure.h"

namespace argali::remote {

/// A piece of the answer: whole UTF-8 characters.
struct TextDelta {
    std::string text;
    bool operator==(const TextDelta&) const = default;
};

/// A piece of the thinking; blocks count from 0, in order.
struct ThinkingDelta {
    std::string text;
    int block = 0;
    bool operator==(const ThinkingDelta&) const = default;
};

/// All that came as answer up to here was thinking that nobody had opened: it is block 0.
struct TextWasThinkingDelta {
    bool operator==(const TextWasThinkingDelta&) const = default;
};

/// Why the answer ended. What is counted and measured may still follow.
struct FinishDelta {
    enum class Reason {
        Stop,
        Length,
        ContentFilter,
        ToolCalls,
        Aborted, ///< on the server's side
        Other,   ///< a reason we do not know
        Unknown, ///< the server gave none
    };
    Reason reason = Reason::Unknown;
    std::string given; ///< the server's word for it
    bool operator==(const FinishDelta&) const = default;
};

/// What the server counted so far; what it does not say is not there.
struct UsageDelta {
    std::optional<int64_t> promptTokens;
    std::optional<int64_t> cachedTokens; ///< of the prompt
    std::optional<int64_t> completionTokens;
    std::optional<int64_t> thinkingTokens; ///< of the completion
    bool operator==(const UsageDelta&) const = default;
};

/// What the server measured.
struct TimingsDelta {
    using Duration = std::chrono::duration<double, std::milli>;
    std::optional<Duration> load;
    std::optional<Duration> queue;
    std::optional<Duration> prompt;
    std::optional<Duration> firstToken;
    std::optional<Duration> decode;
    std::optional<double> tokensPerSecond; ///< while decoding
    bool operator==(const TimingsDelta&) const = default;
};

/// How much of the prompt has been computed.
struct ProgressDelta {
    int64_t done = 0;
    int64_t total = 0;
    bool operator==(const ProgressDelta&) const = default;
};

/// Something in the answer that is left out; each kind comes once in an answer.
struct NoteDelta {
    enum class Kind {
        ToolCalls,    ///< we offer no tools
        Refusal,      ///< the model refused in a field of its own; text is what it said
        OtherChoices, ///< more than one answer
        OtherPart,    ///< a part of the content that is no text
        WrongType,    ///< a field of a type it cannot have; text names it
    };
    Kind kind = Kind::WrongType;
    std::string text;
    bool operator==(const NoteDelta&) const = default;
};

/// The answer ended with an error; what came before it stays.
struct FailureDelta {
    Failure failure;
    bool operator==(const FailureDelta&) const = default;
};

/// One step of an answer. Each answer has one FinishDelta, or a FailureDelta as its last.
using AnswerDelta = std::variant<TextDelta, ThinkingDelta, TextWasThinkingDelta, FinishDelta,
                                 UsageDelta, TimingsDelta, ProgressDelta, NoteDelta, FailureDelta>;

} // namespace argali::remote
