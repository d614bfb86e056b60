#include "engine/tokenizer/sentencepiece.h"

#include <algorithm>

#include <sentencepiece_processor.h>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizerlimits.h"
#include "engine/tokenizer/tokenizerparts.h"

namespace argali {
namespace {

using Type = SentencePieceModel::Type;

constexpr size_t largestPiecedText = size_t(4)
                                     << 20; // the library takes a hundred times as much memory
constexpr std::string_view blank = "\xE2\x96\x81"; // U+2581

/// A piece as text: its blanks are U+2581.
std::string withBlanks(std::string_view piece)
{
    std::string result;
    while (!piece.empty()) {
        const size_t at = std::min(piece.find(blank), piece.size());
        result += piece.substr(0, at);
        piece.remove_prefix(at);
        if (!piece.empty()) {
            result += ' ';
            piece.remove_prefix(blank.size());
        }
    }
    return result;
}

} // namespace

SentencePiece::SentencePiece(SentencePieceDescription description)
    : m_about(std::move(description)),
      m_processor(std::make_unique<sentencepiece::SentencePieceProcessor>())
{
    checkSentencePieceModel(m_about.model, m_about.file);
    addPieces();
    addAddedTokens();
    const auto status = m_processor->LoadFromSerializedProto(serializedModel(m_about.model));
    if (!status.ok())
        bad(m_about.file, "SentencePiece refuses the model: " + inQuotes(status.error_message()));
}

SentencePiece::~SentencePiece() = default;

void SentencePiece::addPieces()
{
    for (const SentencePieceModel::Piece& piece : m_about.model.pieces) {
        Token token;
        token.isSpecial = piece.type == Type::Control || piece.type == Type::Unknown;
        token.beginsWithBlank = piece.type != Type::Byte && piece.text.starts_with(blank);
        if (piece.type == Type::Byte)
            token.bytes = static_cast<char>(byteOfPiece(piece.text));
        else
            token.bytes = withBlanks(piece.text);
        m_tokens.push_back(std::move(token));
    }
}

void SentencePiece::addAddedTokens()
{
    std::vector<AddedToken>& added = m_about.added;
    std::sort(added.begin(), added.end(),
              [](const AddedToken& a, const AddedToken& b) { return a.text < b.text; });
    for (size_t i = 0; i < added.size(); ++i) {
        const AddedToken& token = added[i];
        if (token.text.empty() || token.text.size() > longestAddedToken)
            bad(m_about.file, "added token " + std::to_string(token.id) +
                                  ": expected a text of 1 to " + std::to_string(longestAddedToken) +
                                  " bytes, found " + std::to_string(token.text.size()));
        if (token.id < 0 || token.id >= idLimit)
            bad(m_about.file, "added token " + inQuotes(token.text) +
                                  ": expected an id from 0 to " + std::to_string(idLimit - 1) +
                                  ", found " + std::to_string(token.id));
        if (i > 0 && added[i - 1].text == token.text)
            bad(m_about.file, "added token " + inQuotes(token.text) + " comes twice");
        const auto index = static_cast<size_t>(token.id);
        if (index >= m_tokens.size())
            m_tokens.resize(index + 1);
        // It may take the place of a piece that the model keeps free for it.
        m_tokens[index] = {token.text, token.special, false};
    }
    m_finder = AddedTokenFinder(added);
}

std::vector<int32_t> SentencePiece::encode(std::string_view text) const
{
    return encodeParts(text, m_about.parsesText);
}

std::vector<int32_t> SentencePiece::encodePrompt(std::string_view text) const
{
    return encodeParts(text, m_about.parsesPrompt);
}

std::vector<int32_t> SentencePiece::encodeParts(std::string_view text, bool parses) const
{
    if (text.size() > largestPiecedText)
        throw Error(Error::Code::BadRequest,
                    "a text of " + std::to_string(text.size()) + " bytes; at most " +
                        std::to_string(largestPiecedText) + " can be turned into tokens");
    const std::string whole = replaceInvalidUtf8(text);
    std::vector<int32_t> ids;
    if (!parses) {
        encodePart(whole, true, ids);
        return ids;
    }
    for (const TextSpan& span : m_finder.split(whole)) {
        if (span.id >= 0)
            ids.push_back(span.id);
        else
            encodePart(std::string_view(whole).substr(span.begin, span.end - span.begin),
                       span.begin == 0, ids);
    }
    return ids;
}

void SentencePiece::encodePart(std::string_view text, bool isFirst, std::vector<int32_t>& ids) const
{
    if (text.empty())
        return;
    const bool hasBlank =
        m_about.keepsFirstBlank && (text.starts_with(' ') || text.starts_with(blank));
    const bool isWanted = isFirst || m_about.blank == SentencePieceDescription::Blank::EveryPart;
    std::string part;
    if (m_about.model.addsBlank && isWanted && !hasBlank)
        part = blank;
    part += text;
    std::vector<int> found;
    const auto status = m_processor->Encode(part, &found);
    if (!status.ok())
        throw Error(Error::Code::BadRequest,
                    "the text cannot be turned into tokens: " + inQuotes(status.error_message()));
    ids.insert(ids.end(), found.begin(), found.end());
}

std::string SentencePiece::bytesOf(int32_t id) const
{
    return id < 0 || id >= size() ? std::string() : m_tokens[static_cast<size_t>(id)].bytes;
}

bool SentencePiece::isSpecial(int32_t id) const
{
    return id >= 0 && id < size() && m_tokens[static_cast<size_t>(id)].isSpecial;
}

bool SentencePiece::dropsFirstBlank(int32_t id) const
{
    return m_about.model.addsBlank && id >= 0 && id < size() &&
           m_tokens[static_cast<size_t>(id)].beginsWithBlank;
}

std::optional<int32_t> SentencePiece::addedToken(std::string_view text) const
{
    const std::vector<AddedToken>& added = m_about.added;
    const auto found =
        std::lower_bound(added.begin(), added.end(), text,
                         [](const AddedToken& a, std::string_view t) { return a.text < t; });
    if (found == added.end() || found->text != text)
        return std::nullopt;
    return found->id;
}

} // namespace argali
