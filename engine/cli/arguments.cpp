#include "engine/cli/arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/checkpoint/json.h"
#include "engine/error.h"

namespace argali::cli {

namespace {

const Option* findOption(std::span<const Option> options, std::string_view name)
{
    const auto matches = [&](const Option& o) {
        return o.name == name ||
               (o.letter != 0 && name.size() == 2 && name[0] == '-' && name[1] == o.letter);
    };
    const auto it = std::ranges::find_if(options, matches);
    return it == options.end() ? nullptr : &*it;
}

bool looksLikeOption(std::string_view word)
{
    return word.size() > 1 && word[0] == '-';
}

/// 5 rather than 5.000000, and no 1e+06 for a million.
std::string plain(double value)
{
    char buffer[64];
    const auto end = std::to_chars(std::begin(buffer), std::end(buffer), value).ptr;
    return {buffer, end};
}

} // namespace

std::optional<int64_t> parseInteger(std::string_view text)
{
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return {};
    return value;
}

std::optional<double> parseNumber(std::string_view text)
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return {};
    return value;
}

Arguments::Arguments(std::span<const Option> options, std::span<const std::string> words)
    : m_options(options.begin(), options.end())
{
    bool optionsEnded = false;
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (optionsEnded || !looksLikeOption(word)) {
            m_rest.push_back(word);
            continue;
        }
        if (word == "--") {
            optionsEnded = true;
            continue;
        }
        const bool isLong = word.starts_with("--");
        const size_t equals = isLong ? word.find('=') : std::string::npos;
        const std::string name = word.substr(0, equals);
        const Option* option = findOption(options, name);
        if (!option)
            throw UsageError("unknown option " + inQuotes(name));
        std::vector<std::string>& values = m_values[option->name];
        if (!values.empty() && !option->repeatable)
            throw UsageError(option->name + " is given twice");
        if (option->value.empty()) {
            if (equals != std::string::npos)
                throw UsageError(option->name + " takes no value");
            values.emplace_back();
            continue;
        }
        if (equals != std::string::npos) {
            values.push_back(word.substr(equals + 1));
            continue;
        }
        // An option in the place of a value is a forgotten value, not a file of that name.
        if (i + 1 == words.size() || (!option->freeText && findOption(options, words[i + 1])))
            throw UsageError(name + " needs a value: " + option->value);
        values.push_back(words[++i]);
    }
}

const Option& Arguments::known(std::string_view name) const
{
    const Option* option = findOption(m_options, name);
    if (!option)
        throw Error(Error::Code::Internal, "no option " + std::string(name) + " was declared");
    return *option;
}

bool Arguments::has(std::string_view name) const
{
    return m_values.contains(known(name).name);
}

std::optional<std::string> Arguments::text(std::string_view name) const
{
    const auto it = m_values.find(known(name).name);
    if (it == m_values.end())
        return {};
    return it->second.back();
}

std::vector<std::string> Arguments::texts(std::string_view name) const
{
    const auto it = m_values.find(known(name).name);
    return it == m_values.end() ? std::vector<std::string>{} : it->second;
}

std::optional<int64_t> Arguments::integer(std::string_view name, int64_t minimum,
                                          int64_t maximum) const
{
    const std::optional<std::string> word = text(name);
    if (!word)
        return {};
    const std::optional<int64_t> value = parseInteger(*word);
    if (!value || *value < minimum || *value > maximum)
        throw UsageError(std::string(name) + " takes an integer from " + std::to_string(minimum) +
                         " to " + std::to_string(maximum) + ", not " + inQuotes(*word));
    return value;
}

std::optional<double> Arguments::number(std::string_view name, double minimum, double maximum) const
{
    const std::optional<std::string> word = text(name);
    if (!word)
        return {};
    const std::optional<double> value = parseNumber(*word);
    if (!value || *value < minimum || *value > maximum)
        throw UsageError(std::string(name) + " takes a number from " + plain(minimum) + " to " +
                         plain(maximum) + ", not " + inQuotes(*word));
    return value;
}

void Arguments::exclude(std::string_view first, std::string_view second) const
{
    if (has(first) && has(second))
        throw UsageError(std::string(first) + " and " + std::string(second) +
                         " exclude each other");
}

void Arguments::requireRest(size_t minimum, size_t maximum, std::string_view what) const
{
    if (m_rest.size() < minimum)
        throw UsageError(std::string(what) + " is missing");
    if (m_rest.size() > maximum)
        throw UsageError("unexpected argument " + inQuotes(m_rest[maximum]));
}

} // namespace argali::cli
