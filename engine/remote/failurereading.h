#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "engine/remote/failure.h"
#include "engine/remote/httpreply.h"

namespace argali::remote {

/// The error that a JSON object of a server is, in any of the shapes servers use; nothing when it
/// is no error. status is that of HTTP where it says something: 0 within a stream that began well.
/// Shapes: {"error": {"message", "type", "param", "code"}}, {"error": "text"},
/// {"object": "error", "message", ...}; with a status of an error also {"detail"} and {"message"}
std::optional<Failure> failureIn(const nlohmann::json& value, int status);

/// What a reply that is no success says.
Failure failureFromReply(const HttpReply& reply);

/// A failure below HTTP, with the transport's own words.
Failure failureFromTransport(TransportError error, const std::string& words);

} // namespace argali::remote
