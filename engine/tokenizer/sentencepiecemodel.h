#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace argali {

/// What a SentencePiece model holds that matters for text and ids.
struct SentencePieceModel {
    enum class Type { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };
    struct Piece {
        std::string text; ///< blanks as U+2581; a byte as "<0x0A>"
        float score = 0;  ///< neighbours merge into the piece with the largest one first
        Type type = Type::Normal;
    };

    std::vector<Piece> pieces; ///< by id
    bool addsBlank = true;     ///< one in front of every text
    std::string charsMap;      ///< replaces characters before all else; empty: none does
};

/// The bytes of a piece of type Byte, -1 for a text of another form than "<0x0A>".
int byteOfPiece(std::string_view text);

/// Reads a tokenizer.model and checks every rule that a library could trip over: sizes, counts,
/// texts, scores, and that the table of characters stays within itself.
/// Throws: Error::Code::Missing, BadModel (file, field, found), Unsupported (another algorithm than
///         BPE, settings that no family here has)
/// Source: sentencepiece_model.proto; the table: darts-clone, darts.h
SentencePieceModel readSentencePieceModel(const std::filesystem::path& path);
/// The same from memory; file is for messages.
SentencePieceModel parseSentencePieceModel(std::string_view content, const std::string& file);

/// Checks a model from elsewhere by the same rules.
/// Throws: Error::Code::BadModel
void checkSentencePieceModel(const SentencePieceModel& model, const std::string& file);

/// A model file with the fields above and no others, which does not add a blank itself.
std::string serializedModel(const SentencePieceModel& model);

} // namespace argali
