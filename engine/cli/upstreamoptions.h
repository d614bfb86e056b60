#pragma once

#include <string>
#include <vector>

#include "engine/cli/arguments.h"
#include "engine/server/upstreamset.h"

namespace argali::cli {

/// A key from a file of one line, with a note when others can read the file.
/// Throws: UsageError when it is empty or no key, naming option and file
std::string readKeyFile(const std::string& file, const std::string& option);
/// A key from the first line of standard input.
/// Throws: UsageError when it is empty or no key, naming option
std::string readKeyLine(const std::string& option);
/// A key from the environment, where it is then no more; empty when it is not there.
/// Throws: UsageError when it is no key
std::string takeKey(const std::string& variable);

/// The servers of --upstream NAME=URL[,weight=W], with their keys: from --upstream-key-file
/// NAME=FILE, or ARGALI_UPSTREAM_KEY_NAME in the environment.
/// Throws: UsageError
std::vector<server::Upstream> upstreamOptions(const Arguments& arguments);

} // namespace argali::cli
