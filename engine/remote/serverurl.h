#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace argali::remote {

/// The address of a server as people type it, made regular.
class ServerUrl final {
public:
    /// Takes "host:8000", "http://host:8000", ".../v1", ".../v1/", ".../v1/chat/completions",
    /// "https://host/some/path/v1", "[::1]:8080". Without a scheme it is http for this machine and
    /// for addresses and names of local networks, and https for all others.
    /// Throws: Error::Code::BadRequest for what is no such URL, for other schemes, for a user or
    /// password in it (the key has its own field, where it is kept safe), for a query or fragment
    static ServerUrl parse(std::string_view text);

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
    bool m_isSecure = false;
    std::string m_host;
    uint16_t m_port = 0;
    std::string m_path;
};

} // namespace argali::remote
