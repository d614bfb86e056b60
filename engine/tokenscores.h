#pragma once

#include <cstdint>
#include <span>

#include "engine/engine.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali {

/// How likely a chosen token was among all, and the likeliest ones, by a softmax over the logits as
/// the model gives them: before temperature, penalties and the like. Computed in double.
/// Shape: logits [V]
TokenScore scoreOf(int32_t id, std::span<const float> logits, int alternatives,
                   const Tokenizer& tokenizer);

} // namespace argali
