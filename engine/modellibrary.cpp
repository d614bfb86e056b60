#include "engine/modellibrary.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <mutex>

namespace argali {

namespace {

std::mutex choosing;
std::filesystem::path chosenLibrary;

} // namespace

std::filesystem::path usualModelLibrary()
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

std::filesystem::path modelLibraryFolder()
{
    const std::scoped_lock lock(choosing);
    return chosenLibrary.empty() ? usualModelLibrary() : chosenLibrary;
}

void chooseModelLibrary(const std::filesystem::path& folder)
{
    const std::scoped_lock lock(choosing);
    chosenLibrary = folder;
}

bool isModelId(const std::string& text)
{
    const std::filesystem::path path(text);
    const auto isPlain = [](const std::filesystem::path& part) {
        return !part.empty() && part != "." && part != "..";
    };
    const auto parts = std::distance(path.begin(), path.end());
    return path.is_relative() && text.find('\\') == text.npos && parts >= 1 && parts <= 2 &&
           std::all_of(path.begin(), path.end(), isPlain);
}

std::optional<std::filesystem::path> installedModel(const std::string& id)
{
    const std::filesystem::path library = modelLibraryFolder();
    std::error_code failure;
    if (library.empty() || !isModelId(id) || !std::filesystem::is_directory(library / id, failure))
        return {};
    return library / id;
}

} // namespace argali
