#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace argali {

/// The folder of the models that are installed, as OWNER/NAME or NAME: what ARGALI_MODELS says, or
/// argali/models in the user's data folder, where the window keeps them. Empty when there is none.
/// Source: XDG Base Directory Specification
std::filesystem::path modelLibraryFolder();

/// Whether text is OWNER/NAME or NAME: nothing that leads out of the folder that it is joined to.
bool isModelId(const std::string& text);

/// The folder of the installed model with this id; nothing when there is none.
std::optional<std::filesystem::path> installedModel(const std::string& id);

} // namespace argali
