#pragma once

#include <cstddef>
#include <string_view>

namespace argali {

/// The expression that the published Qwen2 and Qwen3 tokenizers split text with.
/// Source: tokenizer.json of Qwen2, pre_tokenizer
extern const std::string_view qwenExpression;

/// End of the match of qwenExpression that begins at byte begin, which must lie inside text. The
/// matches follow one another without gaps, so this is also where the next one begins.
/// text is UTF-8. Time over a whole text is linear.
size_t qwenPieceEnd(std::string_view text, size_t begin);

} // namespace argali
