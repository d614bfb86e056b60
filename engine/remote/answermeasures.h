#pragma once

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "engine/remote/answerdelta.h"

namespace argali::remote {

/// What an object of an answer counts: "usage", llama-server's "timings", Ollama's counts. Nothing
/// without any.
std::optional<UsageDelta> usageIn(const nlohmann::json& value);
/// What it measures: llama-server's "timings", vLLM's "metrics", LM Studio's "stats", Ollama's
/// durations. Nothing without any.
std::optional<TimingsDelta> timingsIn(const nlohmann::json& value);
/// llama-server's "prompt_progress".
std::optional<ProgressDelta> progressIn(const nlohmann::json& value);

} // namespace argali::remote
