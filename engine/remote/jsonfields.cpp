#include "engine/remote/jsonfields.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/unicode.h"

namespace argali::remote {
namespace {

using nlohmann::json;

constexpr double largestCount = 9007199254740992.0; // 2^53: exact in every JSON reader

const JsonLimits& serverLimits()
{
    static const JsonLimits limits{int64_t(16) << 20, 200'000, 48, false};
    return limits;
}

/// Characters that would change how the text around them is read.
bool isInvisible(char32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD || code == 0x61C ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
           (code >= 0xE0000 && code <= 0xE0FFF);
}

} // namespace

json parseServerJson(std::string_view text, const std::string& where)
{
    return parseJson(text, where, Error::Code::Network, serverLimits());
}

std::optional<json> tryServerJson(std::string_view text)
{
    try {
        return parseServerJson(text, "the server's answer");
    } catch (const Error&) {
        return std::nullopt; // for texts that need not be JSON: an error page
    }
}

const json* member(const json& value, std::string_view path)
{
    const json* at = &value;
    while (!path.empty()) {
        const size_t dot = path.find('.');
        const std::string_view key = path.substr(0, dot);
        path = dot == path.npos ? std::string_view() : path.substr(dot + 1);
        if (at->is_object()) {
            const auto found = at->find(std::string(key));
            if (found == at->end())
                return nullptr;
            at = &*found;
        } else if (at->is_array()) {
            size_t index = 0;
            const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
            if (error != std::errc() || end != key.data() + key.size() || index >= at->size())
                return nullptr;
            at = &(*at)[index];
        } else {
            return nullptr;
        }
    }
    return at->is_null() ? nullptr : at;
}

std::optional<std::string> textOf(const json& value, std::string_view path)
{
    const json* const found = member(value, path);
    if (!found || !found->is_string())
        return std::nullopt;
    return found->get_ref<const std::string&>();
}

std::optional<int64_t> countOf(const json& value, std::string_view path)
{
    const auto number = amountOf(value, path);
    if (!number || *number > largestCount || *number != std::floor(*number))
        return std::nullopt;
    return static_cast<int64_t>(*number);
}

std::optional<double> amountOf(const json& value, std::string_view path)
{
    const json* const found = member(value, path);
    if (!found || !found->is_number())
        return std::nullopt;
    const double number = found->get<double>();
    if (!(number >= 0) || number > 1e16)
        return std::nullopt;
    return number;
}

std::optional<bool> flagOf(const json& value, std::string_view path)
{
    const json* const found = member(value, path);
    if (!found || !found->is_boolean())
        return std::nullopt;
    return found->get<bool>();
}

std::string cleanLine(std::string_view text, size_t bytes)
{
    std::string line;
    bool spaceIsDue = false;
    for (size_t at = 0; at < text.size();) {
        const Utf8Step step = utf8At(text, at);
        at += step.length;
        if (isWhiteSpace(step.code)) {
            spaceIsDue = !line.empty();
            continue;
        }
        if (isInvisible(step.code))
            continue;
        std::string next = spaceIsDue ? " " : "";
        appendUtf8(next, step.code);
        if (line.size() + next.size() > bytes)
            return line + "...";
        spaceIsDue = false;
        line += next;
    }
    return line;
}

std::string lowerCase(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return result;
}

bool holdsIgnoringCase(std::string_view text, std::string_view lowerCaseWord)
{
    return lowerCase(text).find(lowerCaseWord) != std::string::npos;
}

} // namespace argali::remote
