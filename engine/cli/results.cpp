#include "engine/cli/results.h"

namespace argali::cli {

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
            {"first_token_ms", timings.firstToken.count()},
            {"decode_ms", timings.decode.count()},
            {"decode_tokens_per_second", timings.decodeTokensPerSecond}};
}

} // namespace argali::cli
