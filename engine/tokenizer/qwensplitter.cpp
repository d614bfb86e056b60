#include "engine/tokenizer/qwensplitter.h"

#include "engine/tokenizer/unicode.h"

namespace argali {

const std::string_view qwenExpression =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

namespace {

bool isNewline(char32_t code)
{
    return code == '\r' || code == '\n';
}

/// [^\s\p{L}\p{N}]
bool isOther(char32_t code)
{
    return !isWhiteSpace(code) && !isLetter(code) && !isNumber(code);
}

/// End of the characters from at on for which is() holds.
template <typename Predicate> size_t runEnd(std::string_view text, size_t at, Predicate is)
{
    while (at < text.size()) {
        const Utf8Step step = utf8At(text, at);
        if (!is(step.code))
            break;
        at += step.length;
    }
    return at;
}

/// (?i:'s|'t|'re|'ve|'m|'ll|'d) at the apostrophe at byte at; at itself when it does not match.
size_t contractionEnd(std::string_view text, size_t at)
{
    const auto lower = [&](size_t i) -> char {
        if (i >= text.size())
            return 0;
        return text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + ('a' - 'A'))
                                                : text[i];
    };
    const char first = lower(at + 1), second = lower(at + 2);
    if (first == 's' || first == 't' || first == 'm' || first == 'd')
        return at + 2;
    if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') ||
        (first == 'l' && second == 'l'))
        return at + 3;
    // Ignoring case, s is also U+017F, the long s; none of the other letters has such a twin.
    if (text.substr(at + 1).starts_with("\xC5\xBF"))
        return at + 3;
    return at;
}

/// \s*[\r\n]+|\s+(?!\S)|\s+ at the white space at byte begin.
size_t whiteSpaceEnd(std::string_view text, size_t begin)
{
    size_t at = begin, lastBegin = begin, newlineEnd = begin;
    while (at < text.size()) {
        const Utf8Step step = utf8At(text, at);
        if (!isWhiteSpace(step.code))
            break;
        lastBegin = at;
        at += step.length;
        if (isNewline(step.code))
            newlineEnd = at;
    }
    if (newlineEnd > begin)
        return newlineEnd; // up to the last newline of the run
    if (at == text.size() || lastBegin == begin)
        return at;    // nothing follows, or only one there is
    return lastBegin; // the last one goes with what follows
}

} // namespace

size_t qwenPieceEnd(std::string_view text, size_t begin)
{
    const Utf8Step first = utf8At(text, begin);
    const size_t second = begin + first.length;
    if (first.code == '\'')
        if (const size_t end = contractionEnd(text, begin); end > begin)
            return end;
    if (isLetter(first.code))
        return runEnd(text, second, isLetter);
    if (isNumber(first.code))
        return second;
    // Whatever else, one of it may stand before letters, newlines excepted.
    if (!isNewline(first.code))
        if (const size_t end = runEnd(text, second, isLetter); end > second)
            return end;
    const size_t others = first.code == ' ' ? second : begin;
    if (const size_t end = runEnd(text, others, isOther); end > others)
        return runEnd(text, end, isNewline);
    return whiteSpaceEnd(text, begin);
}

} // namespace argali
