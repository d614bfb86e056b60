#pragma once

#include <filesystem>

namespace argali {

/// Whether there is something at the path that can be reached; what cannot is as good as missing.
inline bool isThere(const std::filesystem::path& path)
{
    std::error_code error;
    return std::filesystem::exists(path, error);
}

} // namespace argali
