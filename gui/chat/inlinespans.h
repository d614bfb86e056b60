#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace argali::gui {

/// A stretch of Markdown in which nothing else can begin.
struct InlineSpan {
    enum class Kind { Text, Code, Math };
    Kind kind = Kind::Text;
    size_t begin = 0;
    size_t end = 0;
    size_t texBegin = 0; ///< of formulas
    size_t texEnd = 0;
    bool display = false;
};

/// A construct that was begun but not ended where the text ends.
struct UnfinishedSpan {
    InlineSpan::Kind kind = InlineSpan::Kind::Text;
    size_t begin = 0;
    size_t length = 0;      ///< of what opens it
    bool isCertain = false; ///< false for a dollar sign, which may be a price
};

/// What scanInline() found: spans in order that cover the text, and in the last paragraph what is
/// still open (the first such place).
struct InlineSpans {
    std::vector<InlineSpan> spans;
    std::vector<UnfinishedSpan> unfinished;
};

/// Tells text, code and formulas apart in one block of Markdown, in time linear in its length.
/// Formulas are \( \), \[ \], $ $, $$ $$ and amsmath environments, outside code, without blank
/// lines in them; a dollar sign opens one only as Pandoc has it: no space behind the opening one,
/// none before the closing one, no digit behind that.
/// Source: Pandoc user's guide, tex_math_dollars and tex_math_single_backslash
InlineSpans scanInline(std::string_view markdown);

} // namespace argali::gui
