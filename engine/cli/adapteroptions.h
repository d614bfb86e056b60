#pragma once

#include <vector>

#include "engine/cli/arguments.h"
#include "engine/engine.h"

namespace argali::cli {

/// --adapter and --adapter-alpha, both repeatable.
std::vector<Option> adapterOptionList();

/// The adapters of --adapter; each --adapter-alpha belongs to the next one of those whose files do
/// not hold theirs (.pth).
/// Throws: UsageError for what is no list of text=N and vision=N, or belongs to none
std::vector<AdapterSource> adapterOptions(const Arguments& arguments);

/// Makes a request ask for all adapters of a model, added up.
void askForAll(const std::vector<std::string>& adapters, ChatRequest& request);

} // namespace argali::cli
