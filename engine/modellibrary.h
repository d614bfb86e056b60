#pragma once

#include <filesystem>

namespace argali {

/// The folder of the models that are installed, as OWNER/NAME or NAME: what ARGALI_MODELS says, or
/// argali/models in the user's data folder, where the window keeps them. Empty when there is none.
/// Source: XDG Base Directory Specification
std::filesystem::path modelLibraryFolder();

} // namespace argali
