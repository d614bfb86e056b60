#include "engine/tokenizer/tokenizerparts.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <nlohmann/json.hpp>

#include "engine/error.h"

namespace argali {

using nlohmann::json;

void bad(const std::string& file, const std::string& what)
{
    throw Error(Error::Code::BadModel, file + ": " + what);
}

void unsupported(const std::string& file, const std::string& what)
{
    throw Error(Error::Code::Unsupported, file + ": " + what);
}

json readJsonObject(const std::filesystem::path& path, JsonTable* table)
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

namespace {

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
                            std::vector<AddedToken>& tokens)
{
    if (!decoder.is_object())
        bad(file,
            std::string("expected an object added_tokens_decoder, found ") + decoder.type_name());
    for (const auto& [key, token] : decoder.get_ref<const json::object_t&>()) {
        int32_t id = -1;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
        if (error != std::errc() || end != key.data() + key.size() || id < 0)
            bad(file, "added_tokens_decoder: expected an id from 0 as key, found " + inQuotes(key));
        tokens.push_back(readAddedToken(file, token, id));
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

} // namespace

std::pair<std::string_view, std::string_view> splitMerge(const std::string& file,
                                                         std::string_view text, size_t number)
{
    const size_t blank = text.find(' ');
    if (blank == text.npos || text.find(' ', blank + 1) != text.npos)
        bad(file, "merge " + std::to_string(number) +
                      ": expected two tokens with one blank between them, found " + inQuotes(text));
    return {text.substr(0, blank), text.substr(blank + 1)};
}

Merges readMerges(const std::string& file, const json& merges)
{
    Merges result;
    if (!merges.is_array())
        bad(file, std::string("expected a list model.merges, found ") + merges.type_name());
    result.reserve(merges.size());
    for (const json& merge : merges) {
        const size_t number = result.size() + 1;
        if (merge.is_string())
            result.push_back(splitMerge(file, merge.get_ref<const std::string&>(), number));
        else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
                 merge[1].is_string())
            result.emplace_back(merge[0].get_ref<const std::string&>(),
                                merge[1].get_ref<const std::string&>());
        else
            bad(file, "model.merges[" + std::to_string(number - 1) +
                          "]: expected \"a b\" or [\"a\", \"b\"], found " + merge.type_name());
    }
    return result;
}

void mergeAddedTokens(const Config& config, std::vector<AddedToken>& tokens)
{
    if (!config.has("added_tokens_decoder"))
        return;
    std::vector<AddedToken> more;
    readAddedTokensDecoder(config.file(), at(config.json(), "added_tokens_decoder"), more);
    for (AddedToken& token : more) {
        const auto known = std::find_if(tokens.begin(), tokens.end(), [&](const AddedToken& other) {
            return other.text == token.text;
        });
        if (known == tokens.end()) {
            tokens.push_back(std::move(token));
            continue;
        }
        token.id = known->id;
        *known = std::move(token);
    }
}

std::vector<AddedToken> readAddedTokenList(const std::string& file, const json& list)
{
    std::vector<AddedToken> tokens;
    if (!list.is_null() && !list.is_array())
        bad(file, std::string("expected a list added_tokens, found ") + list.type_name());
    for (const json& token : list)
        tokens.push_back(readAddedToken(file, token, readId(file, at(token, "id"))));
    return tokens;
}

std::vector<AddedToken> readFolderAddedTokens(const std::filesystem::path& folder)
{
    const std::filesystem::path addedFile = folder / "added_tokens.json";
    const Config config = Config::readIfThere(folder / "tokenizer_config.json");
    const Config specials = Config::readIfThere(folder / "special_tokens_map.json");
    std::vector<AddedToken> tokens;
    if (config.has("added_tokens_decoder")) {
        readAddedTokensDecoder(config.file(), at(config.json(), "added_tokens_decoder"), tokens);
    } else if (std::filesystem::exists(addedFile)) {
        const json added = readJsonObject(addedFile);
        for (const auto& [text, id] : added.get_ref<const json::object_t&>()) {
            AddedToken token;
            token.id = static_cast<int32_t>(readId(addedFile.string(), id));
            token.text = text;
            token.normalized = true; // but for special ones, below
            tokens.push_back(std::move(token));
        }
    }
    std::set<std::string> specialNames;
    collectSpecialNames(config.json(), specialNames);
    collectSpecialNames(specials.json(), specialNames);
    for (AddedToken& token : tokens) {
        const bool isListedSpecial = specialNames.contains(token.text);
        if (isListedSpecial && !token.special && !config.has("added_tokens_decoder"))
            token.normalized = false;
        token.special = token.special || isListedSpecial;
    }
    return tokens;
}

} // namespace argali
