#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argali::remote {

/// What a server answered to one request, as far as it was read.
struct HttpReply {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers; ///< names in any case
    std::string body;

    /// The first header of that name, given in lower case.
    std::optional<std::string_view> header(std::string_view lowerCaseName) const;
    bool isSuccess() const { return status >= 200 && status < 300; }
};

/// How a request failed below HTTP: what a transport makes of its own errors.
enum class TransportError {
    Refused,
    NameNotFound,
    Unreachable,
    TimedOut,
    Proxy,
    Tls,
    Closed, ///< the connection ended before the reply did
    Other,
};

} // namespace argali::remote
