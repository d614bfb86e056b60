#pragma once

#include <string>
#include <string_view>

namespace argali {

/// Byte-level vocabularies spell each byte as one printable character: bytes 33 to 126, 161 to 172
/// and 174 to 255 as the character of that number, the 68 others in order as U+0100 and up. Source:
/// GPT-2's encoder, bytes_to_unicode

/// Appends the bytes that text spells; false, with nothing appended, when a character of it is not
/// in the alphabet.
bool appendBytesSpelled(std::string& bytes, std::string_view text);
std::string spelledInBytes(std::string_view bytes);

} // namespace argali
