#include "gui/chat/livespans.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "gui/chat/asciicharacters.h"

namespace argali::gui {
namespace {

constexpr size_t longestPlace = 400; // a name and four numbers
constexpr size_t mostSpans = 2000;   // of one block; the rest stays text

bool isWordByte(char c)
{
    return isDigit(c) || isLetter(c) || c == '_'; // Chinese has no spaces
}

/// Reads from left to right; a reader that fails leaves its place undefined.
struct Cursor {
    std::string_view text;
    size_t at = 0;

    bool isAtEnd() const { return at >= text.size(); }
    bool take(std::string_view word)
    {
        if (text.substr(at, word.size()) != word)
            return false;
        at += word.size();
        return true;
    }
    void skipSpaces()
    {
        while (!isAtEnd() && text[at] == ' ')
            ++at;
    }
    std::optional<int> digits(size_t least, size_t most)
    {
        size_t end = at;
        while (end < text.size() && isDigit(text[end]))
            ++end;
        if (end - at < least || end - at > most)
            return std::nullopt;
        int value = 0;
        std::from_chars(text.data() + at, text.data() + end, value);
        at = end;
        return value;
    }
    /// A coordinate, 0 to 1, as it is written.
    std::optional<std::string_view> coordinate()
    {
        skipSpaces();
        size_t end = at;
        while (end < text.size() && end - at < 12 && (isDigit(text[end]) || text[end] == '.'))
            ++end;
        double value = -1;
        const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, value);
        if (error != std::errc() || stop != text.data() + end || value < 0 || value > 1)
            return std::nullopt;
        const std::string_view digits = text.substr(at, end - at);
        at = end;
        skipSpaces();
        return digits;
    }
    /// "(x,y)"
    bool pair(std::vector<std::string_view>& numbers)
    {
        skipSpaces();
        if (!take("("))
            return false;
        const auto x = coordinate();
        if (!x || !take(","))
            return false;
        const auto y = coordinate();
        if (!y || !take(")"))
            return false;
        numbers.insert(numbers.end(), {*x, *y});
        skipSpaces();
        return true;
    }
};

/// A stretch of text that becomes a node.
struct Found {
    size_t length = 0;
    MarkdownNode node;
};

std::optional<Found> readTime(std::string_view text, size_t at, bool isOpen)
{
    if (at > 0 && (isWordByte(text[at - 1]) || text[at - 1] == ':' || text[at - 1] == '.' ||
                   text[at - 1] == '-'))
        return std::nullopt;
    Cursor cursor{text, at};
    std::vector<int> parts;
    for (;;) {
        const auto value = parts.empty() ? cursor.digits(1, 2) : cursor.digits(2, 2);
        if (!value)
            return std::nullopt;
        parts.push_back(*value);
        const bool goesOn =
            cursor.at + 1 < text.size() && text[cursor.at] == ':' && isDigit(text[cursor.at + 1]);
        if (!goesOn || parts.size() == 3)
            break;
        ++cursor.at;
    }
    if (parts.size() < 2 || parts.back() > 59 || (parts.size() == 3 && parts[1] > 59))
        return std::nullopt;
    if (cursor.isAtEnd() ? isOpen : isWordByte(text[cursor.at]))
        return std::nullopt;
    if (cursor.at + 1 == text.size() && text[cursor.at] == ':' && isOpen)
        return std::nullopt; // "1:02:"
    int seconds = 0;
    for (const int part : parts)
        seconds = seconds * 60 + part;
    // "8:30 am" and "16:9." are no times of a film; two digits of minutes are how models write
    // those.
    if (parts.size() == 2 && cursor.at - at < 5)
        return std::nullopt;
    const std::string words(text.substr(at, cursor.at - at));
    return Found{cursor.at - at,
                 {"live", {}, {{"seconds", std::to_string(seconds)}}, {{{}, words, {}, {}}}}};
}

std::optional<Found> readPlace(std::string_view text, size_t at)
{
    Cursor cursor{text.substr(0, std::min(text.size(), at + longestPlace)), at};
    std::string name;
    if (cursor.take("<ref>")) {
        const size_t end = cursor.text.find("</ref>", cursor.at);
        if (end == std::string_view::npos)
            return std::nullopt;
        name = std::string(cursor.text.substr(cursor.at, end - cursor.at));
        cursor.at = end + 6;
        // A list of places, or none, follows a name that then stands for itself.
        if (!cursor.text.substr(cursor.at).starts_with("<box>") &&
            !cursor.text.substr(cursor.at).starts_with("<point>"))
            return Found{cursor.at - at, {{}, name, {}, {}}};
    }
    std::vector<std::string_view> numbers;
    const bool isBox = cursor.take("<box>");
    if (isBox ? !cursor.pair(numbers) || !cursor.take(",") || !cursor.pair(numbers) ||
                    !cursor.take("</box>")
              : !cursor.take("<point>") || !cursor.pair(numbers) || !cursor.take("</point>"))
        return name.empty() ? std::nullopt
                            : std::optional(Found{name.size() + 11, {{}, name, {}, {}}});
    std::string place;
    std::string words = name;
    for (size_t i = 0; i < numbers.size(); ++i) {
        place.append(i > 0 ? "," : "").append(numbers[i]);
        if (name.empty())
            words.append(i % 2 == 1 ? ", "
                         : i > 0    ? "\u2013("
                                    : "(")
                .append(numbers[i])
                .append(i % 2 == 1 ? ")" : "");
    }
    return Found{cursor.at - at, {"live", {}, {{"place", place}}, {{{}, words, {}, {}}}}};
}

class Marker {
public:
    Marker(LiveSpans wanted, bool isOpen) : m_wanted(wanted), m_isOpen(isOpen) {}

