#include "gui/chat/openblock.h"

#include <algorithm>
#include <vector>

#include "gui/chat/asciicharacters.h"
#include "gui/chat/inlinespans.h"
#include "gui/chat/livespans.h"
#include "gui/chat/markdownlines.h"

namespace argali::gui {
namespace {

constexpr size_t longestHeldFormula = 4000; // beyond, it is shown as text until it ends
constexpr size_t longestHeldLink = 2000;
constexpr size_t longestHeldTag = 200;

struct Lines {
    std::vector<size_t> begins;
    std::vector<MarkdownLine> kinds;
    bool inFence = false;
    char fenceMark = 0;
};

Lines readLines(std::string_view text)
{
    Lines lines;
    MarkdownLineReader reader;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        lines.begins.push_back(begin);
        lines.kinds.push_back(reader.next(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    lines.inFence = reader.inFence();
    lines.fenceMark = reader.fenceMark();
    return lines;
}

bool isAscii(char c)
{
    return static_cast<unsigned char>(c) < 0x80;
}

/// Marks of structure alone, or the number of an item: what they mean shows with what follows.
bool isUndecidedLine(std::string_view line)
{
    constexpr std::string_view marks = "-=:|*+_#>`~ \t\r";
    if (line.find_first_not_of(marks) == std::string_view::npos)
        return true;
    const size_t begin = line.find_first_not_of(" \t>");
    size_t end = begin;
    while (end < line.size() && isDigit(line[end]))
        ++end;
    if (end > begin && end - begin <= 3) {
        const std::string_view rest = line.substr(end);
        if (rest.empty() || ((rest[0] == '.' || rest[0] == ')') &&
                             rest.find_first_not_of(" \t", 1) == std::string_view::npos))
            return true;
    }
    // "- [" and "- [x": perhaps the box of a task
    const size_t box = line.find('[');
    return box != std::string_view::npos && line.size() - box <= 3 &&
           line.substr(0, box).find_first_not_of(marks) == std::string_view::npos;
}

/// Cuts lines at the end that cannot be shown before the next ones.
void holdLines(std::string& text, const Lines& lines)
{
    if (lines.begins.empty())
        return;
    const size_t count = lines.begins.size();
    const bool isComplete = text.back() == '\n';
    const auto line = [&](size_t i) {
        const size_t end = i + 1 < count ? lines.begins[i + 1] : text.size();
        return std::string_view(text).substr(lines.begins[i], end - lines.begins[i]);
    };
    const MarkdownLine& last = lines.kinds.back();
    if (last.kind == MarkdownLine::Kind::FenceBegin) {
        if (!isComplete)
            text.resize(lines.begins.back());
        return;
    }
    if (lines.inFence) {
        const std::string_view content =
            line(count - 1).substr(std::min(last.content, line(count - 1).size()));
        if (!isComplete && content.find_first_not_of(lines.fenceMark) == std::string_view::npos)
            text.resize(lines.begins.back());
        return;
    }
    // The head of a table is one only above its complete second line.
    size_t row = count;
    while (row > 0 && lines.kinds[row - 1].kind == MarkdownLine::Kind::TableRow)
        --row;
    const size_t rows = count - row;
    const bool isHead = rows == 1 || (rows == 2 && !isComplete);
    const bool isRuled =
        rows == 2 && line(count - 1).find_first_not_of("-:| \t>") == std::string_view::npos;
    if (rows > 0 && isHead && (rows == 1 || isRuled))
        text.resize(lines.begins[row]);
    else if (!isComplete && isUndecidedLine(line(count - 1)))
        text.resize(lines.begins.back());
}

/// Whether what stands behind a dollar sign looks like prose about money rather than a formula.
bool looksLikeProse(std::string_view rest)
{
    if (rest.size() > 300)
        return true;
    for (size_t i = 0; i < rest.size(); ++i) {
        if (rest[i] == '\\' && rest.substr(i, 5) == "\\text")
            return false; // words are at home there
        if (!isAscii(rest[i]))
            return isDigit(rest[0]);
        if (!isSpace(rest[i]))
            continue;
        size_t end = i + 1;
        while (end < rest.size() && isLetter(rest[end]))
            ++end;
        if (end - i > 2 &&
            (end == rest.size() || isSpace(rest[end]) || rest[end] == ',' || rest[end] == '.'))
            return true;
    }
    return false;
}

/// A run of * or ~ that may open or close emphasis.
struct Delimiter {
    char mark = 0;
    size_t begin = 0;
    size_t length = 0;
};

/// Where a '<' begins whose word has no end yet, or npos.
size_t unfinishedTag(std::string_view text)
{
    const size_t at = text.rfind('<');
    if (at == std::string_view::npos || text.size() - at > longestHeldTag)
        return std::string_view::npos;
    const std::string_view rest = text.substr(at + 1);
    const bool isWord = rest.empty() || isLetter(rest[0]);
    return isWord && rest.find_first_of("> \t\r\n") == rest.npos ? at : std::string_view::npos;
}

/// Closes emphasis and unwraps links that end with the text. begin: of the last part.
class Closer {
public:
    Closer(std::string& text, size_t begin) : m_text(text), m_begin(begin) {}

    void close()
    {
        holdDollar();
        const InlineSpans spans = scanInline(m_text);
        cutUnfinished(spans);
        for (const InlineSpan& span : spans.spans) {
            if (span.kind == InlineSpan::Kind::Text && span.end > m_begin &&
                span.begin < m_text.size())
                readText(std::max(span.begin, m_begin), std::min(span.end, m_text.size()));
        }
        for (; !m_brackets.empty(); m_brackets.pop_back())
            unwrapLink(m_brackets.back());
        closeEmphasis();
        m_text += m_codeEnd;
    }

private:
    /// "$x$" where the text ends: a digit may follow, and then it is no formula.
    void holdDollar()
    {
        if (m_text.empty() || m_text.back() != '$')
            return;
        const InlineSpans spans = scanInline(m_text);
        const InlineSpan& last = spans.spans.back();
        if (last.kind != InlineSpan::Kind::Math || last.display || last.end != m_text.size() ||
            m_text[last.begin] != '$')
            return;
        const auto rest =
            std::string_view(m_text).substr(last.texBegin, last.texEnd - last.texBegin);
        m_text.resize(looksLikeProse(rest) ? m_text.size() - 1 : last.begin);
    }

    void cutUnfinished(const InlineSpans& spans)
    {
        for (const UnfinishedSpan& span : spans.unfinished) {
            if (span.kind == InlineSpan::Kind::Code) {
                m_text.resize(m_text.find_last_not_of('`') + 1); // perhaps half of what closes it
                if (span.begin >= m_text.size())
                    m_text.resize(span.begin);
                else
                    m_codeEnd = std::string(span.length, '`');
                m_textEnd = std::min(m_textEnd, span.begin);
                return;
            }
            const std::string_view rest = std::string_view(m_text).substr(span.begin + span.length);
            if (rest.size() > longestHeldFormula || (!span.isCertain && looksLikeProse(rest)))
                continue;
            m_text.resize(span.begin);
            return;
        }
    }

    void readText(size_t begin, size_t end)
    {
        end = std::min(end, m_textEnd);
        for (size_t i = begin; i < end; ++i) {
            const char c = m_text[i];
            if (c == '\\') {
                ++i;
            } else if (c == '*' || c == '~') {
                i = readDelimiter(i, end) - 1;
            } else if (c == '[') {
                m_brackets.push_back(i > m_begin && m_text[i - 1] == '!' ? i - 1 : i);
            } else if (c == ']' && !m_brackets.empty()) {
                const bool isLast = i + 1 == m_text.size();
                const size_t close = isLast                 ? std::string::npos
                                     : m_text[i + 1] == '(' ? addressEnd(i + 1)
                                                            : i;
                if (close == std::string::npos) { // the rest is an address that has not come yet
                    m_addressBegin = i;
                    return;
                }
                m_brackets.pop_back();
                i = close;
            }
        }
    }

    /// The parenthesis that closes the one at this place, or npos; not far away it is the next
    /// word.
    size_t addressEnd(size_t at) const
    {
        int depth = 0;
        const size_t stop = std::min(m_text.size(), at + longestHeldLink);
        for (size_t i = at; i < stop; ++i) {
            if (m_text[i] == '(')
                ++depth;
            else if (m_text[i] == ')' && --depth == 0)
                return i;
            else if (m_text[i] == '\n')
                return at;
        }
        return stop == m_text.size() ? std::string::npos : at;
    }

    size_t readDelimiter(size_t at, size_t end)
    {
        const char mark = m_text[at];
        size_t stop = at;
        while (stop < end && m_text[stop] == mark)
            ++stop;
        const Delimiter run{mark, at, stop - at};
        const bool spaceBefore = at == m_begin || isSpace(m_text[at - 1]);
        const bool spaceAfter = stop >= m_text.size() || isSpace(m_text[stop]);
        if (mark == '~' && run.length != 2 && stop < m_text.size())
            return stop;
        if (!spaceBefore && !m_open.empty()) {
            const auto same = std::find_if(m_open.rbegin(), m_open.rend(), [&](const Delimiter& d) {
                return d.mark == mark && d.length == run.length;
            });
            if (same != m_open.rend()) {
                m_open.erase(std::prev(same.base()), m_open.end());
                return stop;
            }
        }
        if (!spaceAfter || stop >= m_text.size())
            m_open.push_back(run);
        return stop;
    }

    /// "[words](https://exa": the words; "![": nothing.
    void unwrapLink(size_t bracket)
    {
        if (bracket >= m_text.size() || m_text.size() - bracket > longestHeldLink)
            return;
        const bool isPicture = m_text[bracket] == '!';
        if (isPicture || bracket + 1 == m_text.size()) {
            m_text.resize(bracket);
            m_codeEnd.clear();
        } else {
            if (m_addressBegin < m_text.size()) {
                m_text.resize(m_addressBegin);
                m_addressBegin = std::string::npos;
                m_codeEnd.clear();
            }
            m_text.erase(bracket, 1);
            for (Delimiter& open : m_open)
                open.begin -= open.begin > bracket ? 1 : 0;
        }
        std::erase_if(m_open, [&](const Delimiter& open) { return open.begin >= m_text.size(); });
    }

    bool isHalfTilde() const
    {
        return m_text.back() == '~' && (m_text.size() < 2 || m_text[m_text.size() - 2] != '~');
    }

    /// "&am"
    void dropHalfEntity()
    {
        size_t begin = m_text.size();
        while (begin > m_begin && (isLetter(m_text[begin - 1]) || isDigit(m_text[begin - 1]) ||
                                   m_text[begin - 1] == '#'))
            --begin;
        if (begin > m_begin && m_text[begin - 1] == '&' && m_text.size() - begin < 11)
            m_text.resize(begin - 1);
    }

    void closeEmphasis()
    {
        // A mark with nothing behind it yet is left out.
        while (!m_open.empty() && m_codeEnd.empty() &&
               m_open.back().begin + m_open.back().length >= m_text.size()) {
            m_text.resize(m_open.back().begin);
            m_open.pop_back();
        }
        if (m_codeEnd.empty()) {
            dropHalfEntity();
            if (m_text.ends_with("\\\n")) // a break, once there is a next line
                m_text.pop_back();
            while (m_text.size() > m_begin && (m_text.back() == '\\' || m_text.back() == '!' ||
                                               (isHalfTilde() && m_open.empty())))
                m_text.pop_back();
        }
        if (m_open.empty())
            return;
        std::string end;
        if (m_codeEnd.empty()) {
            while (m_text.size() > m_begin && isSpace(m_text.back()))
                m_text.pop_back();
        }
        end = std::move(m_codeEnd);
        m_codeEnd.clear();
        for (auto open = m_open.rbegin(); open != m_open.rend(); ++open)
            end += std::string(open->length, open->mark);
        m_text += end;
    }

    std::string& m_text;
    const size_t m_begin;
    size_t m_textEnd = std::string::npos;
    std::vector<size_t> m_brackets;            ///< of links that are not whole, the outermost first
    size_t m_addressBegin = std::string::npos; ///< the ']' before an address that is not whole
    std::vector<Delimiter> m_open;
    std::string m_codeEnd;
};

} // namespace

std::string presentable(std::string_view block)
{
    std::string text(block);
    holdLines(text, readLines(text));
    const Lines lines = readLines(text);
    if (lines.begins.empty() || lines.inFence)
        return text;
    // Emphasis and links end with their paragraph, item or row at the latest.
    size_t part = lines.begins.size() - 1;
    const auto isText = [&](size_t i) { return lines.kinds[i].kind == MarkdownLine::Kind::Text; };
    if (lines.kinds[part].kind == MarkdownLine::Kind::Blank)
        return text;
    while (part > 0 && isText(part) && !lines.kinds[part].listMark && isText(part - 1))
        --part;
    // The places of a picture are held as formulas are: until they are whole. So are <addresses>.
    text.resize(std::min({text.size(), unfinishedPlace(text), unfinishedTag(text)}));
    if (const size_t begin = lines.begins[part] + lines.kinds[part].content; begin <= text.size())
        Closer(text, begin).close();
    return text;
}

} // namespace argali::gui
