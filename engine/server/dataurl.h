#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace argali::server {

/// Whether an address is data within itself.
bool isDataUrl(std::string_view url);

/// The bytes of "data:MIME;base64,...". What the text says of their kind is not trusted and not
/// looked at. Throws: ApiFailure 400 for other encodings and for what is no base64
/// Source: RFC 2397; RFC 4648, section 4, padding may be missing
std::vector<std::byte> decodeDataUrl(std::string_view url);

/// The same for bare base64. Throws: ApiFailure 400
std::vector<std::byte> decodeBase64(std::string_view text);

} // namespace argali::server
