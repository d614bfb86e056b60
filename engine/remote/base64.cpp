#include "engine/remote/base64.h"

#include <cstdint>

namespace argali::remote {
namespace {

constexpr const char* alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

void appendBase64(std::string& text, std::string_view bytes)
{
    const size_t begin = text.size();
    text.resize(begin + base64Size(bytes.size()));
    char* out = text.data() + begin;
    const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
    size_t left = bytes.size();
    for (; left >= 3; left -= 3, in += 3) {
        const uint32_t three = uint32_t(in[0]) << 16 | uint32_t(in[1]) << 8 | in[2];
        *out++ = alphabet[three >> 18];
        *out++ = alphabet[three >> 12 & 63];
        *out++ = alphabet[three >> 6 & 63];
        *out++ = alphabet[three & 63];
    }
    if (left == 0)
        return;
    const uint32_t rest = uint32_t(in[0]) << 16 | (left == 2 ? uint32_t(in[1]) << 8 : 0);
    *out++ = alphabet[rest >> 18];
    *out++ = alphabet[rest >> 12 & 63];
    *out++ = left == 2 ? alphabet[rest >> 6 & 63] : '=';
    *out++ = '=';
}

} // namespace argali::remote
