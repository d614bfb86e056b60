#include "engine/remote/requestbody.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/remote/base64.h"
#include "engine/remote/jsonfields.h"
#include "engine/remote/jsonwriter.h"
#include "engine/remote/requestwriter.h"

namespace argali::remote {
namespace {

bool holdsAny(const std::string& text, std::initializer_list<std::string_view> words)
{
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return text.find(word) != text.npos; });
}

/// The words by which servers name a part of the request in their errors.
bool isNamed(RequestPart part, const std::string& text)
{
    // A value may be wrong too; only where the field itself is not wanted does leaving it out help.
    const bool isUnwanted =
        holdsAny(text, {"unsupported", "not support", "not supported", "unknown", "unrecognized",
                        "unexpected", "extra ", "not permitted", "not allowed", "instead"});
    switch (part) {
    case RequestPart::MediaOptions:
        return holdsAny(text,
                        {"mm_processor_kwargs", "media_io_kwargs", "trust-request-mm-kwargs"});
    case RequestPart::ThinkingBudget:
        return holdsAny(text, {"thinking_token_budget", "reasoning_config", "reasoning-config"});
    case RequestPart::ThinkingSwitch:
        return holdsAny(text, {"chat_template_kwargs", "reasoning_effort", "enable_thinking",
                               "not support thinking"});
    case RequestPart::Continuation:
        return holdsAny(text, {"continue_final_message", "add_generation_prompt", "prefill"});
    case RequestPart::CountAlong:
        return holdsAny(text, {"continuous_usage_stats"});
    case RequestPart::StreamOptions:
        return holdsAny(text, {"stream_options", "include_usage"});
    case RequestPart::CompletionLimit:
        return isUnwanted && holdsAny(text, {"max_completion_tokens"});
    case RequestPart::PlainLimit:
        return isUnwanted && holdsAny(text, {"max_tokens"});
    case RequestPart::WideSampling:
        return isUnwanted &&
               holdsAny(text, {"top_k", "min_p", "repetition_penalty", "repeat_penalty"});
    case RequestPart::Seed:
        return isUnwanted && holdsAny(text, {"seed"});
    case RequestPart::FilmFile:
        return holdsAny(text, {"video_url", "input_video"});
    }
    return false;
}

} // namespace

RequestBody chatBody(const std::vector<RemoteMessage>& messages, const RemoteOptions& options,
                     Dialect dialect, const RequestParts& refused)
{
    checkMessages(messages);
    return RequestWriter(messages, options, dialect, refused).write();
}

std::string endThinkingBody(const std::string& answerId)
{
    JsonWriter out(answerId.size() + 64);
    out.beginObject();
    out.member("id", answerId);
    out.member("action", "reasoning_end");
    out.endObject();
    return out.take();
}

std::optional<RequestPart> refusedPart(const Failure& failure, const RequestParts& sent)
{
    // 500: what vLLM says where a check of its engine fails.
    if (failure.status != 400 && failure.status != 422 && failure.status != 500)
        return std::nullopt;
    const std::string text = lowerCase(failure.detail + ' ' + failure.parameter);
    for (const RequestPart part : sent) // the more particular ones come first
        if (isNamed(part, text))
            return part;
    return std::nullopt;
}

std::string frameTime(double seconds)
{
    seconds = std::isfinite(seconds) ? std::clamp(seconds, 0.0, 360'000'000.0) : 0.0;
    const auto tenths = static_cast<long long>(std::floor(seconds * 10));
    const long long whole = tenths / 10;
    char text[48];
    if (whole >= 3600)
        std::snprintf(text, sizeof text, "%lld:%02lld:%02lld.%lld", whole / 3600, whole / 60 % 60,
                      whole % 60, tenths % 10);
    else
        std::snprintf(text, sizeof text, "%02lld:%02lld.%lld", whole / 60, whole % 60, tenths % 10);
    return text;
}

} // namespace argali::remote
