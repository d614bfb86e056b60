#include "engine/checkpoint/config.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include <nlohmann/json.hpp>

namespace argali {
namespace {

constexpr int64_t largestFile = int64_t(16) << 20;

std::string describe(const nlohmann::json* value)
{
    if (!value)
        return "nothing";
    if (value->is_object())
        return "an object";
    if (value->is_array())
        return "a list of " + std::to_string(value->size());
    if (value->is_string())
        return inQuotes(value->get_ref<const std::string&>());
    return value->dump(); // a number, true, false or null
}

std::string text(double value)
{
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6g", value);
    return digits;
}

std::string integerBounds(int64_t minimum, int64_t maximum)
{
    return "from " + std::to_string(minimum) + " to " + std::to_string(maximum);
}

/// The value as an integer within the bounds; nothing for other types, fractions, or beyond.
std::optional<int64_t> wholeNumber(const nlohmann::json& value, int64_t minimum, int64_t maximum)
{
    if (!value.is_number_integer())
        return std::nullopt;
    // Unsigned values above 2^63 would turn negative.
    if (value.is_number_unsigned() &&
        value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        return std::nullopt;
    const auto result = value.get<int64_t>();
    if (result < minimum || result > maximum)
        return std::nullopt;
    return result;
}

} // namespace

Config::Config() : Config(nlohmann::json::object(), {}) {}

Config::Config(nlohmann::json value, std::string file)
    : m_value(std::make_shared<const nlohmann::json>(std::move(value))), m_file(std::move(file))
{
}

Config Config::read(const std::filesystem::path& file)
{
    const std::string content = readFile(file, largestFile);
    if (const auto foreign = foreignContent(content))
        throw Error(Error::Code::BadModel, file.string() + ": " + *foreign);
    nlohmann::json value = parseJson(content, file.string(), Error::Code::BadModel);
    if (!value.is_object())
        throw Error(Error::Code::BadModel,
                    file.string() + ": expected a JSON object, found " + describe(&value));
    return Config(std::move(value), file.string());
}

Config Config::readIfThere(const std::filesystem::path& file)
{
    std::error_code error;
    const auto status = std::filesystem::symlink_status(file, error);
    if (status.type() == std::filesystem::file_type::not_found)
        return Config(nlohmann::json::object(), file.string());
    return read(file); // also when the status is unknown: read() says why
}

const nlohmann::json* Config::find(std::string_view key) const
{
    const nlohmann::json* value = m_value.get();
    size_t begin = 0;
    while (true) {
        const size_t end = key.find('.', begin);
        const auto member = value->find(key.substr(begin, end - begin));
        if (member == value->end() || member->is_null())
            return nullptr;
        value = &*member;
        if (end == key.npos)
            return value;
        if (!value->is_object())
            fail(key.substr(0, end), "an object");
        begin = end + 1;
    }
}

void Config::fail(std::string_view key, const std::string& expected) const
{
    fail(key, expected, find(key));
}

void Config::fail(std::string_view key, const std::string& expected,
                  const nlohmann::json* found) const
{
    throw Error(Error::Code::BadModel, m_file + ": " + m_prefix + std::string(key) + ": expected " +
                                           expected + ", found " + describe(found));
}

bool Config::has(std::string_view key) const
{
    return find(key) != nullptr;
}

int64_t Config::integer(std::string_view key, int64_t minimum, int64_t maximum) const
{
    const nlohmann::json* value = find(key);
    const auto result = value ? wholeNumber(*value, minimum, maximum) : std::nullopt;
    if (!result)
        fail(key, "an integer " + integerBounds(minimum, maximum), value);
    return *result;
}

int64_t Config::integer(std::string_view key, int64_t minimum, int64_t maximum,
                        int64_t fallback) const
{
    return has(key) ? integer(key, minimum, maximum) : fallback;
}

double Config::number(std::string_view key, double minimum, double maximum) const
{
    const nlohmann::json* value = find(key);
    const double result = value && value->is_number() ? value->get<double>() : 0;
    if (!value || !value->is_number() || !(result >= minimum && result <= maximum))
        fail(key, "a number from " + text(minimum) + " to " + text(maximum));
    return result;
}

double Config::number(std::string_view key, double minimum, double maximum, double fallback) const
{
    return has(key) ? number(key, minimum, maximum) : fallback;
}

bool Config::boolean(std::string_view key, bool fallback) const
{
    const nlohmann::json* value = find(key);
    if (value && !value->is_boolean())
        fail(key, "true or false");
    return value ? value->get<bool>() : fallback;
}

std::string Config::string(std::string_view key) const
{
    const nlohmann::json* value = find(key);
    if (!value || !value->is_string())
        fail(key, "a string");
    return value->get<std::string>();
}

std::string Config::string(std::string_view key, std::string_view fallback) const
{
    return has(key) ? string(key) : std::string(fallback);
}

std::vector<int32_t> Config::integers(std::string_view key, int64_t minimum, int64_t maximum) const
{
    minimum = std::max<int64_t>(minimum, std::numeric_limits<int32_t>::min());
    maximum = std::min<int64_t>(maximum, std::numeric_limits<int32_t>::max());
    const nlohmann::json* value = find(key);
    if (!value)
        return {};
    const std::string expected = "an integer " + integerBounds(minimum, maximum);
    std::vector<int32_t> result;
    const auto add = [&](const nlohmann::json& item, const std::string& itemKey) {
        const auto number = wholeNumber(item, minimum, maximum);
        if (!number)
            fail(itemKey, expected, &item);
        result.push_back(static_cast<int32_t>(*number));
    };
    if (!value->is_array())
        add(*value, std::string(key));
    else
        for (size_t i = 0; i < value->size(); ++i)
            add((*value)[i], std::string(key) + "[" + std::to_string(i) + "]");
    return result;
}

Config Config::object(std::string_view key) const
{
    const nlohmann::json* value = find(key);
    if (!value || !value->is_object())
        fail(key, "an object");
    Config result(*value, m_file);
    result.m_prefix = m_prefix + std::string(key) + ".";
    return result;
}

} // namespace argali
