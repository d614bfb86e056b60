#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"

namespace argali::test {

/// The objects of a file of JSON lines below tests/data/vectors.
inline std::vector<nlohmann::json> readVectors(const std::string& name)
{
    const std::filesystem::path path = std::filesystem::path(ARGALI_TEST_DATA) / "vectors" / name;
    const std::string content = readFile(path);
    std::vector<nlohmann::json> rows;
    for (size_t begin = 0; begin < content.size();) {
        const size_t end = content.find('\n', begin);
        rows.push_back(parseJson(std::string_view(content).substr(begin, end - begin),
                                 path.string(), Error::Code::Internal));
        begin = end + 1;
    }
    return rows;
}

/// A random string of up to most entries of an alphabet. The same for the same generator on every
/// machine.
inline std::string randomText(std::mt19937& random, const std::vector<std::string>& alphabet,
                              size_t most)
{
    std::string text;
    for (size_t left = random() % (most + 1); left > 0; --left)
        text += alphabet[random() % alphabet.size()];
    return text;
}

} // namespace argali::test
