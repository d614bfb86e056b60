#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <QStringEncoder>

#include "gui/chat/markdownlines.h"

namespace argali::gui {

/// Splits Markdown that arrives piece by piece into top-level blocks. Where blocks end depends on
/// the text alone, never on how it was cut into pieces, and a finished block never changes; so an
/// answer rendered while it is written ends as the same page as one rendered at once.
class MarkdownBlocks {
public:
    void append(QStringView piece);
    /// Nothing belongs to the open block any more: it is finished too. More text begins a new one.
    void finish();

    /// Blocks that cannot change any more.
    size_t finishedCount() const { return m_ends.size(); }
    std::string_view finished(size_t index) const;
    /// What may still change, in UTF-8.
    std::string_view open() const { return std::string_view(m_text).substr(openBegin()); }
    /// All of the text.
    const std::string& text() const { return m_text; }

private:
    enum class Kind { Empty, Text, List };

    size_t openBegin() const { return m_ends.empty() ? 0 : m_ends.back(); }
    void readLines();
    bool beginsBlock(std::string_view line) const;
    void takeLine(size_t end);
    void endBlock(size_t end);

    QStringEncoder m_encode{QStringEncoder::Utf8}; // keeps half a surrogate pair for the next piece
    std::string m_text;
    std::vector<size_t> m_ends;
    size_t m_lineBegin = 0;
    size_t m_seen = 0; ///< no line feed before this
    MarkdownLineReader m_reader;
    Kind m_kind = Kind::Empty;
    char m_listMark = 0;
    bool m_blankBefore = false;
};

} // namespace argali::gui
