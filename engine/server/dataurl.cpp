#include "engine/server/dataurl.h"

#include <array>
#include <cstdint>

#include "engine/server/apifailure.h"

namespace argali::server {

namespace {

constexpr std::array<int8_t, 256> makeValues()
{
    std::array<int8_t, 256> values{};
    values.fill(-1);
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = int8_t(i);
    return values;
}

constexpr std::array<int8_t, 256> valueOf = makeValues();

[[noreturn]] void refuse()
{
    throw ApiFailure(400, "bad_data_url",
                     "a picture or film must come as data:MIME;base64,... with valid base64",
                     "messages");
}

} // namespace

bool isDataUrl(std::string_view url)
{
    return url.substr(0, 5) == "data:";
}

std::vector<std::byte> decodeDataUrl(std::string_view url)
{
    const size_t comma = url.find(',');
    constexpr std::string_view marker = ";base64";
    if (!isDataUrl(url) || comma == std::string_view::npos || comma > 256)
        refuse();
    const std::string_view head = url.substr(0, comma);
    if (head.size() < marker.size() || head.substr(head.size() - marker.size()) != marker)
        refuse();
    return decodeBase64(url.substr(comma + 1));
}

std::vector<std::byte> decodeBase64(std::string_view text)
{
    while (!text.empty() && text.back() == '=' && text.size() % 4 == 0)
        text.remove_suffix(1);
    if (!text.empty() && text.back() == '=')
        text.remove_suffix(1); // the second of two
    if (text.empty() || text.size() % 4 == 1)
        refuse();
    std::vector<std::byte> bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const int value = valueOf[static_cast<unsigned char>(c)];
        if (value < 0)
            refuse();
        bits = bits << 6 | uint32_t(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(std::byte(bits >> count & 0xFF));
        }
    }
    if (bits & ((1U << count) - 1)) // bits that no byte has
        refuse();
    return bytes;
}

} // namespace argali::server
