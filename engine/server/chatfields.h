#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace argali::server {

inline constexpr size_t mostText = size_t(8) << 20; ///< bytes of one text in a request

/// The members of a request, strictly: one of a wrong type or beyond its bounds is refused with its
/// name, and null counts as absent. path stands before the name in the refusal ("stream_options.").
class Fields final {
public:
    /// Throws: ApiFailure 400 when value is no object
    explicit Fields(const nlohmann::json& value, std::string path = {});

    const nlohmann::json* find(std::string_view name) const; ///< null when absent
    /// Throws: ApiFailure 400, as all that follow
    std::optional<bool> flag(std::string_view name) const;
    std::optional<int64_t> integer(std::string_view name, int64_t minimum, int64_t maximum) const;
    std::optional<double> number(std::string_view name, double minimum, double maximum) const;
    std::optional<std::string> text(std::string_view name, size_t mostBytes) const;
    std::optional<Fields> object(std::string_view name) const;
    const nlohmann::json* list(std::string_view name, size_t most) const; ///< null when absent
    [[noreturn]] void refuse(std::string_view name, const std::string& expected) const;

private:
    const nlohmann::json* m_value;
    std::string m_path;
};

/// Throws: ApiFailure 400 for what is no JSON within the limits of a request
nlohmann::json parseBody(std::string_view body, int64_t limit);

} // namespace argali::server
