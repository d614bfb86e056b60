#include "engine/tokenizer/sentencepiecemodel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizerparts.h"
#include "engine/tokenizer/unicode.h"

namespace argali {
namespace {

using Type = SentencePieceModel::Type;

// Published models have up to 4.5 MB, 256000 pieces and pieces of a few dozen bytes.
constexpr int64_t largestFile = int64_t(64) << 20;
constexpr size_t mostPieces = size_t(1) << 20;
constexpr size_t longestPiece = 512;
constexpr size_t largestCharsMap = size_t(8) << 20;
constexpr int algorithmBpe = 2;

/// One field of a message.
struct Field {
    uint64_t number = 0;
    int wire = 0; ///< 0: value, 1: eight bytes, 2: bytes, 5: four bytes in value
    uint64_t value = 0;
    std::string_view bytes;
};

/// Walks the fields of a message in the protobuf format.
/// Source: protobuf.dev, "Encoding"
class MessageReader final {
public:
    /// what: for messages of errors, "piece 7"
    MessageReader(std::string_view bytes, const std::string& file, std::string what)
        : m_bytes(bytes), m_file(file), m_what(std::move(what))
    {
    }

    std::optional<Field> next()
    {
        if (m_bytes.empty())
            return std::nullopt;
        Field field;
        const uint64_t key = varint();
        field.number = key >> 3;
        field.wire = static_cast<int>(key & 7);
        if (field.number == 0)
            refuse("has a field of number 0");
        switch (field.wire) {
        case 0:
            field.value = varint();
            break;
        case 1:
            take(8);
            break;
        case 2:
            field.bytes = take(varint());
            break;
        case 5:
            field.value = fixed32(take(4));
            break;
        default:
            refuse("has the field " + std::to_string(field.number) + " of the impossible kind " +
                   std::to_string(field.wire));
        }
        return field;
    }

    /// Refuses a field that is there in another form than it should be.
    void require(const Field& field, int wire, const char* name) const
    {
        if (field.wire != wire)
            refuse(std::string("has the field ") + name + " in the wrong form");
    }

    bool flag(const Field& field, const char* name) const
    {
        require(field, 0, name);
        return field.value != 0;
    }

    [[noreturn]] void refuse(const std::string& what,
                             Error::Code code = Error::Code::BadModel) const
    {
        throw Error(code, m_file + ": " + m_what + " " + what);
    }

private:
    uint64_t varint()
    {
        uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const auto byte = static_cast<uint8_t>(take(1).front());
            value |= uint64_t(byte & 0x7F) << shift;
            if (byte < 0x80)
                return value;
        }
        refuse("has a number of more than ten bytes");
    }

    std::string_view take(uint64_t count)
    {
        if (count > m_bytes.size())
            refuse("wants " + std::to_string(count) + " more bytes, but has " +
                   std::to_string(m_bytes.size()) +
                   " left; the file is cut or no SentencePiece "
                   "model: fetch it again");
        const std::string_view result = m_bytes.substr(0, count);
        m_bytes.remove_prefix(count);
        return result;
    }

    static uint64_t fixed32(std::string_view bytes)
    {
        uint32_t value = 0;
        std::memcpy(&value, bytes.data(), sizeof value); // little-endian, as this machine
        return value;
    }

