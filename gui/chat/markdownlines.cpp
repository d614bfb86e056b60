#include "gui/chat/markdownlines.h"

#include <algorithm>

namespace argali::gui {
namespace {

constexpr int tabWidth = 4;
constexpr size_t mostItems = 64; // deeper lists are text to everybody

struct LineCursor {
    std::string_view line;
    size_t at = 0;
    int column = 0;

    char mark() const { return at < line.size() ? line[at] : '\0'; }
    void step()
    {
        column = line[at] == '\t' ? (column / tabWidth + 1) * tabWidth : column + 1;
        ++at;
    }
    void skipSpaces()
    {
        while (mark() == ' ' || mark() == '\t')
            step();
    }
};

bool isSpaceOrEnd(std::string_view line, size_t at)
{
    return at >= line.size() || line[at] == ' ' || line[at] == '\t';
}

/// Length of a list mark at this place with the character that tells one list from another, or 0.
size_t listMarkLength(std::string_view line, size_t at, char& kind)
{
    const char first = at < line.size() ? line[at] : '\0';
    if (first == '-' || first == '+' || first == '*') {
        kind = first;
        return isSpaceOrEnd(line, at + 1) ? 1 : 0;
    }
    size_t digits = 0;
    while (at + digits < line.size() && line[at + digits] >= '0' && line[at + digits] <= '9')
        ++digits;
    if (digits == 0 || digits > 9 || at + digits >= line.size())
        return 0;
    kind = line[at + digits];
    if ((kind != '.' && kind != ')') || !isSpaceOrEnd(line, at + digits + 1))
        return 0;
    return digits + 1;
}

/// "---", "* * *" and the like are rules, not lists.
bool isRule(std::string_view line, size_t at)
{
    const char mark = line[at];
    int count = 0;
    for (; at < line.size(); ++at) {
        if (line[at] == mark)
            ++count;
        else if (line[at] != ' ' && line[at] != '\t')
            return false;
    }
    return count >= 3;
}

size_t runLength(std::string_view line, size_t at)
{
    size_t end = at;
    while (end < line.size() && line[end] == line[at])
        ++end;
    return end - at;
}

bool isHeading(std::string_view line, size_t at)
{
    if (at >= line.size() || line[at] != '#')
        return false;
    const size_t length = runLength(line, at);
    return length <= 6 && isSpaceOrEnd(line, at + length);
}

} // namespace

bool MarkdownLineReader::leavesFence(std::string_view line, size_t& content) const
{
    LineCursor cursor{line};
    cursor.skipSpaces();
    int quotes = 0;
    while (quotes < m_fence.quotes && cursor.mark() == '>') {
        ++quotes;
        cursor.step();
        cursor.skipSpaces();
    }
    content = cursor.at;
    if (quotes < m_fence.quotes)
        return true; // a line outside the quote ends what is in it
    return cursor.at < line.size() && cursor.column < m_fence.item;
}

MarkdownLine MarkdownLineReader::next(std::string_view line)
{
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    MarkdownLine result;
    if (inFence()) {
        size_t content = 0;
        if (!leavesFence(line, content)) {
            result.kind = MarkdownLine::Kind::Code;
            result.content = content;
            result.nested = m_fence.item > 0 || m_fence.quotes > 0;
            const bool closes = content < line.size() && line[content] == m_fence.mark &&
                                runLength(line, content) >= m_fence.length &&
                                line.find_first_not_of(" \t", content + runLength(line, content)) ==
                                    std::string_view::npos;
            if (closes) {
                result.kind = MarkdownLine::Kind::FenceEnd;
                m_fence = {};
            }
            return result;
        }
        m_fence = {};
    }
    LineCursor cursor{line};
    cursor.skipSpaces();
    if (cursor.at >= line.size()) {
        result.kind = MarkdownLine::Kind::Blank;
        result.content = line.size();
        return result;
    }
    result.indent = cursor.column;
    std::erase_if(m_items, [&](int column) { return column > result.indent; });
    bool first = true;
    while (cursor.at < line.size()) {
        if (cursor.mark() == '>') {
            ++result.quotes;
            cursor.step();
            cursor.skipSpaces();
            continue;
        }
        char kind = 0;
        const size_t length = listMarkLength(line, cursor.at, kind);
        if (length == 0 || isRule(line, cursor.at) || m_items.size() >= mostItems)
            break;
        if (first && result.quotes == 0)
            result.listMark = kind;
        first = false;
        for (size_t i = 0; i < length; ++i)
            cursor.step();
        const int afterMark = cursor.column;
        cursor.skipSpaces();
        // Text far behind its mark begins one column after it.
        const bool near = cursor.at < line.size() && cursor.column <= afterMark + tabWidth;
        m_items.push_back(near ? cursor.column : afterMark + 1);
    }
    result.content = cursor.at;
    result.nested = !m_items.empty() || result.quotes > 0;
    if (cursor.at >= line.size())
        return result;
    const char mark = cursor.mark();
    const size_t length = runLength(line, cursor.at);
    if ((mark == '`' || mark == '~') && length >= 3 &&
        (mark == '~' || line.find('`', cursor.at + length) == std::string_view::npos)) {
        result.kind = MarkdownLine::Kind::FenceBegin;
        m_fence = {mark, length, m_items.empty() ? 0 : m_items.back(), result.quotes};
    } else if (mark == '|') {
        result.kind = MarkdownLine::Kind::TableRow;
    } else if (isHeading(line, cursor.at)) {
        result.kind = MarkdownLine::Kind::Heading;
    }
    return result;
}

} // namespace argali::gui
