#include "engine/modellibrary.h"

#include <cstdlib>

namespace argali {

std::filesystem::path modelLibraryFolder()
{
    // A relative path would mean another folder in each working directory.
    const auto absolute = [](const char* variable) {
        const char* const value = std::getenv(variable);
        std::filesystem::path path = value ? value : "";
        return path.is_absolute() ? path : std::filesystem::path();
    };
    if (std::filesystem::path chosen = absolute("ARGALI_MODELS"); !chosen.empty())
        return chosen;
    if (const std::filesystem::path data = absolute("XDG_DATA_HOME"); !data.empty())
        return data / "argali/models";
    const std::filesystem::path home = absolute("HOME");
    return home.empty() ? home : home / ".local/share/argali/models";
}

} // namespace argali
