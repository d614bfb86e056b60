#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace argali::server {

/// The address of something on the web: http or https, nothing else.
struct WebUrl {
    bool isSecure = false;
    std::string host; ///< lower case, IPv6 without brackets
    uint16_t port = 0;
    std::string target; ///< path and query, "/" at least

    /// Nothing for what is no such address: another scheme, a user or password, a host or port that
    /// cannot be, blanks and other signs that have to be percent-encoded. A fragment is dropped.
    /// Source: RFC 3986
    static std::optional<WebUrl> parse(std::string_view text);
    /// Where a reference leads that stands in an answer from here ("Location").
    std::optional<WebUrl> resolve(std::string_view reference) const;
    bool operator==(const WebUrl&) const = default;
};

} // namespace argali::server
