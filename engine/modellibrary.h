#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace argali {

/// What the surroundings say where models are installed: ARGALI_MODELS, or argali/models in the
/// user's data folder. Empty when there is none.
/// Source: XDG Base Directory Specification
std::filesystem::path usualModelLibrary();
/// The folder of the models that are installed, as OWNER/NAME or NAME: the usual one, if not
/// another was chosen. Thread: any.
std::filesystem::path modelLibraryFolder();
/// Chooses another one; an empty path the usual one again. Thread: any.
void chooseModelLibrary(const std::filesystem::path& folder);

/// Whether text is OWNER/NAME or NAME: nothing that leads out of the folder that it is joined to.
bool isModelId(const std::string& text);

/// The folder of the installed model with this id; nothing when there is none.
std::optional<std::filesystem::path> installedModel(const std::string& id);

} // namespace argali
