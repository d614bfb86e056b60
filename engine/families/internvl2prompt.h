#pragma once

#include <span>

#include "engine/families/families.h"
#include "engine/families/internvl2config.h"

namespace argali::internvl2 {

/// What stands for a visual position in a prompt.
constexpr int32_t visualRow = -1;

/// Ids of a conversation. The pictures of a message stand before its text, several of them
/// numbered, as are the frames of a film. beginId: put in front where the model has it. Throws:
/// Error::Code::BadRequest for pictures outside a user's message, a last message that is not the
///         user's
Prompt renderPrompt(const Tokenizer& tokenizer, const ChatRequest& request,
                    std::span<const VisualPart> parts, const Dimensions& d,
                    std::optional<int32_t> beginId);

} // namespace argali::internvl2
