#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace argali::remote {

/// JSON that a server sent, within limits that fit answers: 16 levels more than any server needs,
/// and of a key that comes twice the last one counts.
/// Throws: Error::Code::Network
nlohmann::json parseServerJson(std::string_view text, const std::string& where);
/// The same, nothing for a text that is not such JSON.
std::optional<nlohmann::json> tryServerJson(std::string_view text);

/// The member at the end of a path ("choices.0.delta": keys, and positions in lists); null when a
/// part of it is missing, null or of another type.
const nlohmann::json* member(const nlohmann::json& value, std::string_view path);

/// The member when it is a text, else nothing.
std::optional<std::string> textOf(const nlohmann::json& value, std::string_view path);
/// The member when it is a whole number from 0 to 2^53 (also written 12.0), else nothing.
std::optional<int64_t> countOf(const nlohmann::json& value, std::string_view path);
/// The member when it is a number from 0 to 10^16, else nothing.
std::optional<double> amountOf(const nlohmann::json& value, std::string_view path);
/// The member when it is true or false, else nothing.
std::optional<bool> flagOf(const nlohmann::json& value, std::string_view path);

/// Text from outside, fit to be shown: UTF-8 without control characters and without those that turn
/// the direction of writing; white space becomes single spaces; at most that many bytes, "..."
/// where it was cut.
std::string cleanLine(std::string_view text, size_t bytes);

/// A text in lower case as far as it is ASCII.
std::string lowerCase(std::string_view text);
/// Whether the text holds the other one, without regard to the case of ASCII letters.
bool holdsIgnoringCase(std::string_view text, std::string_view lowerCaseWord);

} // namespace argali::remote