    std::string_view m_bytes;
    const std::string& m_file;
    const std::string m_what;
};

SentencePieceModel::Piece readPiece(std::string_view bytes, size_t id, const std::string& file)
{
    MessageReader reader(bytes, file, "piece " + std::to_string(id));
    SentencePieceModel::Piece piece;
    while (const auto field = reader.next()) {
        if (field->number == 1) {
            reader.require(*field, 2, "piece");
            piece.text = field->bytes;
        } else if (field->number == 2) {
            reader.require(*field, 5, "score");
            piece.score = std::bit_cast<float>(static_cast<uint32_t>(field->value));
        } else if (field->number == 3) {
            reader.require(*field, 0, "type");
            if (field->value < 1 || field->value > 6)
                reader.refuse("has the type " + std::to_string(field->value) + ", expected 1 to 6");
            piece.type = static_cast<Type>(field->value);
        }
    }
    return piece;
}

void readTrainer(std::string_view bytes, const std::string& file, int64_t& algorithm)
{
    MessageReader reader(bytes, file, "trainer_spec");
    while (const auto field = reader.next()) {
        if (field->number == 3) {
            reader.require(*field, 0, "model_type");
            algorithm = static_cast<int64_t>(field->value);
        } else if (field->number == 24 && reader.flag(*field, "treat_whitespace_as_suffix")) {
            reader.refuse("has treat_whitespace_as_suffix, which is not supported",
                          Error::Code::Unsupported);
        }
    }
}

void readNormalizer(std::string_view bytes, const std::string& file, SentencePieceModel& model,
                    bool& removesBlanks)
{
    MessageReader reader(bytes, file, "normalizer_spec");
    while (const auto field = reader.next()) {
        if (field->number == 2) {
            reader.require(*field, 2, "precompiled_charsmap");
            if (field->bytes.size() > largestCharsMap)
                reader.refuse("has a precompiled_charsmap of " +
                              std::to_string(field->bytes.size()) + " bytes, the limit is " +
                              std::to_string(largestCharsMap));
            model.charsMap = field->bytes;
        } else if (field->number == 3) {
            model.addsBlank = reader.flag(*field, "add_dummy_prefix");
        } else if (field->number == 4) {
            removesBlanks = reader.flag(*field, "remove_extra_whitespaces");
        } else if (field->number == 5 && !reader.flag(*field, "escape_whitespaces")) {
            reader.refuse("has no escape_whitespaces, which is not supported",
                          Error::Code::Unsupported);
        }
    }
}

/// The table is a trie whose units name others by number, and texts behind it that end with NUL. A
/// walk goes from unit i to (i ^ offset) ^ byte for any byte of a text, wherever it is.
void checkCharsMap(std::string_view map, const std::string& file)
{
    const auto refuse = [&](const std::string& what) {
        throw Error(Error::Code::BadModel, file + ": normalizer_spec.precompiled_charsmap " + what);
    };
    if (map.empty())
        return;
    uint32_t trieBytes = 0;
    if (map.size() < sizeof trieBytes)
        refuse("has only " + std::to_string(map.size()) + " bytes");
    std::memcpy(&trieBytes, map.data(), sizeof trieBytes);
    map.remove_prefix(sizeof trieBytes);
    // The library walks 256 units at a time.
    if (trieBytes < 1024 || trieBytes % 1024 != 0 || trieBytes >= map.size())
        refuse("has a trie of " + std::to_string(trieBytes) +
               " bytes, expected a multiple of 1024 "
               "that leaves some of the " +
               std::to_string(map.size()) + " bytes for the texts");
    const std::string_view texts = map.substr(trieBytes);
    if (texts.back() != '\0')
        refuse("has texts that do not end with NUL");
    std::vector<uint32_t> units(trieBytes / sizeof(uint32_t));
    std::memcpy(units.data(), map.data(), trieBytes);
    for (size_t i = 0; i < units.size(); ++i) {
        const uint32_t unit = units[i];
        if (unit >> 31) // holds a value
            continue;
        const size_t offset = static_cast<size_t>(unit >> 10) << ((unit & 512) >> 6);
        const size_t next = i ^ offset;
        if ((next | 255) >= units.size())
            refuse("leads from unit " + std::to_string(i) + " to " + std::to_string(next) +
                   ", outside of its " + std::to_string(units.size()) + " units");
        const bool hasText = (unit >> 8 & 1) != 0;
        if (hasText && (units[next] & 0x7FFFFFFF) >= texts.size())
            refuse("names the text at byte " + std::to_string(units[next] & 0x7FFFFFFF) + " of " +
                   std::to_string(texts.size()));
    }
    if (const auto invalid = firstInvalidUtf8(texts))
        refuse("has a text that is not UTF-8 at byte " + std::to_string(*invalid));
}

void appendVarint(std::string& bytes, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        bytes += static_cast<char>(value | 0x80);
    bytes += static_cast<char>(value);
}

void appendNumber(std::string& bytes, uint64_t field, uint64_t value)
{
    appendVarint(bytes, field << 3);
    appendVarint(bytes, value);
}

void appendBytes(std::string& bytes, uint64_t field, std::string_view value)
{
    appendVarint(bytes, field << 3 | 2);
    appendVarint(bytes, value.size());
    bytes += value;
}

} // namespace

int byteOfPiece(std::string_view text)
{
    static constexpr std::string_view digits = "0123456789ABCDEF";
    if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>')
        return -1;
    const size_t high = digits.find(text[3]), low = digits.find(text[4]);
    return high == digits.npos || low == digits.npos ? -1 : static_cast<int>(high * 16 + low);
}

SentencePieceModel readSentencePieceModel(const std::filesystem::path& path)
{
    return parseSentencePieceModel(readFile(path, largestFile), path.string());
}

