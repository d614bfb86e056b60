#include "engine/tokenizer/addedtokens.h"

#include <algorithm>

#include "engine/tokenizer/unicode.h"

namespace argali {
namespace {

/// The character that ends at byte end > 0. text is UTF-8.
Utf8Step characterBefore(std::string_view text, size_t end)
{
    size_t begin = end - 1;
    while (begin > 0 && (static_cast<uint8_t>(text[begin]) & 0xC0) == 0x80)
        --begin;
    return utf8At(text, begin);
}

bool standsAlone(std::string_view text, size_t begin, size_t end)
{
    return (begin == 0 || !isWordCharacter(characterBefore(text, begin).code)) &&
           (end == text.size() || !isWordCharacter(utf8At(text, end).code));
}

size_t skipSpaceBefore(std::string_view text, size_t begin, size_t limit)
{
    while (begin > limit) {
        const Utf8Step step = characterBefore(text, begin);
        if (!isWhiteSpace(step.code))
            break;
        begin -= step.length;
    }
    return begin;
}

size_t skipSpaceAfter(std::string_view text, size_t end)
{
    while (end < text.size()) {
        const Utf8Step step = utf8At(text, end);
        if (!isWhiteSpace(step.code))
            break;
        end += step.length;
    }
    return end;
}

} // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens) : m_tokens(std::move(tokens))
{
    std::sort(m_tokens.begin(), m_tokens.end(),
              [](const AddedToken& a, const AddedToken& b) { return a.text < b.text; });
    for (const AddedToken& token : m_tokens)
        m_begins[static_cast<uint8_t>(token.text.front())] = true;
}

const AddedToken* AddedTokenFinder::longestAt(std::string_view text, size_t at) const
{
    // [low, high) are the tokens that begin with the bytes read so far; of them only the first can
    // be as long as that.
    auto low = m_tokens.begin(), high = m_tokens.end();
    const AddedToken* longest = nullptr;
    for (size_t length = 0; low != high && at + length < text.size(); ++length) {
        const auto next = static_cast<uint8_t>(text[at + length]);
        const auto byteOf = [&](const AddedToken& token) {
            return length < token.text.size() ? static_cast<uint8_t>(token.text[length]) : -1;
        };
        low =
            std::partition_point(low, high, [&](const AddedToken& t) { return byteOf(t) < next; });
        high =
            std::partition_point(low, high, [&](const AddedToken& t) { return byteOf(t) <= next; });
        if (low != high && low->text.size() == length + 1)
            longest = &*low;
    }
    return longest;
}

std::vector<TextSpan> AddedTokenFinder::split(std::string_view text) const
{
    std::vector<TextSpan> spans;
    size_t done = 0;
    for (size_t at = 0; at < text.size();) {
        const AddedToken* const token =
            m_begins[static_cast<uint8_t>(text[at])] ? longestAt(text, at) : nullptr;
        if (!token) {
            ++at;
            continue;
        }
        size_t begin = at, end = at + token->text.size();
        at = end; // the search goes on behind the match also where it does not count
        if (token->singleWord && !standsAlone(text, begin, end))
            continue;
        // A token of white space may lie in what the token before it took along.
        begin = std::max(begin, done);
        end = std::max(end, done);
        if (token->leftStrip)
            begin = skipSpaceBefore(text, begin, done);
        if (token->rightStrip)
            end = skipSpaceAfter(text, end);
        if (done < begin)
            spans.push_back({done, begin, -1});
        spans.push_back({begin, end, token->id});
        done = end;
    }
    if (done < text.size())
        spans.push_back({done, text.size(), -1});
    return spans;
}

} // namespace argali
