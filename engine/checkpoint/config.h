#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/checkpoint/json.h"
#include "engine/error.h"

namespace argali {

/// One JSON object of a model folder whose values are asked for by path ("llm_config.hidden_size").
/// Every getter throws Error::Code::BadModel naming file, key, expected and found.
class Config final {
public:
    Config(); ///< an empty object
    Config(nlohmann::json value, std::string file);
    /// Throws: Error::Code::Missing, BadModel
    static Config read(const std::filesystem::path& file);
    /// An empty object when the file is not there.
    /// Throws: Error::Code::Missing when it is there and cannot be read, BadModel
    static Config readIfThere(const std::filesystem::path& file);

    /// Whether the key is there and not null. Throws: when a part of the path is not an object
    bool has(std::string_view key) const;
    /// A whole number within the bounds, written without fraction or exponent.
    int64_t integer(std::string_view key, int64_t minimum, int64_t maximum) const;
    int64_t integer(std::string_view key, int64_t minimum, int64_t maximum, int64_t fallback) const;
    double number(std::string_view key, double minimum, double maximum) const;
    double number(std::string_view key, double minimum, double maximum, double fallback) const;
    bool boolean(std::string_view key, bool fallback) const;
    std::string string(std::string_view key) const;
    std::string string(std::string_view key, std::string_view fallback) const;
    /// One integer or a list of them; empty when absent.
    std::vector<int32_t> integers(std::string_view key, int64_t minimum, int64_t maximum) const;
    Config object(std::string_view key) const; ///< a sub-object; messages keep the full path

    const nlohmann::json& json() const { return *m_value; }
    const std::string& file() const { return m_file; }

private:
    const nlohmann::json* find(std::string_view key) const;
    [[noreturn]] void fail(std::string_view key, const std::string& expected) const;
    [[noreturn]] void fail(std::string_view key, const std::string& expected,
                           const nlohmann::json* found) const;

    std::shared_ptr<const nlohmann::json> m_value; ///< never null
    std::string m_file;
    std::string m_prefix;
};

} // namespace argali
