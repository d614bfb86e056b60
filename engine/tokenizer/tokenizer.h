#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace argali {

/// Text to token ids and back.
/// Thread: any; encode() and decode() may run at the same time.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;
    /// Ids of text; added tokens in it are recognised where the published tokenizer does so.
    /// Invalid UTF-8 is read as U+FFFD, one for each maximal invalid part.
    virtual std::vector<int32_t> encode(std::string_view text) const = 0;
    /// Ids of the text of a prompt. Where the published tokenizer treats a prompt in another way
    /// than SentencePiece a text, control tokens in it are recognised and blanks are added as
    /// there.
    virtual std::vector<int32_t> encodePrompt(std::string_view text) const { return encode(text); }
    /// The bytes of one id, not necessarily whole characters; empty for an id without a token.
    virtual std::string bytesOf(int32_t id) const = 0;
    /// Whether decoding for people leaves this id out.
    virtual bool isSpecial(int32_t id) const = 0;
    /// Whether every decoding leaves it out.
    virtual bool isAlwaysHidden(int32_t) const { return false; }
    /// Whether the blank at the beginning of its bytes goes where it is the first id of a text.
    virtual bool dropsFirstBlank(int32_t) const { return false; }
    /// Whether U+FFFD stands for each byte that is not UTF-8, not for each maximal invalid part.
    virtual bool replacesBytes() const { return false; }
    /// Id of an added token by its exact text.
    virtual std::optional<int32_t> addedToken(std::string_view text) const = 0;
    virtual int32_t size() const = 0; ///< largest id + 1

    /// UTF-8; bytes that are not become U+FFFD.
    std::string decode(const std::vector<int32_t>& ids, bool skipSpecial) const;
};

/// The tokenizer of a checkpoint folder: tokenizer.model, tokenizer.json, or vocab.json with
/// merges.txt and added tokens. Throws: Error::Code::Missing, BadModel, Unsupported
std::unique_ptr<Tokenizer> openTokenizer(const std::filesystem::path& folder);

/// Bytes that are not UTF-8 become U+FFFD, one for each maximal invalid part (Unicode 15, 3.9,
/// "best practice"), or one for each byte.
std::string replaceInvalidUtf8(std::string_view bytes, bool eachByte = false);

/// Throws: Error::Code::BadRequest when text is not UTF-8: what it is, the byte, what to do
void requireUtf8(std::string_view text, const std::string& what);

/// Without Unicode white space at both ends.
std::string_view stripped(std::string_view text);

} // namespace argali
