#include "engine/server/weburl.h"

#include <algorithm>
#include <charconv>

#include "engine/remote/ipaddress.h"
#include "engine/remote/jsonfields.h"

namespace argali::server {

namespace {

constexpr size_t mostBytes = 8192;

bool isOfUrl(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7F && c != '"' && c != '<' && c != '>' && c != '\\' &&
           c != '^' && c != '`' && c != '{' && c != '|' && c != '}';
}

bool isOfName(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/// "host", "host:port", "[::1]:port"
bool readHost(std::string_view text, WebUrl& url)
{
    std::string_view port;
    if (text.starts_with('[')) {
        const size_t end = text.find(']');
        if (end == text.npos)
            return false;
        url.host = remote::lowerCase(text.substr(1, end - 1));
        if (url.host.find(':') == std::string::npos || url.host.find('%') != std::string::npos ||
            !remote::parseIpAddress(url.host))
            return false;
        port = text.substr(end + 1);
        if (!port.empty() && !port.starts_with(':'))
            return false;
    } else {
        const size_t colon = text.find(':');
        url.host = remote::lowerCase(text.substr(0, colon));
        port = colon == text.npos ? std::string_view() : text.substr(colon);
        if (url.host.empty() || url.host.size() > 253 || !std::ranges::all_of(url.host, isOfName))
            return false;
    }
    url.port = url.isSecure ? 443 : 80;
    if (port.size() <= 1)
        return true;
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    return error == std::errc() && end == port.data() + port.size() && url.port > 0;
}

} // namespace

std::optional<WebUrl> WebUrl::parse(std::string_view text)
{
    WebUrl url;
    if (text.size() > mostBytes || !std::ranges::all_of(text, isOfUrl))
        return std::nullopt;
    text = text.substr(0, text.find('#'));
    const size_t colon = text.find("://");
    if (colon == text.npos)
        return std::nullopt;
    const std::string scheme = remote::lowerCase(text.substr(0, colon));
    if (scheme != "http" && scheme != "https")
        return std::nullopt;
    url.isSecure = scheme == "https";
    text.remove_prefix(colon + 3);
    const size_t end = std::min(text.find_first_of("/?"), text.size());
    if (!readHost(text.substr(0, end), url)) // an '@' is no sign of a host
        return std::nullopt;
    url.target = text.substr(end);
    if (!url.target.starts_with('/'))
        url.target.insert(0, 1, '/');
    return url;
}

std::optional<WebUrl> WebUrl::resolve(std::string_view reference) const
{
    const size_t sign = reference.find_first_of(":/?#");
    if (sign != reference.npos && reference[sign] == ':')
        return parse(reference);
    const std::string scheme = isSecure ? "https:" : "http:";
    if (reference.starts_with("//"))
        return parse(scheme + std::string(reference));
    const bool isV6 = host.find(':') != std::string::npos;
    const std::string root =
        scheme + "//" + (isV6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
    if (reference.starts_with('/'))
        return parse(root + std::string(reference));
    const std::string path = target.substr(0, target.find('?'));
    if (reference.starts_with('?') || reference.empty() || reference.starts_with('#'))
        return parse(root + (reference.starts_with('?') ? path : target) + std::string(reference));
    return parse(root + path.substr(0, path.rfind('/') + 1) + std::string(reference));
}

} // namespace argali::server
