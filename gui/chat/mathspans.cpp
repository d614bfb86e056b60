#include "gui/chat/mathspans.h"

#include <algorithm>

#include "gui/chat/asciicharacters.h"
#include "gui/chat/inlinespans.h"
#include "gui/chat/markdownlines.h"

namespace argali::gui {
namespace {

// U+FDD0 to U+FDD2: characters that Unicode keeps for use inside one program. In text from outside
// they are replaced before anything else.
constexpr std::string_view openMark = "\xef\xb7\x90";
constexpr std::string_view closeMark = "\xef\xb7\x91";
constexpr std::string_view letterMark = "\xef\xb7\x92"; // U+FDD2
constexpr std::string_view replacement = "\xef\xbf\xbd";

/// The lines of a formula in a quote, without the marks of the quote.
std::string withoutQuoteMarks(std::string_view tex, int quotes)
{
    std::string result;
    for (size_t at = 0; at < tex.size();) {
        const size_t feed = tex.find('\n', at);
        const size_t end = feed == std::string_view::npos ? tex.size() : feed + 1;
        if (at > 0) {
            size_t content = at;
            for (int i = 0; i < quotes; ++i) {
                const size_t mark = tex.find_first_not_of(" \t", content);
                if (mark == std::string_view::npos || tex[mark] != '>')
                    break;
                content = mark + 1;
                if (content < tex.size() && tex[content] == ' ')
                    ++content;
            }
            at = std::min(content, end);
        }
        result.append(tex.substr(at, end - at));
        at = end;
    }
    return result;
}

/// The character that begins here, or ends here (backwards), or 0 at an end of the text.
char32_t characterAt(std::string_view text, size_t at)
{
    if (at >= text.size())
        return 0;
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80)
        return byte;
    const size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    char32_t value = byte & (0xff >> (length + 1));
    for (size_t i = 1; i < length && at + i < text.size(); ++i)
        value = (value << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3f);
    return value;
}

char32_t characterBefore(std::string_view text, size_t at)
{
    if (at == 0)
        return 0;
    size_t begin = at - 1;
    while (begin > 0 && (text[begin] & 0xc0) == 0x80)
        --begin;
    return characterAt(text, begin);
}

bool isWide(char32_t c)
{
    return c >= 0x2e80;
}
bool isWidePunctuation(char32_t c)
{
    return (c >= 0x2010 && c <= 0x203e) || (c >= 0x3001 && c <= 0x303f) ||
           (c >= 0xff01 && c <= 0xff0f) || (c >= 0xff1a && c <= 0xff20) ||
           (c >= 0xff3b && c <= 0xff40) || (c >= 0xff5b && c <= 0xff65);
}
bool isAnyPunctuation(char32_t c)
{
    return c < 0x80 ? isPunctuation(char(c)) : isWidePunctuation(c);
}
bool isWord(char32_t c)
{
    return c > 0x20 && c != 0xa0 && c != 0x3000 && !isAnyPunctuation(c);
}

/// CommonMark decides by spaces and punctuation whether * opens or closes emphasis; in Chinese and
/// Japanese text, without spaces, it then does neither. A mark that counts as a letter, taken out
/// again afterwards, makes it work.
bool needsMark(char32_t inside, char32_t outside)
{
    return isAnyPunctuation(inside) && isWord(outside) &&
           (isWidePunctuation(inside) || isWide(outside));
}

/// "|-|:-:|", which every other reader takes for the rule of a table; md4c wants three marks.
bool isShortRule(std::string_view line)
{
    return line.find_first_not_of("|:- \t\r") == std::string_view::npos &&
           line.find('|') != line.npos && line.find('-') != line.npos;
}

void appendWidened(std::string& out, std::string_view rule)
{
    for (size_t i = 0; i < rule.size(); ++i) {
        out.push_back(rule[i]);
        if (rule[i] == '-' && (i + 1 == rule.size() || rule[i + 1] != '-'))
            out.append("--");
    }
}

/// Text of no formula as md4c gets it: nothing from outside looks like our marks, and what md4c
/// reads otherwise than people mean it is written so that it does not.
void appendText(std::string& out, std::string_view all, const InlineSpan& span)
{
    const bool isCode = span.kind == InlineSpan::Kind::Code;
    for (size_t i = span.begin; i < span.end; ++i) {
        const char c = all[i];
        if (!isCode && (i == 0 || all[i - 1] == '\n')) {
            const size_t end = std::min(all.find('\n', i), all.size());
            if (const auto line = all.substr(i, end - i); end <= span.end && isShortRule(line)) {
                appendWidened(out, line);
                i = end - 1;
                continue;
            }
        }
        if (c == openMark[0] && all.substr(i, 2) == openMark.substr(0, 2) && i + 2 < span.end &&
            all[i + 2] >= '\x90' && all[i + 2] <= '\x92') {
            out.append(replacement);
            i += 2;
        } else if (!isCode && c == '\\' && i + 1 < span.end && isPunctuation(all[i + 1])) {
            out.append(all.substr(i, 2)); // a character that means nothing else
            ++i;
        } else if (!isCode && c == ']' && i + 1 < span.end && all[i + 1] == ':') {
            out.append("]\\:"); // no definition of a link's address
            ++i;
        } else if (!isCode && c == '*') {
            size_t end = i;
            while (end < span.end && all[end] == '*')
                ++end;
            const char32_t before = characterBefore(all, i);
            const char32_t after = characterAt(all, end);
            if (needsMark(before, after))
                out.append(letterMark);
            out.append(all.substr(i, end - i));
            if (needsMark(after, before))
                out.append(letterMark);
            i = end - 1;
        } else {
            out.push_back(c);
        }
    }
}

} // namespace

