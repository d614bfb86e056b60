#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace argali::remote {

/// Why a server gave no answer, or broke one off. Each has its own sentence in the window, which
/// says what to do.
enum class FailureKind {
    Refused,         ///< nobody listens at that address and port
    NameNotFound,    ///< the host's name is unknown
    Unreachable,     ///< no way to that host
    TimedOut,        ///< nothing came for too long
    Proxy,           ///< the proxy between us failed or wants a password
    Tls,             ///< no safe connection: a certificate, or a server that speaks plain HTTP
    WrongKey,        ///< 401 or 403
    Starting,        ///< it is there and still loads
    NotOpenAiStyle,  ///< something answers that is no such server
    ModelNotFound,   ///< it does not have the model asked for
    Overloaded,      ///< 429, or a full queue
    TooLarge,        ///< the request is larger than the server takes
    TooManyPictures, ///< more pictures or films than the server takes in one request
    ContextExceeded, ///< the conversation is longer than the model's context
    BadRequest,      ///< the server did not like the request
    ServerError,     ///< 5xx
    CutOff,          ///< the connection ended before the answer did
    Malformed,       ///< what came breaks the rules of its format, or our limits
    Other,
};
/// "refused", "name-not-found", ...: for logs and tests.
const char* nameOf(FailureKind kind);

/// What went wrong with a request to a server.
struct Failure {
    FailureKind kind = FailureKind::Other;
    std::string detail;      ///< the server's own words as one clean line, or ours; for the details
    int status = 0;          ///< of HTTP; 0 without one
    std::string parameter{}; ///< the field of the request that the server names
    std::optional<double> progress{};                 ///< of Starting: 0 to 1
    std::optional<int64_t> pictureLimit{};            ///< of TooManyPictures
    std::optional<std::chrono::seconds> retryAfter{}; ///< what the server asks to wait

    bool operator==(const Failure&) const = default;
};

} // namespace argali::remote
