#include "engine/tokenizer/bpefiles.h"

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/config.h"
#include "engine/error.h"
#include "engine/tokenizer/bpe.h"
#include "engine/tokenizer/qwensplitter.h"
#include "engine/tokenizer/sentencepiecefiles.h"
#include "engine/tokenizer/tokenizerparts.h"

namespace argali {
namespace {

using nlohmann::json;

/// "normalizer": null, NFC, or a sequence of these. True when text is to be normalised.
bool readNormalizer(const std::string& file, const json& normalizer)
{
    if (normalizer.is_null())
        return false;
    const std::string type = typeOf(normalizer);
    if (type == "NFC")
        return true;
    const json& parts = at(normalizer, "normalizers");
    if (type != "Sequence" || !parts.is_array())
        unsupported(file, "normalizer " + inQuotes(type) + "; expected NFC or none");
    bool result = false;
    for (const json& part : parts) {
        if (typeOf(part) != "NFC")
            unsupported(file, "normalizer " + inQuotes(typeOf(part)) + "; expected NFC or none");
        result = true;
    }
    return result;
}

/// "pre_tokenizer": a split by the Qwen expression, then bytes.
void checkPreTokenizer(const std::string& file, const json& preTokenizer)
{
    static const char expected[] = "; expected a Split by the Qwen2 expression, then ByteLevel";
    const json& parts = at(preTokenizer, "pretokenizers");
    if (typeOf(preTokenizer) != "Sequence" || !parts.is_array())
        unsupported(file, "pre_tokenizer " +
                              (preTokenizer.is_null() ? "none" : inQuotes(typeOf(preTokenizer))) +
                              expected);
    if (parts.size() != 2 || typeOf(parts[0]) != "Split" || typeOf(parts[1]) != "ByteLevel") {
        std::string found;
        for (const json& part : parts)
            found += (found.empty() ? "" : ", ") + typeOf(part);
        unsupported(file, "pre_tokenizer sequence " + inQuotes(found) + expected);
    }
    const json& expression = at(at(parts[0], "pattern"), "Regex");
    if (expression != std::string(qwenExpression))
        unsupported(file,
                    "pre_tokenizer Split by " +
                        (expression.is_string() ? inQuotes(expression.get_ref<const std::string&>())
                                                : std::string("something else than a Regex")) +
                        expected);
    if (at(parts[0], "behavior") != "Isolated" || !isOff(at(parts[0], "invert")))
        unsupported(file, "pre_tokenizer Split with another behavior than Isolated, or inverted");
    // Both settings are on where the file does not name them.
    if (at(parts[1], "add_prefix_space") != false || at(parts[1], "use_regex") != false)
        unsupported(
            file,
            "pre_tokenizer ByteLevel with add_prefix_space or use_regex; expected both false");
}

void checkPipeline(const std::string& file, const json& root)
{
    checkPreTokenizer(file, at(root, "pre_tokenizer"));
    // What a post processor of another kind adds around a text (BOS, EOS) nobody here would add.
    if (const json& part = at(root, "post_processor");
        !part.is_null() && typeOf(part) != "ByteLevel")
        unsupported(file,
                    "post_processor " + inQuotes(typeOf(part)) + "; expected ByteLevel or none");
    if (const json& part = at(root, "decoder"); typeOf(part) != "ByteLevel")
        unsupported(file, "decoder " + (part.is_null() ? "none" : inQuotes(typeOf(part))) +
                              "; expected ByteLevel");
}

void checkModel(const std::string& file, const json& model)
{
    if (!model.is_object())
        bad(file, "expected an object \"model\", found none");
    if (const json& type = at(model, "type"); !type.is_null() && type != "BPE")
        unsupported(file, "model type " + inQuotes(typeOf(model)) + "; expected BPE");
    for (const char* key :
         {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"})
        if (!isOff(at(model, key)))
            unsupported(file, std::string("model.") + key +
                                  " is set; expected a byte-level BPE without it");
}

/// Lines "a b" after a first line "#version". Views into content.
void readMergeLines(const std::string& file, std::string_view content, BpeDescription& description)
{
    size_t number = 0;
    while (!content.empty()) {
        const size_t end = std::min(content.find('\n'), content.size());
        std::string_view line = content.substr(0, end);
        content.remove_prefix(std::min(end + 1, content.size()));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        ++number;
        if (line.empty() || (number == 1 && line.starts_with("#version")))
            continue;
        description.merges.push_back(splitMerge(file, line, number));
    }
}

void checkTokenizerConfig(const Config& config)
{
    const std::string type = config.string("tokenizer_class", "Qwen2Tokenizer");
    if (type != "Qwen2Tokenizer" && type != "Qwen2TokenizerFast")
        unsupported(config.file(),
                    "tokenizer_class " + inQuotes(type) +
                        " with vocab.json and merges.txt; expected Qwen2Tokenizer or a "
                        "tokenizer.json");
    for (const char* key : {"add_prefix_space", "split_special_tokens"})
        if (isTrue(config.json(), key))
            unsupported(config.file(), std::string(key) + " is set; expected false");
}

} // namespace

std::unique_ptr<Tokenizer> openTokenizerJson(const std::filesystem::path& path)
{
    const std::string file = path.string();
    JsonTable vocabulary{{"model", "vocab"}, {}};
    const json root = readJsonObject(path, &vocabulary);
    const json& model = at(root, "model");
    if (isTrue(model, "byte_fallback"))
        return makeFromTokenizerJson(path, root, std::move(vocabulary.members));
    checkModel(file, model);
    checkPipeline(file, root);

    BpeDescription description;
    description.file = file;
    description.normalizes = readNormalizer(file, at(root, "normalizer"));
    description.ignoresMerges = isTrue(model, "ignore_merges");
    if (const json& vocab = at(model, "vocab"); !vocab.is_object())
        bad(file, std::string("expected an object model.vocab from token to id, found ") +
                      vocab.type_name());
    description.vocabulary = std::move(vocabulary.members);
    description.merges = readMerges(file, at(model, "merges"));
    description.added = readAddedTokenList(file, at(root, "added_tokens"));
    mergeAddedTokens(Config::readIfThere(path.parent_path() / "tokenizer_config.json"),
                     description.added);
    return std::make_unique<Bpe>(description);
}

std::unique_ptr<Tokenizer> openVocabularyFiles(const std::filesystem::path& folder)
{
    const std::filesystem::path vocabularyFile = folder / "vocab.json",
                                mergesFile = folder / "merges.txt";
    checkTokenizerConfig(Config::readIfThere(folder / "tokenizer_config.json"));

    BpeDescription description;
    description.file = vocabularyFile.string();
    JsonTable vocabulary;
    readJsonObject(vocabularyFile, &vocabulary);
    description.vocabulary = std::move(vocabulary.members);
    const std::string merges = readFile(mergesFile);
    if (const auto foreign = foreignContent(merges))
        bad(mergesFile.string(), *foreign);
    readMergeLines(mergesFile.string(), merges, description);

    description.added = readFolderAddedTokens(folder);
    return std::make_unique<Bpe>(description);
}

} // namespace argali
