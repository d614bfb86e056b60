#include "engine/server/chatfields.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/server/apifailure.h"

namespace argali::server {

namespace {

std::string textOf(double number)
{
    char digits[32];
    std::snprintf(digits, sizeof digits, "%g", number);
    return digits;
}

} // namespace

Fields::Fields(const nlohmann::json& value, std::string path)
    : m_value(&value), m_path(std::move(path))
{
    if (value.is_object())
        return;
    const std::string name = m_path.empty() ? std::string() : m_path.substr(0, m_path.size() - 1);
    throw ApiFailure(400, "invalid_type",
                     (name.empty() ? "the request" : name) + " must be an object", name);
}

void Fields::refuse(std::string_view name, const std::string& expected) const
{
    const std::string full = m_path + std::string(name);
    throw ApiFailure(400, "invalid_value", full + " must be " + expected, full);
}

const nlohmann::json* Fields::find(std::string_view name) const
{
    const auto found = m_value->find(name);
    return found == m_value->end() || found->is_null() ? nullptr : &*found;
}

std::optional<bool> Fields::flag(std::string_view name) const
{
    const nlohmann::json* value = find(name);
    if (!value)
        return std::nullopt;
    if (!value->is_boolean())
        refuse(name, "true or false");
    return value->get<bool>();
}

std::optional<int64_t> Fields::integer(std::string_view name, int64_t minimum,
                                       int64_t maximum) const
{
    const nlohmann::json* value = find(name);
    if (!value)
        return std::nullopt;
    const std::string expected =
        "a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum);
    int64_t number = 0;
    if (value->is_number_unsigned()) {
        if (value->get<uint64_t>() > uint64_t(INT64_MAX))
            refuse(name, expected);
        number = int64_t(value->get<uint64_t>());
    } else if (value->is_number_integer()) {
        number = value->get<int64_t>();
    } else {
        refuse(name, expected);
    }
    if (number < minimum || number > maximum)
        refuse(name, expected);
    return number;
}

std::optional<double> Fields::number(std::string_view name, double minimum, double maximum) const
{
    const nlohmann::json* value = find(name);
    if (!value)
        return std::nullopt;
    const double number = value->is_number() ? value->get<double>() : std::nan("");
    if (!(number >= minimum && number <= maximum))
        refuse(name, "a number from " + textOf(minimum) + " to " + textOf(maximum));
    return number;
}

std::optional<std::string> Fields::text(std::string_view name, size_t mostBytes) const
{
    const nlohmann::json* value = find(name);
    if (!value)
        return std::nullopt;
    if (!value->is_string() || value->get_ref<const std::string&>().size() > mostBytes)
        refuse(name, "a text of at most " + std::to_string(mostBytes) + " bytes");
    return value->get<std::string>();
}

std::optional<Fields> Fields::object(std::string_view name) const
{
    const nlohmann::json* value = find(name);
    if (!value)
        return std::nullopt;
    return Fields(*value, m_path + std::string(name) + '.');
}

const nlohmann::json* Fields::list(std::string_view name, size_t most) const
{
    const nlohmann::json* value = find(name);
    if (value && (!value->is_array() || value->size() > most))
        refuse(name, "a list of at most " + std::to_string(most));
    return value;
}

nlohmann::json parseBody(std::string_view body, int64_t limit)
{
    JsonLimits limits;
    limits.bytes = limit;
    limits.values = 200'000;
    limits.refuseDuplicateKeys = false;
    try {
        return parseJson(body, "the request", Error::Code::BadRequest, limits);
    } catch (const Error&) {
        throw ApiFailure(400, "invalid_json",
                         "the body is not JSON in UTF-8 within the limits of this server");
    }
}

} // namespace argali::server
