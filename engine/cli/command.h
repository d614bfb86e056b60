#pragma once

#include <vector>

#include "engine/cli/arguments.h"

namespace argali::cli {

/// Exit statuses beside 0.
constexpr int statusDone = 0;
constexpr int statusFailed = 1;
constexpr int statusUsage = 2;
constexpr int statusInterrupted = 130;

/// One word of argali-cli.
struct Command {
    const char* name;
    const char* summary; ///< one line for the list of commands
    const char* help;    ///< all of it
    std::vector<Option> options;
    /// Throws: UsageError, Error
    int (*run)(const Arguments& arguments);
};

const Command& benchCommand();
const Command& chatCommand();
const Command& checkCommand();
const Command& devicesCommand();
const Command& evalCommand();
const Command& inspectCommand();
const Command& mergeCommand();
const Command& serveCommand();
const Command& tokenizeCommand();

} // namespace argali::cli
