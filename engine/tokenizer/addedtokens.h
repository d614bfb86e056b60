#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace argali {

/// A token that is found in the text as it stands instead of being built by merges.
struct AddedToken {
    int32_t id = -1;
    std::string text;
    bool special = false;    ///< left out when decoding for people
    bool singleWord = false; ///< not beside a word character
    bool leftStrip = false;  ///< takes the white space before it along
    bool rightStrip = false; ///< takes the white space behind it along
    bool normalized = false; ///< looked for in normalised text instead of the text as given
};

/// A part of a text: an added token, or what lies between two of them.
struct TextSpan {
    size_t begin = 0, end = 0;
    int32_t id = -1; ///< -1 for text
};

/// Finds added tokens: leftmost first, of several that begin at one place the longest.
/// Source: the class AddedVocabulary of the Hugging Face tokenizers library
class AddedTokenFinder final {
public:
    /// The texts must differ and be not empty.
    explicit AddedTokenFinder(std::vector<AddedToken> tokens);
    /// The whole of text as spans in order; those of text are not empty.
    std::vector<TextSpan> split(std::string_view text) const;

private:
    const AddedToken* longestAt(std::string_view text, size_t at) const;

    std::vector<AddedToken> m_tokens; ///< sorted by text
    std::array<bool, 256> m_begins{}; ///< bytes that a token begins with
};

} // namespace argali
