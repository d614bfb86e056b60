#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/checkpoint/config.h"
#include "engine/tokenizer/addedtokens.h"

namespace argali {

// What the readers of tokenizer files share.

/// Throws: Error::Code::BadModel with file and what
[[noreturn]] void bad(const std::string& file, const std::string& what);
/// Throws: Error::Code::Unsupported with file and what
[[noreturn]] void unsupported(const std::string& file, const std::string& what);

/// A file that must be a JSON object.
/// Throws: Error::Code::Missing, BadModel
nlohmann::json readJsonObject(const std::filesystem::path& path, JsonTable* table = nullptr);
/// The value of a key; null when it is not there.
const nlohmann::json& at(const nlohmann::json& object, const char* key);
/// The "type" of a part of the pipeline, for comparison and messages.
std::string typeOf(const nlohmann::json& part);
bool isTrue(const nlohmann::json& object, const char* key);
/// Whether a setting is as good as absent.
bool isOff(const nlohmann::json& value);

/// Pairs of tokens that merge, best first; views into what they were read from.
using Merges = std::vector<std::pair<std::string_view, std::string_view>>;
/// "a b" as two tokens. number: for messages.
std::pair<std::string_view, std::string_view> splitMerge(const std::string& file,
                                                         std::string_view text, size_t number);
/// The "merges" of a tokenizer.json in both forms, "a b" and ["a", "b"].
Merges readMerges(const std::string& file, const nlohmann::json& merges);

/// The "added_tokens" of a tokenizer.json.
std::vector<AddedToken> readAddedTokenList(const std::string& file, const nlohmann::json& list);
/// Lays the added tokens of tokenizer_config.json over those of tokenizer.json, which keep their
/// ids.
void mergeAddedTokens(const Config& config, std::vector<AddedToken>& tokens);
/// Those of a folder without a tokenizer.json: tokenizer_config.json's added_tokens_decoder,
/// without that added_tokens.json; which of them are special the names in tokenizer_config.json and
/// special_tokens_map.json tell as well.
std::vector<AddedToken> readFolderAddedTokens(const std::filesystem::path& folder);

} // namespace argali
