#include "gui/chat/inlinespans.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "gui/chat/asciicharacters.h"
#include "gui/chat/markdownlines.h"

namespace argali::gui {
namespace {

// What KaTeX draws on its own, without other delimiters around.
constexpr std::array<std::string_view, 22> environments = {
    "equation", "equation*", "align",    "align*", "alignat", "alignat*",   "gather",  "gather*",
    "CD",       "aligned",   "gathered", "split",  "array",   "matrix",     "pmatrix", "bmatrix",
    "Bmatrix",  "vmatrix",   "Vmatrix",  "cases",  "rcases",  "smallmatrix"};

constexpr size_t longestName = 11;
constexpr size_t longestGroup = 400; // bounds the work on \text{\text{\text{...

bool isWideStop(std::string_view character)
{
    constexpr std::array<std::string_view, 7> stops = {"\u3001", "\u3002", "\uff0c", "\uff1a",
                                                       "\uff1b", "\uff01", "\uff1f"};
    return std::find(stops.begin(), stops.end(), character) != stops.end();
}

/// Lines of a block that belong together: no blank line and no fence between them. A formula stays
/// inside one; code spans and $ $ also inside one part, which ends where an item, a heading or a
/// row of a table begins.
struct Line {
    size_t begin = 0;
    size_t end = 0; ///< without its line feed
    MarkdownLine what;
};

class Scanner {
public:
    explicit Scanner(std::string_view text) : m_text(text) {}

    InlineSpans run()
    {
        MarkdownLineReader reader;
        std::vector<Line> paragraph;
        for (size_t begin = 0; begin < m_text.size();) {
            const size_t feed = m_text.find('\n', begin);
            const size_t end = feed == std::string_view::npos ? m_text.size() : feed;
            const Line line{begin, end, reader.next(m_text.substr(begin, end - begin))};
            begin = feed == std::string_view::npos ? end : feed + 1;
            switch (line.what.kind) {
            case MarkdownLine::Kind::Blank:
                scanParagraph(paragraph);
                break;
            case MarkdownLine::Kind::FenceBegin:
            case MarkdownLine::Kind::Code:
            case MarkdownLine::Kind::FenceEnd:
                scanParagraph(paragraph);
                add({InlineSpan::Kind::Code, line.begin, begin});
                break;
            default:
                paragraph.push_back(line);
            }
        }
        const bool openEnd = !paragraph.empty();
        scanParagraph(paragraph);
        if (!openEnd)
            m_result.unfinished.clear();
        add({InlineSpan::Kind::Text, m_done, m_text.size()});
        return std::move(m_result);
    }

private:
    void add(InlineSpan span)
    {
        if (span.kind != InlineSpan::Kind::Text && span.begin > m_done)
            m_result.spans.push_back({InlineSpan::Kind::Text, m_done, span.begin});
        if (span.end > span.begin)
            m_result.spans.push_back(span);
        m_done = std::max(m_done, span.end);
    }

    /// Where the part that holds this place ends.
    size_t partEnd(size_t at) const
    {
        const auto next = std::upper_bound(m_partBegins.begin(), m_partBegins.end(), at);
        return next == m_partBegins.end() ? m_paragraphEnd : *next;
    }

    void scanParagraph(std::vector<Line>& lines)
    {
        if (lines.empty())
            return;
        m_paragraphEnd = lines.back().end;
        m_partBegins.clear();
        m_rows.clear();
        m_result.unfinished.clear();
        m_without.clear();
        for (const Line& line : lines) {
            if (line.what.listMark || line.what.kind != MarkdownLine::Kind::Text ||
                (line.begin > lines.front().begin && line.what.quotes != lines.front().what.quotes))
                m_partBegins.push_back(line.begin);
            // What follows a heading or a row is no part of it.
            if (line.what.kind != MarkdownLine::Kind::Text)
                m_partBegins.push_back(line.end);
            if (line.what.kind == MarkdownLine::Kind::TableRow)
                m_rows[line.begin] = line.end;
        }
        findTicks(lines.front().begin);
        for (size_t at = lines.front().begin; at < m_paragraphEnd;)
            at = scanAt(at);
        lines.clear();
    }

