#include "engine/remote/serverurl.h"

#include <algorithm>
#include <charconv>

#include "engine/error.h"
#include "engine/remote/ipaddress.h"
#include "engine/remote/jsonfields.h"

namespace argali::remote {
namespace {

constexpr size_t mostBytes = 2048;

/// Ends the reading; never leaves this file.
struct Refusal {
    UrlTrouble trouble;
};

[[noreturn]] void refuse(UrlTrouble trouble)
{
    throw Refusal{trouble};
}

/// Never with the text itself: it may hold a password.
const char* wordsFor(UrlTrouble trouble)
{
    switch (trouble) {
    case UrlTrouble::Empty:
        return "is empty; expected something like http://localhost:8000";
    case UrlTrouble::TooLong:
        return "is longer than 2048 bytes";
    case UrlTrouble::Scheme:
        return "expected http:// or https://";
    case UrlTrouble::Query:
        return "has a query or fragment (after ? or #), expected only host, port and path";
    case UrlTrouble::Password:
        return "has a user or password in it; the key goes into its own field";
    case UrlTrouble::OpenBracket:
        return "a bracket is not closed";
    case UrlTrouble::AfterBracket:
        return "expected a port after the bracket";
    case UrlTrouble::BareIpv6:
        return "an IPv6 address has to stand in brackets: http://[::1]:8000";
    case UrlTrouble::BadIpv6:
        return "what stands in brackets is no IPv6 address";
    case UrlTrouble::Host:
        return "its host has characters that no host name has";
    case UrlTrouble::Port:
        return "its port is not a number from 1 to 65535";
    case UrlTrouble::Path:
        return "its path has spaces or characters that have to be percent-encoded";
    case UrlTrouble::Upwards:
        return "its path goes up with \"..\"";
    }
    return "cannot be read";
}

std::string_view trimmed(std::string_view text)
{
    const size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == text.npos)
        return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

uint16_t portOf(std::string_view digits)
{
    int port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port < 1 || port > 65535)
        refuse(UrlTrouble::Port);
    return static_cast<uint16_t>(port);
}

bool isHostCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

std::string checkedHost(std::string_view host, bool hasBrackets)
{
    std::string lower = lowerCase(host);
    if (lower.ends_with('.'))
        lower.pop_back();
    if (hasBrackets) {
        const auto address = parseIpAddress('[' + lower + ']');
        if (!address || lower.find('%') != lower.npos)
            refuse(UrlTrouble::BadIpv6);
        return lower;
    }
    if (lower.empty() || lower.size() > 253 ||
        !std::all_of(lower.begin(), lower.end(), isHostCharacter))
        refuse(UrlTrouble::Host);
    return lower;
}

/// The path without what every OpenAI-style server has at its end.
std::string basePath(std::string_view path)
{
    for (const char c : path)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F ||
            c == '\\' || c == '"' || c == '<' || c == '>')
            refuse(UrlTrouble::Path);
    const auto strip = [&path] {
        while (path.ends_with('/'))
            path.remove_suffix(1);
    };
    strip();
    for (const std::string_view end : {"/chat/completions", "/completions", "/models"})
        if (path.ends_with(end) && path.find("/v1/") != path.npos) {
            path.remove_suffix(end.size());
            strip();
            break;
        }
    if (path.ends_with("/v1"))
        path.remove_suffix(3);
    strip();
    if (path.find("/../") != path.npos || path.ends_with("/..") || path.find("/./") != path.npos)
        refuse(UrlTrouble::Upwards);
    return std::string(path);
}

} // namespace

ServerUrl ServerUrl::parse(std::string_view text)
{
    const std::variant<ServerUrl, UrlTrouble> found = read(text);
    if (const auto* trouble = std::get_if<UrlTrouble>(&found))
        throw Error(Error::Code::BadRequest,
                    std::string("the server's URL: ") + wordsFor(*trouble));
    return std::get<ServerUrl>(found);
}

std::variant<ServerUrl, UrlTrouble> ServerUrl::read(std::string_view text)
{
    try {
        return readOrRefuse(text);
    } catch (const Refusal& refusal) {
        return refusal.trouble;
    }
}

ServerUrl ServerUrl::readOrRefuse(std::string_view text)
{
    text = trimmed(text);
    if (text.empty())
        refuse(UrlTrouble::Empty);
    if (text.size() > mostBytes)
        refuse(UrlTrouble::TooLong);
    ServerUrl url;
    bool hasScheme = false;
    if (const size_t colon = text.find("://"); colon != text.npos) {
        const std::string scheme = lowerCase(text.substr(0, colon));
        if (scheme != "http" && scheme != "https")
            refuse(UrlTrouble::Scheme);
        url.m_isSecure = scheme == "https";
        hasScheme = true;
        text.remove_prefix(colon + 3);
    }
    if (text.find_first_of("?#") != text.npos)
        refuse(UrlTrouble::Query);
    const size_t slash = text.find('/');
    const std::string_view path = slash == text.npos ? std::string_view() : text.substr(slash);
    std::string_view host = text.substr(0, slash);
    if (host.find('@') != host.npos)
        refuse(UrlTrouble::Password);
    std::string_view port;
    const bool hasBrackets = host.starts_with('[');
    if (hasBrackets) {
        const size_t end = host.find(']');
        if (end == host.npos)
            refuse(UrlTrouble::OpenBracket);
        port = host.substr(end + 1);
        host = host.substr(1, end - 1);
        if (!port.empty() && port.front() != ':')
            refuse(UrlTrouble::AfterBracket);
    } else {
        const size_t colon = host.find(':');
        port = colon == host.npos ? std::string_view() : host.substr(colon);
        if (colon != host.npos && host.find(':', colon + 1) != host.npos)
            refuse(UrlTrouble::BareIpv6);
        host = host.substr(0, colon);
    }
    url.m_host = checkedHost(host, hasBrackets);
    if (!hasScheme)
        url.m_isSecure = mayFetchFrom(hasBrackets ? '[' + url.m_host + ']' : url.m_host);
    url.m_port = port.empty() ? (url.m_isSecure ? 443 : 80) : portOf(port.substr(1));
    url.m_path = basePath(path);
    return url;
}

std::string ServerUrl::text() const
{
    std::string result = m_isSecure ? "https://" : "http://";
    result += m_host.find(':') != m_host.npos ? '[' + m_host + ']' : m_host;
    if (m_port != (m_isSecure ? 443 : 80))
        result += ':' + std::to_string(m_port);
    return result + m_path;
}

bool ServerUrl::isLoopback() const
{
    if (m_host == "localhost" || m_host.ends_with(".localhost"))
        return true;
    const auto address = parseIpAddress(m_host);
    if (!address)
        return false;
    IpAddress one;
    one.bytes[15] = 1;
    return *address == one || (address->isIpv4() && address->bytes[12] == 127);
}

} // namespace argali::remote
