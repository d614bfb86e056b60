#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace argali::remote {

/// Writes JSON to the end of one string, so that pictures of many megabytes are not copied about.
/// Keys and texts may hold anything: what is not UTF-8 becomes U+FFFD. Commas are its own affair.
class JsonWriter final {
public:
    explicit JsonWriter(size_t expectedBytes) { m_text.reserve(expectedBytes); }

    void beginObject() { begin('{'); }
    void endObject() { end('}'); }
    void beginList() { begin('['); }
    void endList() { end(']'); }
    void key(std::string_view name);

    void text(std::string_view value);
    void number(int64_t value);
    void number(double value); ///< finite; as short as reads back the same
    void flag(bool value);
    /// "data:MIME;base64,..." as one text.
    void dataUrl(std::string_view mime, std::string_view bytes);
    /// The bytes as base64, as one text.
    void base64(std::string_view bytes);

    /// A member of the object that is open.
    template <typename Value> void member(std::string_view name, const Value& value)
    {
        key(name);
        if constexpr (std::is_same_v<Value, bool>)
            flag(value);
        else if constexpr (std::is_integral_v<Value>)
            number(static_cast<int64_t>(value));
        else if constexpr (std::is_floating_point_v<Value>)
            number(static_cast<double>(value));
        else
            text(value);
    }

    std::string take() { return std::move(m_text); }

private:
    void begin(char bracket);
    void end(char bracket);
    void separate();
    void escape(std::string_view value);

    std::string m_text;
    bool m_needsComma = false;
};

} // namespace argali::remote
