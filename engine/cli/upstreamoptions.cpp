#include "engine/cli/upstreamoptions.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <sys/stat.h>

#include "engine/checkpoint/json.h"
#include "engine/cli/output.h"
#include "engine/cli/standardinput.h"
#include "engine/error.h"
#include "engine/remote/headerlist.h"

namespace argali::cli {

namespace {

constexpr const char* form = "--upstream takes NAME=URL, or NAME=URL,weight=W: ";

std::string checkedKey(std::string key)
{
    while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' '))
        key.pop_back();
    for (const char c : key)
        if (c <= ' ' || c > '~')
            throw UsageError("an API key is one line of printable characters without blanks");
    return key;
}

/// ARGALI_UPSTREAM_KEY_BIG_ONE for "big-one".
std::string variableOf(const std::string& name)
{
    std::string variable = "ARGALI_UPSTREAM_KEY_";
    for (const char c : name)
        variable += std::isalnum(static_cast<unsigned char>(c))
                        ? char(std::toupper(static_cast<unsigned char>(c)))
                        : '_';
    return variable;
}

server::Upstream upstreamOf(const std::string& word)
{
    const size_t sign = word.find('=');
    const std::string name = word.substr(0, sign);
    const bool isName =
        !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](unsigned char c) {
            return std::isalnum(c) || c == '-' || c == '_' || c == '.';
        });
    // Never with the word itself: somebody may have written a password into it.
    if (sign == std::string::npos || !isName)
        throw UsageError(std::string(form) +
                         "the name is of letters, digits, '-', '_' and '.', at most 64");
    server::Upstream upstream;
    upstream.name = name;
    std::string url = word.substr(sign + 1);
    if (const size_t comma = url.find(','); comma != std::string::npos) {
        constexpr std::string_view weight = "weight=";
        const std::string rest = url.substr(comma + 1);
        const auto number =
            rest.starts_with(weight) ? parseNumber(rest.substr(weight.size())) : std::nullopt;
        if (!number || !(*number > 0 && *number <= 1e6))
            throw UsageError(form + inQuotes(name) +
                             " has something else behind the comma than weight=W, W above 0 and "
                             "at most 1000000");
        upstream.weight = *number;
        url.resize(comma);
    }
    try {
        upstream.url = remote::ServerUrl::parse(url);
    } catch (const Error& error) {
        throw UsageError(form + inQuotes(name) + ": " + error.what());
    }
    return upstream;
}

} // namespace

std::string readKeyFile(const std::string& file, const std::string& option)
{
    const std::string key = checkedKey(readFile(file, 64 * 1024));
    struct stat status {};
    if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
        note("argali-cli serve: others can read " + file + "; chmod 600 keeps the key from them");
    if (key.empty())
        throw UsageError("the file of " + option + " is empty: " + inQuotes(file));
    return key;
}

std::string readKeyLine(const std::string& option)
{
    std::string key = checkedKey(readInputLine(64 * 1024));
    if (key.empty())
        throw UsageError("the first line of standard input has no key for " + option);
    return key;
}

std::string takeKey(const std::string& variable)
{
    const char* value = std::getenv(variable.c_str());
    if (!value)
        return {};
    std::string key = checkedKey(value);
    ::unsetenv(variable.c_str()); // of no use to anybody from here on
    return key;
}

std::vector<server::Upstream> upstreamOptions(const Arguments& arguments)
{
    std::vector<server::Upstream> upstreams;
    std::vector<std::string> variables;
    for (const std::string& word : arguments.texts("--upstream")) {
        server::Upstream upstream = upstreamOf(word);
        for (const server::Upstream& other : upstreams)
            if (variableOf(other.name) == variableOf(upstream.name))
                throw UsageError("two upstreams are called " + inQuotes(upstream.name) +
                                 (other.name == upstream.name
                                      ? std::string()
                                      : " and " + inQuotes(other.name) +
                                            ", which the environment cannot tell apart") +
                                 ": " + other.url.text() + " and " + upstream.url.text() +
                                 "; give one another name");
        variables.push_back(variableOf(upstream.name));
        upstreams.push_back(std::move(upstream));
    }
    for (size_t i = 0; i < upstreams.size(); ++i)
        upstreams[i].key = remote::Secret(takeKey(variables[i]));
    for (const std::string& word : arguments.texts("--upstream-key-file")) {
        const size_t sign = word.find('=');
        const auto found =
            std::ranges::find(upstreams, word.substr(0, sign), &server::Upstream::name);
        if (sign == std::string::npos || found == upstreams.end())
            throw UsageError("--upstream-key-file takes NAME=FILE with the name of an --upstream");
        found->key = remote::Secret(readKeyFile(word.substr(sign + 1), "--upstream-key-file"));
    }
    for (const server::Upstream& upstream : upstreams)
        if (!upstream.key.isEmpty() && !upstream.url.isSecure() && !upstream.url.isLoopback())
            note("argali-cli serve: the key of " + upstream.name +
                 " goes over the network unencrypted; https:// keeps it secret");
    return upstreams;
}

} // namespace argali::cli