SentencePieceModel parseSentencePieceModel(std::string_view content, const std::string& file)
{
    if (const auto foreign = foreignContent(content))
        throw Error(Error::Code::BadModel, file + ": " + *foreign);
    SentencePieceModel model;
    MessageReader reader(content, file, "the model");
    int64_t algorithm = 1; // what a file without the field means
    bool removesBlanks = true;
    while (const auto field = reader.next()) {
        if (field->number > 5)
            continue;
        reader.require(*field, 2, "1 to 5");
        if (field->number == 1) {
            if (model.pieces.size() == mostPieces)
                reader.refuse("has more pieces than the limit of " + std::to_string(mostPieces));
            model.pieces.push_back(readPiece(field->bytes, model.pieces.size(), file));
        } else if (field->number == 2) {
            readTrainer(field->bytes, file, algorithm);
        } else if (field->number == 3) {
            readNormalizer(field->bytes, file, model, removesBlanks);
        }
        // 4, texts to test the library with, and 5, a table for the way back, change no id.
    }
    if (algorithm != algorithmBpe)
        reader.refuse("is of model_type " + std::to_string(algorithm) + ", expected 2 (BPE)",
                      Error::Code::Unsupported);
    if (removesBlanks)
        reader.refuse("has remove_extra_whitespaces, which no family here has",
                      Error::Code::Unsupported);
    checkSentencePieceModel(model, file);
    return model;
}

void checkSentencePieceModel(const SentencePieceModel& model, const std::string& file)
{
    std::vector<std::string_view> texts;
    std::vector<bool> bytes(256, false);
    size_t unknowns = 0;
    if (model.pieces.empty() || model.pieces.size() > mostPieces)
        bad(file, "has " + std::to_string(model.pieces.size()) + " pieces, expected 1 to " +
                      std::to_string(mostPieces));
    for (size_t id = 0; id < model.pieces.size(); ++id) {
        const SentencePieceModel::Piece& piece = model.pieces[id];
        const auto refuse = [&](const std::string& what) {
            bad(file, "piece " + std::to_string(id) + " " + what);
        };
        if (piece.text.empty() || piece.text.size() > longestPiece)
            refuse("has " + std::to_string(piece.text.size()) + " bytes, expected 1 to " +
                   std::to_string(longestPiece));
        if (firstInvalidUtf8(piece.text))
            refuse("is not UTF-8: " + inQuotes(piece.text));
        if (piece.text.find('\0') != piece.text.npos)
            refuse("has a NUL in it");
        if (!std::isfinite(piece.score))
            refuse("has a score that is no finite number");
        if (piece.type == Type::Unknown)
            ++unknowns;
        if (piece.type == Type::Byte) {
            const int byte = byteOfPiece(piece.text);
            if (byte < 0)
                refuse("is " + inQuotes(piece.text) + ", expected a byte as <0x0A>");
            bytes[static_cast<size_t>(byte)] = true;
        }
        texts.push_back(piece.text);
    }
    if (unknowns != 1)
        bad(file, "has " + std::to_string(unknowns) + " pieces of type unknown, expected one");
    if (const auto missing = std::find(bytes.begin(), bytes.end(), false); missing != bytes.end())
        bad(file, "has no piece for byte " + std::to_string(missing - bytes.begin()) +
                      ", expected all 256");
    std::sort(texts.begin(), texts.end());
    if (const auto twice = std::adjacent_find(texts.begin(), texts.end()); twice != texts.end())
        bad(file, "has the piece " + inQuotes(*twice) + " twice");
    checkCharsMap(model.charsMap, file);
}

std::string serializedModel(const SentencePieceModel& model)
{
    std::string result;
    for (const SentencePieceModel::Piece& piece : model.pieces) {
        std::string bytes;
        appendBytes(bytes, 1, piece.text);
        appendVarint(bytes, 2 << 3 | 5);
        bytes.append(reinterpret_cast<const char*>(&piece.score), sizeof piece.score);
        appendNumber(bytes, 3, static_cast<uint64_t>(piece.type));
        appendBytes(result, 1, bytes);
    }
    std::string trainer, normalizer;
    appendNumber(trainer, 3, algorithmBpe);
    appendNumber(trainer, 35, 1); // byte_fallback
    const auto unknown =
        std::find_if(model.pieces.begin(), model.pieces.end(),
                     [](const auto& piece) { return piece.type == Type::Unknown; });
    appendNumber(trainer, 40, static_cast<uint64_t>(unknown - model.pieces.begin()));
    appendBytes(normalizer, 2, model.charsMap);
    appendNumber(normalizer, 3, 0); // add_dummy_prefix
    appendNumber(normalizer, 4, 0); // remove_extra_whitespaces
    appendNumber(normalizer, 5, 1); // escape_whitespaces
    appendBytes(result, 2, trainer);
    appendBytes(result, 3, normalizer);
    return result;
}

} // namespace argali
