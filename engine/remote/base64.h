#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace argali::remote {

/// Characters that so many bytes take as base64, padding included.
constexpr size_t base64Size(size_t bytes)
{
    return (bytes + 2) / 3 * 4;
}

/// Appends the bytes as base64 to text, without a copy in between.
/// Source: RFC 4648, section 4
void appendBase64(std::string& text, std::string_view bytes);

} // namespace argali::remote
