#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/families/families.h"
#include "engine/families/llava15config.h"

namespace argali::llava15 {

/// Names of the prompt's templates, the default first.
/// Source: LLaVA's conversation.py (vicuna_v1 and llava_v1) and the chat template of llava-hf
std::vector<std::string> templateNames();

/// What stands for a visual position in a prompt.
constexpr int32_t visualRow = -200;

/// Ids of a conversation. The pictures of a message stand before its text; a film is its frames as
/// pictures. Throws: Error::Code::BadRequest for pictures outside a user's message, a last message
/// that is not the
///         user's, an unknown template
Prompt renderPrompt(const Tokenizer& tokenizer, const ChatRequest& request,
                    std::span<const VisualPart> parts, const Dimensions& d);

} // namespace argali::llava15
