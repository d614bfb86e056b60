#include "engine/tokenizer/sentencepiecefiles.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/config.h"
#include "engine/error.h"
#include "engine/tokenizer/sentencepiece.h"
#include "engine/tokenizer/tokenizerparts.h"
#include "engine/tokenizer/unicode.h"

namespace argali {
namespace {

using nlohmann::json;
using Type = SentencePieceModel::Type;
using Blank = SentencePieceDescription::Blank;

constexpr std::string_view blankMark = "\xE2\x96\x81"; // U+2581

/// Adds the model's own control tokens, which no file of the folder has to name.
void addControlTokens(SentencePieceDescription& description)
{
    std::set<std::string> known;
    for (const AddedToken& token : description.added)
        known.insert(token.text);
    const auto& pieces = description.model.pieces;
    for (size_t id = 0; id < pieces.size(); ++id) {
        const bool isControl = pieces[id].type == Type::Control || pieces[id].type == Type::Unknown;
        if (!isControl || known.contains(pieces[id].text))
            continue;
        AddedToken token;
        token.id = static_cast<int32_t>(id);
        token.text = pieces[id].text;
        token.special = true;
        description.added.push_back(std::move(token));
    }
}

/// The tokens that ChatGLM2 puts behind its model. They are no text: nobody can type them.
void addGlmTokens(SentencePieceDescription& description)
{
    auto id = static_cast<int32_t>(description.model.pieces.size());
    for (const char* text : {"[MASK]", "[gMASK]", "[sMASK]", "sop", "eop"}) {
        AddedToken token;
        token.id = id++;
        token.text = text;
        token.special = true;
        description.added.push_back(std::move(token));
    }
}

/// What the "normalizer" and "pre_tokenizer" of a tokenizer.json do about blanks.
void readBlanks(const std::string& file, const json& root, SentencePieceDescription& description)
{
    static const std::string expected =
        "; expected Prepend and Replace of blanks, or Metaspace without split";
    bool replaces = false, prepends = false;
    const auto readPart = [&](const json& part) {
        const bool isReplace = typeOf(part) == "Replace" &&
                               at(at(part, "pattern"), "String") == " " &&
                               at(part, "content") == blankMark;
        const bool isPrepend = typeOf(part) == "Prepend" && at(part, "prepend") == blankMark;
        if (!isReplace && !isPrepend)
            unsupported(file, "normalizer " + inQuotes(typeOf(part)) + expected);
        replaces = replaces || isReplace;
        // What is prepended before blanks are replaced stands in front of them all the same.
        prepends = prepends || isPrepend;
    };
    const json& normalizer = at(root, "normalizer");
    if (typeOf(normalizer) == "Sequence" && at(normalizer, "normalizers").is_array())
        for (const json& part : at(normalizer, "normalizers"))
            readPart(part);
    else if (!normalizer.is_null())
        readPart(normalizer);
    description.model.addsBlank = prepends;
    const json& metaspace = at(root, "pre_tokenizer");
    if (metaspace.is_null()) {
        if (!replaces)
            unsupported(file, "no normalizer for blanks" + expected);
        return;
    }
    const json& scheme = at(metaspace, "prepend_scheme");
    const bool isKnown = scheme == "always" || scheme == "first" || scheme == "never";
    if (typeOf(metaspace) != "Metaspace" || at(metaspace, "replacement") != blankMark ||
        at(metaspace, "split") != false || !isKnown || prepends)
        unsupported(file, "pre_tokenizer " + inQuotes(typeOf(metaspace)) +
                              " in a form that is not read" + expected);
    description.model.addsBlank = scheme != "never";
    description.blank = scheme == "always" ? Blank::EveryPart : Blank::FirstPart;
    description.keepsFirstBlank = true;
}

/// The "decoder" must do what decoding does here.
void checkDecoder(const std::string& file, const json& decoder, bool addsBlank)
{
    std::vector<std::string> types;
    for (const json& part : at(decoder, "decoders"))
        types.push_back(typeOf(part));
    std::vector<std::string> expected = {"Replace", "ByteFallback", "Fuse"};
    if (addsBlank)
        expected.push_back("Strip");
    std::string found;
    for (const std::string& type : types)
        found += (found.empty() ? "" : ", ") + type;
    if (typeOf(decoder) != "Sequence" || types != expected)
        unsupported(file, "decoder " + inQuotes(found.empty() ? typeOf(decoder) : found) +
                              "; expected Replace, ByteFallback, Fuse" +
                              (addsBlank ? ", Strip" : ""));
}

/// The pieces of a vocabulary by their ids, still without scores.
void readVocabulary(const std::string& file, const json& model,
                    const std::vector<std::pair<std::string, int64_t>>& vocabulary,
                    SentencePieceDescription& description)
{
    auto& pieces = description.model.pieces;
    pieces.resize(vocabulary.size());
    std::set<std::string_view> specials;
    for (const AddedToken& token : description.added)
        specials.insert(token.text);
    const json& unknown = at(model, "unk_token");
    for (const auto& [text, id] : vocabulary) {
        if (id < 0 || id >= static_cast<int64_t>(pieces.size()))
            bad(file, "model.vocab: token " + inQuotes(text) + " has the id " + std::to_string(id) +
                          ", expected 0 to " + std::to_string(pieces.size() - 1) + " without gaps");
        SentencePieceModel::Piece& piece = pieces[static_cast<size_t>(id)];
        if (!piece.text.empty())
            bad(file, "model.vocab: tokens " + inQuotes(piece.text) + " and " + inQuotes(text) +
                          " have the same id " + std::to_string(id));
        piece.text = text;
        piece.type = unknown == text           ? Type::Unknown
                     : byteOfPiece(text) >= 0  ? Type::Byte
                     : specials.contains(text) ? Type::Control
                                               : Type::Normal;
    }
}

/// Makes scores of the ranks of merges, and sees to it that both lead to the same tokens:
/// SentencePiece merges whatever gives a piece, the best piece first.
void readScores(const std::string& file, const Merges& merges, SentencePieceModel& model)
{
    std::map<std::string_view, SentencePieceModel::Piece*> normal;
    for (SentencePieceModel::Piece& piece : model.pieces) {
        piece.score = -static_cast<float>(merges.size()) - 1;
        if (piece.type == Type::Normal)
            normal.emplace(piece.text, &piece);
    }
    std::set<std::pair<std::string_view, std::string_view>> listed;
    std::set<std::string_view> done;
    std::string whole, before;
    for (size_t rank = 0; rank < merges.size(); ++rank) {
        const auto& [left, right] = merges[rank];
        whole.assign(left).append(right);
        const auto result = normal.find(whole);
        if (!normal.contains(left) || !normal.contains(right) || result == normal.end())
            bad(file, "model.merges[" + std::to_string(rank) + "] is " + inQuotes(left) + " and " +
                          inQuotes(right) + ", of which the vocabulary lacks a part or the whole");
        listed.emplace(left, right);
        if (whole == before)
            continue;
        before = whole;
        if (!done.insert(result->first).second)
            unsupported(file, "model.merges[" + std::to_string(rank) + "] makes " +
                                  inQuotes(whole) +
                                  " again, behind others; expected the merges of "
                                  "a SentencePiece model");
        result->second->score = -static_cast<float>(rank);
    }
    for (const auto& [text, piece] : normal)
        for (size_t at = utf8At(text, 0).length; at < text.size(); at += utf8At(text, at).length) {
            const std::string_view left = text.substr(0, at), right = text.substr(at);
            if (normal.contains(left) && normal.contains(right) && !listed.contains({left, right}))
                unsupported(file, "model.merges lacks " + inQuotes(left) + " and " +
                                      inQuotes(right) +
                                      "; expected the merges of a SentencePiece model");
        }
}

} // namespace

std::unique_ptr<Tokenizer> openSentencePiece(const std::filesystem::path& folder)
{
    const std::filesystem::path file = folder / "tokenizer.model";
    const Config config = Config::readIfThere(folder / "tokenizer_config.json");
    std::string type = config.string("tokenizer_class", "LlamaTokenizer");
    if (type.ends_with("Fast"))
        type.resize(type.size() - 4);
    SentencePieceDescription description;
    description.file = file.string();
    description.model = readSentencePieceModel(file);
    if (type == "ChatGLMTokenizer") {
        addGlmTokens(description);
        description.parsesPrompt = false;
        return std::make_unique<SentencePiece>(std::move(description));
    }
    if (type != "LlamaTokenizer" && type != "InternLM2Tokenizer")
        unsupported(config.file(), "tokenizer_class " + inQuotes(type) +
                                       " with tokenizer.model; expected LlamaTokenizer, "
                                       "InternLM2Tokenizer or ChatGLMTokenizer");
    description.added = readFolderAddedTokens(folder);
    addControlTokens(description);
    description.parsesText = type == "InternLM2Tokenizer";
    std::error_code error;
    const bool isLegacy = type == "InternLM2Tokenizer" ||
                          std::filesystem::exists(folder / "tokenizer.json", error) ||
                          config.boolean("legacy", true);
    description.blank = isLegacy ? Blank::EveryPart : Blank::FirstPart;
    return std::make_unique<SentencePiece>(std::move(description));
}

std::unique_ptr<Tokenizer> makeFromTokenizerJson(
    const std::filesystem::path& path, const json& root,
    std::vector<std::pair<std::string, int64_t>> vocabulary)
{
    const std::string file = path.string();
    const json& model = at(root, "model");
    for (const char* key :
         {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "ignore_merges"})
        if (!isOff(at(model, key)))
            unsupported(file, std::string("model.") + key +
                                  " is set; expected a BPE with byte_fallback without it");
    SentencePieceDescription description;
    description.file = file;
    description.added = readAddedTokenList(file, at(root, "added_tokens"));
    mergeAddedTokens(Config::readIfThere(path.parent_path() / "tokenizer_config.json"),
                     description.added);
    readBlanks(file, root, description);
    checkDecoder(file, at(root, "decoder"), description.model.addsBlank);
    if (const json& part = at(root, "post_processor");
        !part.is_null() && typeOf(part) != "TemplateProcessing")
        unsupported(file, "post_processor " + inQuotes(typeOf(part)) +
                              "; expected TemplateProcessing or none");
    readVocabulary(file, model, vocabulary, description);
    // Texts and bytes first: the merges are looked up among them.
    checkSentencePieceModel(description.model, file);
    readScores(file, readMerges(file, at(model, "merges")), description.model);
    description.parsesText = true;
    return std::make_unique<SentencePiece>(std::move(description));
}

} // namespace argali
