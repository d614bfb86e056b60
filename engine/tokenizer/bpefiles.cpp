#include "engine/tokenizer/bpefiles.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <vector>

#include "engine/checkpoint/config.h"
#include "engine/error.h"
#include "engine/tokenizer/bpe.h"
#include "engine/tokenizer/qwensplitter.h"

namespace argali {
namespace {

using nlohmann::json;

[[noreturn]] void bad(const std::string& file, const std::string& what)
{
    throw Error(Error::Code::BadModel, file + ": " + what);
}

[[noreturn]] void unsupported(const std::string& file, const std::string& what)
{
    throw Error(Error::Code::Unsupported, file + ": " + what);
}

json readJsonObject(const std::filesystem::path& path, JsonTable* table = nullptr)
{
    const std::string content = readFile(path);
    if (const auto foreign = foreignContent(content))
        bad(path.string(), *foreign);
    JsonLimits limits;
    limits.values = 4'000'000; // a vocabulary of 256k with its merges as pairs has 2 million
    json value = parseJson(content, path.string(), Error::Code::BadModel, limits, table);
    if (!value.is_object())
        bad(path.string(), std::string("expected a JSON object, found ") + value.type_name());
    return value;
}

/// The value of a key; null when it is not there.
const json& at(const json& object, const char* key)
{
    static const json nothing;
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found == object.end() ? nothing : *found;
}

/// The "type" of a part of the pipeline, for comparison and messages.
std::string typeOf(const json& part)
{
    const json& type = at(part, "type");
    return type.is_string() ? type.get<std::string>() : std::string("(no type)");
}

bool isTrue(const json& object, const char* key)
{
    const json& value = at(object, key);
    return value.is_boolean() && value.get<bool>();
}

/// Whether a setting is as good as absent.
bool isOff(const json& value)
{
    return value.is_null() || value == false || value == "" || value == 0;
}

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

/// "a b" as two tokens; tokens have no blanks in the byte alphabet.
std::pair<std::string_view, std::string_view> splitMerge(const std::string& file,
                                                         std::string_view text, size_t number)
{
    const size_t blank = text.find(' ');
    if (blank == text.npos || text.find(' ', blank + 1) != text.npos)
        bad(file, "merge " + std::to_string(number) +
                      ": expected two tokens with one blank between them, found " + inQuotes(text));
    return {text.substr(0, blank), text.substr(blank + 1)};
}

/// Both forms, "a b" and ["a", "b"]. Views into merges.
void readMerges(const std::string& file, const json& merges, BpeDescription& description)
{
    if (!merges.is_array())
        bad(file, std::string("expected a list model.merges, found ") + merges.type_name());
    description.merges.reserve(merges.size());
    for (const json& merge : merges) {
        const size_t number = description.merges.size() + 1;
        if (merge.is_string())
            description.merges.push_back(
                splitMerge(file, merge.get_ref<const std::string&>(), number));
        else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
                 merge[1].is_string())
            description.merges.emplace_back(merge[0].get_ref<const std::string&>(),
                                            merge[1].get_ref<const std::string&>());
        else
            bad(file, "model.merges[" + std::to_string(number - 1) +
                          "]: expected \"a b\" or [\"a\", \"b\"], found " + merge.type_name());
    }
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

bool readFlag(const std::string& file, const json& token, const char* key, bool fallback)
{
    const json& value = at(token, key);
    if (!value.is_null() && !value.is_boolean())
        bad(file, std::string("added token: expected true or false as ") + key + ", found " +
                      value.type_name());
    return value.is_null() ? fallback : value.get<bool>();
}

AddedToken readAddedToken(const std::string& file, const json& token, int64_t id)
{
    const json& content = at(token, "content");
    if (!content.is_string())
        bad(file, "added token " + std::to_string(id) + ": expected a string as content, found " +
                      std::string(content.type_name()));
    AddedToken result;
    result.id = static_cast<int32_t>(id);
    result.text = content.get<std::string>();
    result.special = readFlag(file, token, "special", false);
    result.singleWord = readFlag(file, token, "single_word", false);
    result.leftStrip = readFlag(file, token, "lstrip", false);
    result.rightStrip = readFlag(file, token, "rstrip", false);
    result.normalized = readFlag(file, token, "normalized", !result.special);
    return result;
}

int64_t readId(const std::string& file, const json& id)
{
    if (!id.is_number_unsigned() || id.get<uint64_t>() > INT32_MAX)
        bad(file, "added token: expected an id from 0, found " +
                      (id.is_number() ? id.dump() : std::string(id.type_name())));
    return id.get<int64_t>();
}

/// "added_tokens_decoder": id as text to token.
void readAddedTokensDecoder(const std::string& file, const json& decoder,
                            BpeDescription& description)
{
    if (!decoder.is_object())
        bad(file,
            std::string("expected an object added_tokens_decoder, found ") + decoder.type_name());
    for (const auto& [key, token] : decoder.get_ref<const json::object_t&>()) {
        int32_t id = -1;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
        if (error != std::errc() || end != key.data() + key.size() || id < 0)
            bad(file, "added_tokens_decoder: expected an id from 0 as key, found " + inQuotes(key));
        description.added.push_back(readAddedToken(file, token, id));
    }
}

/// The added tokens of tokenizer_config.json over those of tokenizer.json, which keeps its ids.
void mergeAddedTokens(const Config& config, BpeDescription& description)
{
    if (!config.has("added_tokens_decoder"))
        return;
    BpeDescription more;
    readAddedTokensDecoder(config.file(), at(config.json(), "added_tokens_decoder"), more);
    for (AddedToken& token : more.added) {
        const auto known =
            std::find_if(description.added.begin(), description.added.end(),
                         [&](const AddedToken& other) { return other.text == token.text; });
        if (known == description.added.end()) {
            description.added.push_back(std::move(token));
            continue;
        }
        token.id = known->id;
        *known = std::move(token);
    }
}

/// Adds the texts that a configuration names as special: strings or objects with "content".
void collectSpecialNames(const json& config, std::set<std::string>& names)
{
    const auto add = [&](const json& value) {
        const json& text = value.is_object() ? at(value, "content") : value;
        if (text.is_string())
            names.insert(text.get<std::string>());
    };
    for (const char* key : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
                            "cls_token", "mask_token"})
        add(at(config, key));
    if (const json& more = at(config, "additional_special_tokens"); more.is_array())
        for (const json& value : more)
            add(value);
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
    readMerges(file, at(model, "merges"), description);
    const json& added = at(root, "added_tokens");
    if (!added.is_null() && !added.is_array())
        bad(file, std::string("expected a list added_tokens, found ") + added.type_name());
    for (const json& token : added)
        description.added.push_back(readAddedToken(file, token, readId(file, at(token, "id"))));
    mergeAddedTokens(Config::readIfThere(path.parent_path() / "tokenizer_config.json"),
                     description);
    return std::make_unique<Bpe>(description);
}

std::unique_ptr<Tokenizer> openVocabularyFiles(const std::filesystem::path& folder)
{
    const std::filesystem::path vocabularyFile = folder / "vocab.json",
                                mergesFile = folder / "merges.txt",
                                addedFile = folder / "added_tokens.json";
    const Config config = Config::readIfThere(folder / "tokenizer_config.json");
    const Config specials = Config::readIfThere(folder / "special_tokens_map.json");
    checkTokenizerConfig(config);

    BpeDescription description;
    description.file = vocabularyFile.string();
    JsonTable vocabulary;
    readJsonObject(vocabularyFile, &vocabulary);
    description.vocabulary = std::move(vocabulary.members);
    const std::string merges = readFile(mergesFile);
    if (const auto foreign = foreignContent(merges))
        bad(mergesFile.string(), *foreign);
    readMergeLines(mergesFile.string(), merges, description);

    if (config.has("added_tokens_decoder")) {
        readAddedTokensDecoder(config.file(), at(config.json(), "added_tokens_decoder"),
                               description);
    } else if (std::filesystem::exists(addedFile)) {
        const json added = readJsonObject(addedFile);
        for (const auto& [text, id] : added.get_ref<const json::object_t&>()) {
            AddedToken token;
            token.id = static_cast<int32_t>(readId(addedFile.string(), id));
            token.text = text;
            token.normalized = true; // but for special ones, below
            description.added.push_back(std::move(token));
        }
    }
    std::set<std::string> specialNames;
    collectSpecialNames(config.json(), specialNames);
    collectSpecialNames(specials.json(), specialNames);
    for (AddedToken& token : description.added) {
        const bool isListedSpecial = specialNames.contains(token.text);
        if (isListedSpecial && !token.special && !config.has("added_tokens_decoder"))
            token.normalized = false;
        token.special = token.special || isListedSpecial;
    }
    return std::make_unique<Bpe>(description);
}

} // namespace argali
