#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "engine/cli/arguments.h"
#include "engine/engine.h"

namespace argali::cli {

/// The options of a question: thinking, limits, sampling, picture sizes, context, and those that
/// only other families have.
std::vector<Option> requestOptionList();

/// Thinking, limits and picture sizes. thinkingMayCome: a budget without --think is no mistake.
/// Throws: UsageError
ChatRequest requestOptions(const Arguments& arguments, bool thinkingMayCome);

/// Sampling: what is given, over what the folder's generation_config.json says.
/// Throws: Error::Code::BadModel for a broken file
void applySampling(const Arguments& arguments, const std::filesystem::path& folder,
                   ChatRequest& request);

/// What is given of --temperature and the like, over what sampling holds.
/// Throws: UsageError for values outside their bounds
void setSampling(const Arguments& arguments, Sampling& sampling);

/// --device, --dtype and --context.
OpenOptions openOptions(const Arguments& arguments);

/// Throws: Error::Code::Unsupported for an option that is given and that the model's family does
/// not have;
///         BadRequest for pictures, films or thinking where the model has none
void refuseForeignOptions(const Arguments& arguments, const ModelInfo& info);

/// Opens the model with progress on a terminal; nothing once interrupted.
std::unique_ptr<Model> openModelHere(const std::filesystem::path& folder, OpenOptions options);

} // namespace argali::cli
