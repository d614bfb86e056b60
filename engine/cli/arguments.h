#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace argali::cli {

/// The command line asks for something that cannot be: exit status 2. what() is a sentence for the
/// user.
class UsageError final : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One option that a command knows.
struct Option {
    std::string name;        ///< "--image"
    std::string value = {};  ///< what the value stands for in messages ("FILE"); empty: a switch
    char letter = 0;         ///< 'm' for -m; 0: none
    bool repeatable = false; ///< may be given more than once
    bool freeText = false;   ///< the value may look like an option
};

/// The words after the command, taken apart. Strict: nothing is guessed and nothing is ignored.
class Arguments final {
public:
    /// Understands --name VALUE, --name=VALUE, -x VALUE and -- (the rest are no options).
    /// Throws: UsageError for unknown options, missing or unwanted values and options given twice
    Arguments(std::span<const Option> options, std::span<const std::string> words);

    bool has(std::string_view name) const;
    std::optional<std::string> text(std::string_view name) const;
    /// All values of a repeatable option, in order.
    std::vector<std::string> texts(std::string_view name) const;
    /// Throws: UsageError when the value is no integer within the bounds
    std::optional<int64_t> integer(std::string_view name, int64_t minimum, int64_t maximum) const;
    /// Throws: UsageError when the value is no finite number within the bounds
    std::optional<double> number(std::string_view name, double minimum, double maximum) const;
    /// What is neither an option nor the value of one.
    const std::vector<std::string>& rest() const { return m_rest; }

    /// Throws: UsageError when both were given
    void exclude(std::string_view first, std::string_view second) const;
    /// Throws: UsageError when there are more or fewer words beside the options
    void requireRest(size_t minimum, size_t maximum, std::string_view what) const;

private:
    const Option& known(std::string_view name) const;

    std::vector<Option> m_options;
    std::map<std::string, std::vector<std::string>, std::less<>> m_values;
    std::vector<std::string> m_rest;
};

/// Numbers as the command line spells them: the whole text, nothing before or behind.
std::optional<int64_t> parseInteger(std::string_view text);
std::optional<double> parseNumber(std::string_view text);

} // namespace argali::cli
