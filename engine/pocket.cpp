#include <array>
#include <cstdlib>

#include "engine/engine.h"
#include "engine/error.h"

namespace argali {

namespace {

bool isPocket(const std::filesystem::path& folder)
{
    std::error_code failure;
    return std::filesystem::exists(folder / "model" / "config.json", failure);
}

} // namespace

std::filesystem::path pocketFolder()
{
    if (const char* forced = std::getenv("ARGALI_POCKET")) {
        if (!isPocket(forced))
            throw Error(Error::Code::Missing,
                        std::string(forced) +
                            ": no model/config.json there; ARGALI_POCKET must name the folder " +
                            "of the embedded model");
        return forced;
    }
    std::error_code failure;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failure);
    const std::filesystem::path installed =
        program.parent_path().parent_path() / "share/argali/pocket";
    if (!failure && isPocket(installed))
        return installed;
    const std::filesystem::path source = ARGALI_SOURCE_POCKET;
    if (isPocket(source))
        return source;
    throw Error(Error::Code::Missing, "the embedded model is neither in " + installed.string() +
                                          " nor in " + source.string() +
                                          "; install the program again or name a model");
}

} // namespace argali
