#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/families/families.h"

namespace argali::ovis25 {

/// Ids that stand for visual positions in a prompt; none of them is a token.
enum Sentinel : int32_t {
    SoftToken = -300,
    ImageBegin = -301,
    ImageEnd = -302,
    FilmBegin = -303,
    FilmEnd = -304,
};

/// The text that closes the thinking by force.
/// Source: Ovis2.5's generate() with enable_thinking_budget
extern const char* const earlyStopText;

/// Ids of a conversation in Ovis2.5's template, with begin marker, soft tokens and end marker in
/// the place of each picture and film. Text around them is tokenised piece by piece. Throws:
/// Error::Code::BadRequest for pictures beside a film, two films, media outside a user's message, a
///         text with the end-of-text token, a last message that is not the user's
Prompt renderPrompt(const Tokenizer& tokenizer, const ChatRequest& request,
                    std::span<const VisualPart> parts, int64_t merge);

} // namespace argali::ovis25
