#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/tokenizer/addedtokens.h"
#include "engine/tokenizer/sentencepiecemodel.h"
#include "engine/tokenizer/tokenizer.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace argali {

/// A SentencePiece model with what a folder adds to it.
struct SentencePieceDescription {
    /// Which parts of a prompt get a blank in front, where the model adds one.
    enum class Blank {
        EveryPart, ///< the form called legacy: also behind a control token
        FirstPart, ///< only the beginning of the prompt, and not before a control token
    };

    std::string file; ///< for messages
    SentencePieceModel model;
    std::vector<AddedToken> added; ///< control tokens of the model too, where they may be parsed
    Blank blank = Blank::EveryPart;
    bool keepsFirstBlank = false; ///< a part that begins with a blank gets no other one
    bool parsesText = false;      ///< added tokens are recognised by encode(), too
    bool parsesPrompt = true;     ///< ... by encodePrompt()
};

/// SentencePiece BPE with byte fallback, by the library of that name. The library only ever sees
/// models that were checked and written anew here.
/// Source: arXiv:1808.06226; prompts: LlamaTokenizer of Hugging Face transformers
class SentencePiece final : public Tokenizer {
public:
    /// Throws: Error::Code::BadModel
    explicit SentencePiece(SentencePieceDescription description);
    ~SentencePiece() override;

    /// Throws: Error::Code::BadRequest for more than 4 MiB of text
    std::vector<int32_t> encode(std::string_view text) const override;
    std::vector<int32_t> encodePrompt(std::string_view text) const override;
    std::string bytesOf(int32_t id) const override;
    bool isSpecial(int32_t id) const override;
    bool isAlwaysHidden(int32_t id) const override { return isSpecial(id); }
    bool dropsFirstBlank(int32_t id) const override;
    bool replacesBytes() const override { return true; }
    std::optional<int32_t> addedToken(std::string_view text) const override;
    int32_t size() const override { return static_cast<int32_t>(m_tokens.size()); }

private:
    struct Token {
        std::string bytes; ///< as they are decoded
        bool isSpecial = false;
        bool beginsWithBlank = false;
    };

    void addPieces();
    void addAddedTokens();
    std::vector<int32_t> encodeParts(std::string_view text, bool parses) const;
    void encodePart(std::string_view text, bool isFirst, std::vector<int32_t>& ids) const;

    SentencePieceDescription m_about;
    std::unique_ptr<sentencepiece::SentencePieceProcessor> m_processor;
    std::vector<Token> m_tokens; ///< by id
    AddedTokenFinder m_finder{{}};
};

} // namespace argali
