#pragma once

#include <optional>
#include <string>

#include "engine/remote/serverprobe.h"

namespace argali::remote {

/// How it stands with a server, as the status line says it.
struct ServerStatus {
    enum class Kind {
        NotChecked,
        Connected,     ///< model is the one to name
        NoSeeingModel, ///< connected, and none of its models sees pictures
        Starting,      ///< with progress where it says so
        Refused,
        NameNotFound,
        TimedOut,
        WrongKey,
        Tls,
        NotOpenAiStyle,
        Other, ///< detail says what
    };
    Kind kind = Kind::NotChecked;
    std::string model{};              ///< for people; empty without one
    std::optional<double> progress{}; ///< of Starting: 0 to 1
    std::string detail{};             ///< the server's or the transport's own words, one clean line

    /// Whether a request has a chance.
    bool isUsable() const { return kind == Kind::Connected || kind == Kind::NoSeeingModel; }
    bool operator==(const ServerStatus&) const = default;
};

ServerStatus statusOf(const Failure& failure);
ServerStatus statusOf(const ServerFacts& facts);

} // namespace argali::remote
