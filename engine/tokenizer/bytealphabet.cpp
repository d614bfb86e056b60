#include "engine/tokenizer/bytealphabet.h"

#include <array>
#include <cstdint>

#include "engine/tokenizer/unicode.h"

namespace argali {
namespace {

constexpr int characterCount = 256 + 68;

struct Alphabet {
    std::array<char32_t, 256> characters{};
    std::array<int16_t, characterCount> bytes{};
};

constexpr Alphabet makeAlphabet()
{
    Alphabet result;
    result.bytes.fill(-1);
    char32_t next = 256;
    for (char32_t byte = 0; byte < 256; ++byte) {
        const bool isItself =
            (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
        const char32_t character = isItself ? byte : next++;
        result.characters[byte] = character;
        result.bytes[character] = static_cast<int16_t>(byte);
    }
    return result;
}

constexpr Alphabet alphabet = makeAlphabet();

} // namespace

bool appendBytesSpelled(std::string& bytes, std::string_view text)
{
    const size_t before = bytes.size();
    for (size_t at = 0; at < text.size();) {
        const Utf8Step step = utf8At(text, at);
        const int byte = step.code < characterCount ? alphabet.bytes[step.code] : -1;
        if (byte < 0) {
            bytes.resize(before);
            return false;
        }
        bytes += static_cast<char>(byte);
        at += step.length;
    }
    return true;
}

std::string spelledInBytes(std::string_view bytes)
{
    std::string result;
    for (const char byte : bytes)
        appendUtf8(result, alphabet.characters[static_cast<uint8_t>(byte)]);
    return result;
}

} // namespace argali
