#pragma once

#include <nlohmann/json_fwd.hpp>

#include "engine/engine.h"

namespace argali::cli {

/// Parts of an answer with the keys that chat and eval share. Times of tokens are null without
/// tokens.
nlohmann::ordered_json usageJson(const Usage& usage);
nlohmann::ordered_json timingsJson(const Timings& timings);

} // namespace argali::cli
