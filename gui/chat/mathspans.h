#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace argali::gui {

/// One formula in a text.
struct MathSpan {
    std::string tex;    ///< for KaTeX; environments keep their \begin and \end
    std::string source; ///< with its delimiters, for copies and for formulas that fail
    bool display = false;
};

/// Markdown whose formulas are replaced by placeholders that no text from outside can contain.
struct MathText {
    std::string text;
    std::vector<MathSpan> spans;
};

/// Takes the formulas out of one block of Markdown, and writes the rest so that md4c reads what
/// people mean: emphasis beside Chinese punctuation, short rules of tables, and "]:" as text, since
/// the definition of a link reference would hide text and could be in another block than its use.
MathText takeMath(std::string_view markdown);

inline constexpr size_t noSpan = size_t(-1);

/// Length of the placeholder that begins at this place of text, or 0, and which span it stands for;
/// noSpan for a mark that stands for nothing and is left out.
size_t placeholderAt(std::string_view text, size_t at, size_t& span);

/// Puts the sources of formulas back, for places where Markdown allows none (code, addresses).
std::string withoutPlaceholders(std::string_view text, const std::vector<MathSpan>& spans);

} // namespace argali::gui
