#include "engine/tokenizer/unicode.h"

#include <algorithm>
#include <vector>

#include <utf8proc.h>

#include "engine/error.h"

namespace argali {
namespace {

utf8proc_category_t categoryOf(char32_t code)
{
    return utf8proc_category(static_cast<utf8proc_int32_t>(code));
}

// Below U+0300 nothing combines with what stands before it and nothing changes under NFC.
constexpr char32_t firstCombining = 0x300;

// The last Hangul vowel, one below the final consonants, composes with nothing. The library takes
// it for a final consonant of no sound and drops it behind a syllable (utf8proc 2.8): it begins a
// new run.
constexpr char32_t vowelBeforeFinals = 0x11A7;

/// Marks after one another in order of their combining class. The library's own ordering swaps
/// neighbours, which takes hours for a million marks.
void orderMarks(std::vector<utf8proc_int32_t>& codes)
{
    const auto classOf = [](utf8proc_int32_t code) {
        return utf8proc_get_property(code)->combining_class;
    };
    auto begin = codes.begin();
    while (begin != codes.end()) {
        begin = std::find_if(begin, codes.end(), classOf);
        const auto end = std::find_if_not(begin, codes.end(), classOf);
        if (end - begin > 1)
            std::stable_sort(begin, end, [&](auto a, auto b) { return classOf(a) < classOf(b); });
        begin = end;
    }
}

/// Appends the normal form of a run of code points whose neighbours do not matter.
void appendComposed(std::string& result, std::vector<utf8proc_int32_t>& codes)
{
    orderMarks(codes);
    const utf8proc_ssize_t count = utf8proc_normalize_utf32(
        codes.data(), static_cast<utf8proc_ssize_t>(codes.size()),
        static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    if (count < 0)
        throw Error(Error::Code::Internal, std::string("NFC: ") + utf8proc_errmsg(count));
    for (utf8proc_ssize_t i = 0; i < count; ++i)
        appendUtf8(result, static_cast<char32_t>(codes[static_cast<size_t>(i)]));
    codes.clear();
}

void appendDecomposed(std::vector<utf8proc_int32_t>& codes, char32_t code)
{
    // The longest canonical decomposition has four code points.
    utf8proc_int32_t parts[8];
    int boundClass = 0;
    const utf8proc_ssize_t count = utf8proc_decompose_char(
        static_cast<utf8proc_int32_t>(code), parts, 8,
        static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE), &boundClass);
    if (count < 0 || count > 8)
        throw Error(Error::Code::Internal, "NFC: impossible decomposition");
    codes.insert(codes.end(), parts, parts + count);
}

} // namespace

Utf8Step utf8At(std::string_view text, size_t at)
{
    using State = Utf8Step::State;
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
    const uint8_t first = byte(0);
    if (first < 0x80)
        return {first, 1, State::Whole};
    if (first < 0xC2 || first > 0xF4)
        return {0xFFFD, 1, State::Invalid};
    const uint32_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    // Second bytes that would be overlong, a surrogate or beyond U+10FFFF.
    const uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    char32_t code = first & (0x7Fu >> length);
    for (uint32_t i = 1; i < length; ++i) {
        if (at + i == text.size())
            return {0xFFFD, i, State::Cut};
        if (byte(i) < (i == 1 ? low : 0x80) || byte(i) > (i == 1 ? high : 0xBF))
            return {0xFFFD, i, State::Invalid};
        code = code << 6 | (byte(i) & 0x3Fu);
    }
    return {code, length, State::Whole};
}

std::optional<size_t> firstInvalidUtf8(std::string_view text)
{
    for (size_t at = 0; at < text.size();) {
        const Utf8Step step = utf8At(text, at);
        if (step.state != Utf8Step::State::Whole)
            return at;
        at += step.length;
    }
    return std::nullopt;
}

void appendUtf8(std::string& text, char32_t code)
{
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
    text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
}

bool isWhiteSpace(char32_t code)
{
    if (code < 0x80)
        return code == ' ' || (code >= '\t' && code <= '\r');
    if (code == 0x85)
        return true;
    const auto category = categoryOf(code);
    return category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP;
}

bool isLetter(char32_t code)
{
    if (code < 0x80)
        return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
    const auto category = categoryOf(code);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool isNumber(char32_t code)
{
    if (code < 0x80)
        return code >= '0' && code <= '9';
    const auto category = categoryOf(code);
    return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool isWordCharacter(char32_t code)
{
    const auto category = categoryOf(code);
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL) // L, M, Nd, Nl
        return true;
    // The symbols among Alphabetic are the circled and squared Latin letters.
    return category == UTF8PROC_CATEGORY_PC || code == 0x200C || code == 0x200D ||
           (code >= 0x24B6 && code <= 0x24E9) || (code >= 0x1F130 && code <= 0x1F149) ||
           (code >= 0x1F150 && code <= 0x1F169) || (code >= 0x1F170 && code <= 0x1F189);
}

std::string toNfc(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    std::vector<utf8proc_int32_t> run;
    size_t at = 0;
    while (at < text.size()) {
        // A run begins with the last character before the first that may combine.
        const Utf8Step step = utf8At(text, at);
        const size_t next = at + step.length;
        const bool isPlain = step.code < firstCombining;
        if ((isPlain || step.code == vowelBeforeFinals) && !run.empty())
            appendComposed(result, run);
        if (isPlain && (next == text.size() || utf8At(text, next).code < firstCombining))
            result.append(text.substr(at, step.length));
        else
            appendDecomposed(run, step.code);
        at = next;
    }
    if (!run.empty())
        appendComposed(result, run);
    return result;
}

} // namespace argali
