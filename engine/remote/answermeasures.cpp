#include "engine/remote/answermeasures.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/remote/jsonfields.h"

namespace argali::remote {
namespace {

using nlohmann::json;
using Duration = TimingsDelta::Duration;

/// The first of the fields that is there, times a unit given in milliseconds.
std::optional<Duration> durationOf(const json& value, std::string_view path, double unit)
{
    const auto amount = amountOf(value, path);
    if (!amount)
        return std::nullopt;
    return Duration(*amount * unit);
}

constexpr double milliseconds = 1;
constexpr double seconds = 1e3;
constexpr double nanoseconds = 1e-6;

} // namespace

std::optional<UsageDelta> usageIn(const json& value)
{
    UsageDelta usage;
    if (const json* const counts = member(value, "usage"); counts && counts->is_object()) {
        usage.promptTokens = countOf(*counts, "prompt_tokens");
        usage.cachedTokens = countOf(*counts, "prompt_tokens_details.cached_tokens");
        usage.completionTokens = countOf(*counts, "completion_tokens");
        usage.thinkingTokens = countOf(*counts, "completion_tokens_details.reasoning_tokens");
    } else if (member(value, "timings")) {
        // What was in the cache is not in prompt_n.
        usage.cachedTokens = countOf(value, "timings.cache_n");
        usage.promptTokens = countOf(value, "timings.prompt_n");
        if (usage.promptTokens && usage.cachedTokens)
            *usage.promptTokens += *usage.cachedTokens;
        usage.completionTokens = countOf(value, "timings.predicted_n");
    } else if (member(value, "done")) {
        usage.promptTokens = countOf(value, "prompt_eval_count");
        usage.completionTokens = countOf(value, "eval_count");
    }
    if (usage == UsageDelta{})
        return std::nullopt;
    return usage;
}

std::optional<TimingsDelta> timingsIn(const json& value)
{
    TimingsDelta timings;
    if (const json* const llama = member(value, "timings")) {
        timings.prompt = durationOf(*llama, "prompt_ms", milliseconds);
        timings.decode = durationOf(*llama, "predicted_ms", milliseconds);
        timings.tokensPerSecond = amountOf(*llama, "predicted_per_second");
    } else if (const json* const metrics = member(value, "metrics")) {
        timings.queue = durationOf(*metrics, "queue_time_ms", milliseconds);
        timings.firstToken = durationOf(*metrics, "time_to_first_token_ms", milliseconds);
        timings.decode = durationOf(*metrics, "generation_time_ms", milliseconds);
        timings.tokensPerSecond = amountOf(*metrics, "tokens_per_second");
    } else if (const json* const stats = member(value, "stats")) {
        timings.firstToken = durationOf(*stats, "time_to_first_token", seconds);
        timings.decode = durationOf(*stats, "generation_time", seconds);
        timings.tokensPerSecond = amountOf(*stats, "tokens_per_second");
    } else if (member(value, "done")) {
        timings.load = durationOf(value, "load_duration", nanoseconds);
        timings.prompt = durationOf(value, "prompt_eval_duration", nanoseconds);
        timings.decode = durationOf(value, "eval_duration", nanoseconds);
        const auto count = countOf(value, "eval_count");
        if (count && timings.decode && timings.decode->count() > 0)
            timings.tokensPerSecond = static_cast<double>(*count) * 1e3 / timings.decode->count();
    }
    if (timings == TimingsDelta{})
        return std::nullopt;
    return timings;
}

std::optional<ProgressDelta> progressIn(const json& value)
{
    const auto total = countOf(value, "prompt_progress.total");
    const auto done = countOf(value, "prompt_progress.processed");
    if (!total || !done)
        return std::nullopt;
    return ProgressDelta{std::min(*done, *total), *total};
}

} // namespace argali::remote