    void mark(std::vector<MarkdownNode>& nodes)
    {
        static constexpr std::array<std::string_view, 7> closed = {
            "a", "picture", "code", "code-block", "math", "plain", "task"};
        std::vector<MarkdownNode> result;
        result.reserve(nodes.size());
        for (MarkdownNode& node : nodes) {
            if (node.tag.empty()) {
                split(node.text, result);
            } else {
                if (std::find(closed.begin(), closed.end(), node.tag) == closed.end())
                    mark(node.children);
                result.push_back(std::move(node));
            }
        }
        nodes = std::move(result);
    }

private:
    void split(const std::string& text, std::vector<MarkdownNode>& out)
    {
        size_t begin = 0;
        std::string kept;
        const auto flush = [&](size_t end) {
            kept.append(text, begin, end - begin);
            if (!kept.empty())
                out.push_back({{}, std::exchange(kept, {}), {}, {}});
        };
        for (size_t at = 0; at < text.size() && m_count < mostSpans;) {
            std::optional<Found> found;
            if (m_wanted.places && text[at] == '<')
                found = readPlace(text, at);
            else if (m_wanted.times && isDigit(text[at]))
                found = readTime(text, at, m_isOpen);
            if (!found) {
                at += 1;
                continue;
            }
            if (found->node.tag.empty()) { // a name alone: its text without the marks
                kept.append(text, begin, at - begin).append(found->node.text);
            } else {
                flush(at);
                out.push_back(std::move(found->node));
            }
            ++m_count;
            at += found->length;
            begin = at;
        }
        flush(text.size());
    }

    const LiveSpans m_wanted;
    const bool m_isOpen;
    size_t m_count = 0;
};

} // namespace

void markLiveSpans(std::vector<MarkdownNode>& nodes, LiveSpans wanted, bool isOpen)
{
    if (wanted.times || wanted.places)
        Marker(wanted, isOpen).mark(nodes);
}

size_t unfinishedPlace(std::string_view text)
{
    const size_t begin = text.size() - std::min(text.size(), longestPlace);
    // The last mark that opens, with nothing behind it that closes it.
    for (size_t at = text.rfind('<'); at != std::string_view::npos && at >= begin;
         at = at == 0 ? std::string_view::npos : text.rfind('<', at - 1)) {
        const std::string_view rest = text.substr(at);
        for (const std::string_view name : {"ref>", "box>", "point>"}) {
            const std::string open = "<" + std::string(name);
            const std::string close = "</" + std::string(name);
            if (rest.size() < open.size() ? open.starts_with(rest) && rest.size() > 1
                                          : rest.starts_with(open)) {
                if (rest.find(close) == std::string_view::npos)
                    return at;
                // A name whose place begins only now.
                if (name == "ref>") {
                    const std::string_view after = rest.substr(rest.find(close) + close.size());
                    if (after.empty() || std::string_view("<box>").starts_with(after) ||
                        std::string_view("<point>").starts_with(after) ||
                        (after.starts_with("<box>") && after.find("</box>") == after.npos) ||
                        (after.starts_with("<point>") && after.find("</point>") == after.npos))
                        return at;
                }
            }
        }
    }
    return std::string_view::npos;
}

} // namespace argali::gui
