#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <vector>

#include "engine/cli/arguments.h"
#include "engine/engine.h"

namespace argali::cli {

/// -m, and --device and --dtype where a command computes.
std::vector<Option> modelOption();
std::vector<Option> computeOptions();

/// The folder that -m names, or the model that comes with the program.
/// Throws: Error::Code::Missing when there is none
std::filesystem::path modelFolder(const Arguments& arguments);
/// The same for a model that was given otherwise: a folder, or the name of one in the model library
/// where no folder has this name. advice says what it should be.
std::filesystem::path requireModel(const std::string& word, const std::string& advice);
/// The same for any folder.
std::filesystem::path requireFolder(const std::string& path, const std::string& advice);

/// --device, "auto" when absent. Throws: UsageError for what no device is called
std::string deviceOption(const Arguments& arguments);
/// --dtype; nothing for "auto" or when absent.
/// Throws: UsageError for unknown words; Error::Code::Unsupported for int8 and int4
std::optional<DType> dtypeOption(const Arguments& arguments);

/// "2B of bf16" and the like in one line: what a model is.
std::string describe(const ModelInfo& info);

} // namespace argali::cli