    /// For each run of backticks the next run of the same length.
    void findTicks(size_t begin)
    {
        m_ticks.clear();
        std::map<size_t, size_t> nextOfLength;
        for (size_t at = m_paragraphEnd; at > begin;) {
            if (m_text[at - 1] != '`') {
                --at;
                continue;
            }
            const size_t end = at;
            while (at > begin && m_text[at - 1] == '`')
                --at;
            const size_t length = end - at;
            const auto known = nextOfLength.find(length);
            m_ticks[at] = {length, known == nextOfLength.end() ? std::string::npos : known->second};
            nextOfLength[length] = at;
        }
    }

    size_t scanAt(size_t at)
    {
        const char c = m_text[at];
        if (c == '`')
            return scanCode(at);
        if (c == '$')
            return scanDollar(at);
        if (c != '\\')
            return at + 1;
        const char next = at + 1 < m_paragraphEnd ? m_text[at + 1] : '\0';
        if (next == '(')
            return scanDelimited(at, 2, "\\)", false);
        if (next == '[')
            return scanDelimited(at, 2, "\\]", true);
        if (m_text.substr(at, 7) == "\\begin{")
            return scanEnvironment(at);
        if (std::string_view("\\begin{").starts_with(m_text.substr(at, m_paragraphEnd - at)) &&
            next != '\0')
            leaveOpen(InlineSpan::Kind::Math, at, 1, true);
        return isPunctuation(next) ? at + 2 : at + 1;
    }

    size_t scanCode(size_t at)
    {
        // A run may have been entered in its middle, behind a backslash.
        size_t length = 0;
        while (at + length < m_paragraphEnd && m_text[at + length] == '`')
            ++length;
        const auto run = m_ticks.find(at);
        const size_t close = run == m_ticks.end() ? std::string::npos : run->second.next;
        if (close == std::string::npos || close >= partEnd(at)) {
            if (partEnd(at) == m_paragraphEnd)
                leaveOpen(InlineSpan::Kind::Code, at, length, true);
            return at + length;
        }
        add({InlineSpan::Kind::Code, at, close + length});
        return close + length;
    }

    size_t scanDollar(size_t at)
    {
        if (m_text.substr(at, 2) == "$$")
            return scanDelimited(at, 2, "$$", true);
        const size_t limit = partEnd(at);
        if (at + 1 >= limit) {
            if (limit == m_paragraphEnd)
                leaveOpen(InlineSpan::Kind::Math, at, 1, true);
            return at + 1;
        }
        if (isSpace(m_text[at + 1]))
            return at + 1;
        for (size_t i = at + 1; i < limit; ++i) {
            if (m_text[i] == '\\') {
                ++i;
                if (m_text.substr(i, 5) == "text{")
                    i = skipBraces(i + 4, limit);
                continue;
            }
            // Chinese prices have no spaces around them: no formula goes on past a comma or full
            // stop.
            if (m_text[i] == '\xe3' || m_text[i] == '\xef') {
                if (isWideStop(m_text.substr(i, 3)))
                    return at + 1;
                continue;
            }
            if (m_text[i] != '$')
                continue;
            if (isSpace(m_text[i - 1]) || (i + 1 < limit && isDigit(m_text[i + 1])))
                return at + 1;
            // A text that ends here may go on with a digit, but then the sign is shown again.
            add({InlineSpan::Kind::Math, at, i + 1, at + 1, i, false});
            return i + 1;
        }
        if (limit == m_paragraphEnd)
            leaveOpen(InlineSpan::Kind::Math, at, 1, false);
        return at + 1;
    }

