#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace argali {

/// What stands at one place of a byte string that should be UTF-8.
struct Utf8Step {
    enum class State {
        Whole,   ///< a character of length bytes
        Invalid, ///< length bytes that can never become one: one maximal invalid part
        Cut,     ///< the text ends within a character that is good so far; length bytes are there
    };
    char32_t code = 0xFFFD; ///< U+FFFD unless Whole
    uint32_t length = 0;
    State state = State::Invalid;
};

/// The step at byte at, which must lie inside text.
/// Source: Unicode 15, table 3-7 and section 3.9, "U+FFFD substitution of maximal subparts"
Utf8Step utf8At(std::string_view text, size_t at);

/// Where the first byte stands that is not part of a whole character; nothing for UTF-8 text.
std::optional<size_t> firstInvalidUtf8(std::string_view text);

void appendUtf8(std::string& text, char32_t code);

/// Unicode's property White_Space, the \s of regular expressions.
bool isWhiteSpace(char32_t code);
bool isLetter(char32_t code); ///< general category L
bool isNumber(char32_t code); ///< general category N
/// The \w of regular expressions: Alphabetic, M, Nd, Pc and Join_Control.
/// Source: Unicode Technical Standard 18, annex C
bool isWordCharacter(char32_t code);

/// Normalisation form C of UTF-8 text, in time that grows as n log n for any text.
/// Source: Unicode Standard Annex 15
std::string toNfc(std::string_view text);

} // namespace argali
