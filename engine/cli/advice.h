#pragma once

#include <string>

#include "engine/error.h"

namespace argali::cli {

/// The error's own words and, where these do not say what to do about it, what can be done about
/// errors of its code. command: the one that failed.
std::string withAdvice(const Error& error, const std::string& command);

} // namespace argali::cli
