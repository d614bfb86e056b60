#pragma once

#include <string_view>
#include <vector>

namespace argali::gui {

/// What one line of Markdown is, seen by itself and by what was open before it.
struct MarkdownLine {
    enum class Kind { Blank, Text, Heading, TableRow, FenceBegin, Code, FenceEnd };

    Kind kind = Kind::Text;
    int indent = 0;      ///< columns before the first mark or word
    int quotes = 0;      ///< '>' marks before the content
    char listMark = 0;   ///< '-', '+', '*', '.' or ')' when an item of a list starts here
    bool nested = false; ///< inside an item of a list or a quote
    size_t content = 0;  ///< where the text begins, after indent, quotes and list marks
};

/// Reads Markdown line by line and keeps what decides whether text is code: fences and the items of
/// lists they stand in. Everything that must agree about code asks this one reader.
/// Source: CommonMark 0.30, 4.5 (fences), 5.2 (items), without indented code
class MarkdownLineReader {
public:
    /// The next line, without its line feed.
    MarkdownLine next(std::string_view line);
    bool inFence() const { return m_fence.length > 0; }
    /// The mark of the open fence, '`' or '~'.
    char fenceMark() const { return m_fence.mark; }

private:
    struct Fence {
        char mark = 0;
        size_t length = 0;
        int item = 0; ///< content column of the item that holds it
        int quotes = 0;
    };

    bool leavesFence(std::string_view line, size_t& content) const;

    Fence m_fence;
    std::vector<int> m_items; ///< content columns of the open items, outermost first
};

} // namespace argali::gui
