#pragma once

#include <cstdlib>
#include <filesystem>

namespace argali::test {

/// The folder tests/data, or what ARGALI_TEST_DATA_FOLDER names where a program runs away from its
/// sources.
inline std::filesystem::path testData()
{
    const char* const elsewhere = std::getenv("ARGALI_TEST_DATA_FOLDER");
    return elsewhere != nullptr && *elsewhere != '\0' ? elsewhere : ARGALI_TEST_DATA;
}

} // namespace argali::test