MathText takeMath(std::string_view markdown)
{
    MathText result;
    result.text.reserve(markdown.size() + markdown.size() / 8);
    size_t lineBegin = 0;
    for (const InlineSpan& span : scanInline(markdown).spans) {
        const std::string_view source = markdown.substr(span.begin, span.end - span.begin);
        const std::string_view before = markdown.substr(lineBegin, span.begin - lineBegin);
        if (const size_t feed = source.rfind('\n'); feed != std::string_view::npos)
            lineBegin = span.begin + feed + 1;
        if (span.kind != InlineSpan::Kind::Math) {
            appendText(result.text, markdown, span);
            continue;
        }
        const int quotes = before.find('>') == std::string_view::npos
                               ? 0
                               : MarkdownLineReader().next(before).quotes;
        const auto tex = markdown.substr(span.texBegin, span.texEnd - span.texBegin);
        result.text.append(openMark);
        result.text.append(std::to_string(result.spans.size()));
        result.text.append(closeMark);
        result.spans.push_back(
            {withoutQuoteMarks(tex, quotes), withoutQuoteMarks(source, quotes), span.display});
    }
    return result;
}

size_t placeholderAt(std::string_view text, size_t at, size_t& span)
{
    span = noSpan;
    if (text.substr(at, letterMark.size()) == letterMark)
        return letterMark.size();
    if (text.substr(at, openMark.size()) != openMark)
        return 0;
    size_t i = at + openMark.size();
    span = 0;
    while (i < text.size() && isDigit(text[i]))
        span = span * 10 + size_t(text[i++] - '0');
    if (text.substr(i, closeMark.size()) != closeMark)
        return 0;
    return i + closeMark.size() - at;
}

std::string withoutPlaceholders(std::string_view text, const std::vector<MathSpan>& spans)
{
    std::string result;
    for (size_t i = 0; i < text.size();) {
        size_t span = 0;
        const size_t length = placeholderAt(text, i, span);
        if (length > 0) {
            if (span < spans.size())
                result.append(spans[span].source);
            i += length;
        } else {
            result.push_back(text[i++]);
        }
    }
    return result;
}

} // namespace argali::gui