    /// The last character of the group that opens here; this place when it does not end soon.
    size_t skipBraces(size_t at, size_t limit) const
    {
        int depth = 0;
        for (size_t i = at; i < std::min(limit, at + longestGroup); ++i) {
            if (m_text[i] == '\\')
                ++i;
            else if (m_text[i] == '{')
                ++depth;
            else if (m_text[i] == '}' && --depth == 0)
                return i;
        }
        return at;
    }

    /// Where a formula that begins here has to end.
    size_t formulaLimit(size_t at) const
    {
        const auto row = m_rows.upper_bound(at);
        const bool inRow = row != m_rows.begin() && at < std::prev(row)->second;
        return inRow ? std::prev(row)->second : m_paragraphEnd;
    }

    size_t scanDelimited(size_t at, size_t length, std::string_view closer, bool display)
    {
        const size_t limit = formulaLimit(at);
        // Once a closer was missed up to the limit, no later opener finds one.
        auto& without = m_without[std::string(closer)];
        if (without == limit)
            return at + length;
        for (size_t i = at + length; i + closer.size() <= limit; ++i) {
            if (m_text.substr(i, closer.size()) == closer) {
                if (m_text.find_first_not_of(" \t\r\n", at + length) >= i)
                    return i + closer.size(); // nothing in it: text
                add({InlineSpan::Kind::Math, at, i + closer.size(), at + length, i, display});
                return i + closer.size();
            }
            if (m_text[i] == '\\')
                ++i;
        }
        without = limit;
        if (limit == m_paragraphEnd)
            leaveOpen(InlineSpan::Kind::Math, at, length, true);
        return at + length;
    }

    size_t scanEnvironment(size_t at)
    {
        const size_t nameBegin = at + 7;
        const size_t longest = std::min(longestName + 1, m_paragraphEnd - nameBegin);
        const std::string_view name =
            m_text.substr(nameBegin, m_text.substr(nameBegin, longest).find('}'));
        if (nameBegin + name.size() >= m_paragraphEnd && name.size() <= longestName) {
            leaveOpen(InlineSpan::Kind::Math, at, 1, true);
            return at + 1;
        }
        if (std::find(environments.begin(), environments.end(), name) == environments.end())
            return at + 1;
        const std::string begin = "\\begin{" + std::string(name) + "}";
        const std::string end = "\\end{" + std::string(name) + "}";
        const size_t limit = formulaLimit(at);
        auto& without = m_without[end];
        if (without == limit)
            return at + 1;
        int depth = 0;
        for (size_t i = at; i < limit; ++i) {
            if (m_text[i] != '\\')
                continue;
            if (m_text.substr(i, begin.size()) == begin) {
                ++depth;
            } else if (m_text.substr(i, end.size()) == end && i + end.size() <= limit) {
                if (--depth > 0)
                    continue;
                add({InlineSpan::Kind::Math, at, i + end.size(), at, i + end.size(), true});
                return i + end.size();
            } else {
                ++i;
            }
        }
        without = limit;
        if (limit == m_paragraphEnd)
            leaveOpen(InlineSpan::Kind::Math, at, 1, true);
        return at + 1;
    }

    void leaveOpen(InlineSpan::Kind kind, size_t at, size_t length, bool certain)
    {
        m_result.unfinished.push_back({kind, at, length, certain});
    }

    struct Ticks {
        size_t length = 0;
        size_t next = std::string::npos;
    };

    const std::string_view m_text;
    InlineSpans m_result;
    size_t m_done = 0; ///< end of the last span added
    size_t m_paragraphEnd = 0;
    std::vector<size_t> m_partBegins;
    std::map<size_t, size_t> m_rows; ///< rows of tables: where they begin and end
    std::map<size_t, Ticks> m_ticks;
    std::map<std::string, size_t> m_without; ///< no such closer up to this place
};

} // namespace

InlineSpans scanInline(std::string_view markdown)
{
    return Scanner(markdown).run();
}

} // namespace argali::gui
