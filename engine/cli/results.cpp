#include "engine/cli/results.h"

#include <nlohmann/json.hpp>

namespace argali::cli {

namespace {

/// Nothing took no time: what there was none of is null.
nlohmann::ordered_json orNull(double value)
{
    return value > 0 ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

} // namespace

nlohmann::ordered_json usageJson(const Usage& usage)
{
    return {{"prompt_tokens", usage.promptTokens},
            {"visual_tokens", usage.visualTokens},
            {"thinking_tokens", usage.thinkingTokens},
            {"completion_tokens", usage.completionTokens}};
}

nlohmann::ordered_json timingsJson(const Timings& timings)
{
    return {{"load_ms", timings.load.count()},
            {"decode_media_ms", timings.decodeMedia.count()},
            {"vision_ms", timings.vision.count()},
            {"prefill_ms", timings.prefill.count()},
            {"first_token_ms", orNull(timings.firstToken.count())},
            {"decode_ms", orNull(timings.decode.count())},
            {"decode_tokens_per_second", orNull(timings.decodeTokensPerSecond)}};
}

} // namespace argali::cli
