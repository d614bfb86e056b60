#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace argali::remote {

/// Why a text is no address of a server.
enum class UrlTrouble {
    Empty,
    TooLong,  ///< more than 2048 bytes
    Scheme,   ///< neither http:// nor https://
    Query,    ///< something after ? or #
    Password, ///< a user or password, which has its own field
    OpenBracket,
    AfterBracket, ///< something that is no port
    BareIpv6,     ///< without brackets
    BadIpv6,      ///< what stands in brackets is no such address
    Host,
    Port,   ///< no number from 1 to 65535
    Path,   ///< characters that have to be percent-encoded
    Upwards ///< ".." in the path
};

/// The address of a server as people type it, made regular.
class ServerUrl final {
public:
    /// Takes "host:8000", "http://host:8000", ".../v1", ".../v1/", ".../v1/chat/completions",
    /// "https://host/some/path/v1", "[::1]:8080". Without a scheme it is http for this machine and
    /// for addresses and names of local networks, and https for all others.
    /// Throws: Error::Code::BadRequest for what is no such URL, for other schemes, for a user or
    /// password in it (the key has its own field, where it is kept safe), for a query or fragment
    static ServerUrl parse(std::string_view text);
    /// The same; what parse() throws is a value.
    static std::variant<ServerUrl, UrlTrouble> read(std::string_view text);

    /// The whole URL of a path that begins at the root of the server's API, "/v1/models".
    std::string endpoint(std::string_view path) const { return text() + std::string(path); }
    /// The regular spelling, without /v1 and without a slash at its end.
    std::string text() const;

    bool isSecure() const { return m_isSecure; }
    const std::string& host() const { return m_host; } ///< lower case, IPv6 without brackets
    uint16_t port() const { return m_port; }
    const std::string& path() const
    {
        return m_path;
    } ///< before /v1; empty or "/...", no slash at the end
    /// Whether the host is this machine.
    bool isLoopback() const;
    bool operator==(const ServerUrl&) const = default;

private:
    static ServerUrl readOrRefuse(std::string_view text);

    bool m_isSecure = false;
    std::string m_host;
    uint16_t m_port = 0;
    std::string m_path;
};

} // namespace argali::remote
