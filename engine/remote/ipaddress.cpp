#include "engine/remote/ipaddress.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "engine/remote/jsonfields.h"

namespace argali::remote {
namespace {

struct Range {
    std::array<uint8_t, 16> bytes;
    int bits;
};

constexpr Range v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, int bits)
{
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d}, 96 + bits};
}

constexpr Range v6(uint16_t a, uint16_t b, uint16_t c, uint16_t d, int bits)
{
    return {{uint8_t(a >> 8), uint8_t(a), uint8_t(b >> 8), uint8_t(b), uint8_t(c >> 8), uint8_t(c),
             uint8_t(d >> 8), uint8_t(d)},
            bits};
}

constexpr std::array special{
    v4(0, 0, 0, 0, 8),               // this network
    v4(10, 0, 0, 0, 8),              // private
    v4(100, 64, 0, 0, 10),           // shared by providers
    v4(127, 0, 0, 0, 8),             // this machine
    v4(169, 254, 0, 0, 16),          // link-local, and the metadata of clouds
    v4(172, 16, 0, 0, 12),           // private
    v4(192, 0, 0, 0, 24),            // protocols
    v4(192, 0, 2, 0, 24),            // documentation
    v4(192, 31, 196, 0, 24),         // AS112
    v4(192, 52, 193, 0, 24),         // AMT
    v4(192, 88, 99, 0, 24),          // 6to4 relays
    v4(192, 168, 0, 0, 16),          // private
    v4(192, 175, 48, 0, 24),         // AS112
    v4(198, 18, 0, 0, 15),           // benchmarks
    v4(198, 51, 100, 0, 24),         // documentation
    v4(203, 0, 113, 0, 24),          // documentation
    v4(224, 0, 0, 0, 4),             // multicast
    v4(240, 0, 0, 0, 4),             // reserved, broadcast
    v6(0x2001, 0, 0, 0, 23),         // protocols; Teredo
    v6(0x2001, 0xDB8, 0, 0, 32),     // documentation
    v6(0x2002, 0, 0, 0, 16),         // 6to4
    v6(0x2620, 0x4F, 0x8000, 0, 48), // AS112
    v6(0x3FFF, 0, 0, 0, 20),         // documentation
};
// All other IPv6 in use is in 2000::/3: what is outside is not public (fc00::/7, fe80::/10,
// 64:ff9b::/96,
// ::1, addresses that wrap IPv4).
constexpr Range globalUnicast = v6(0x2000, 0, 0, 0, 3);

bool isIn(const IpAddress& address, const Range& range)
{
    const int whole = range.bits / 8;
    if (!std::equal(range.bytes.begin(), range.bytes.begin() + whole, address.bytes.begin()))
        return false;
    const int rest = range.bits % 8;
    if (rest == 0)
        return true;
    const auto mask = static_cast<uint8_t>(0xFF << (8 - rest));
    const auto at = static_cast<size_t>(whole);
    return (range.bytes[at] & mask) == (address.bytes[at] & mask);
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    while (true) {
        const size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == text.npos)
            return parts;
        text.remove_prefix(at + 1);
    }
}

/// A whole number in C's three spellings.
std::optional<uint64_t> numberOf(std::string_view text)
{
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
        if (text.empty())
            return 0; // as inet_aton reads it
    } else if (text.size() > 1 && text.front() == '0') {
        base = 8;
        text.remove_prefix(1);
    }
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::optional<uint32_t> parseIpv4(std::string_view text)
{
    if (text.ends_with('.'))
        text.remove_suffix(1);
    const auto parts = split(text, '.');
    if (parts.size() > 4)
        return std::nullopt;
    uint64_t address = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
        const auto number = numberOf(parts[i]);
        // The last part fills what is left of the four bytes.
        const size_t bytes = i + 1 == parts.size() ? 4 - i : 1;
        if (!number || *number >= uint64_t(1) << (8 * bytes))
            return std::nullopt;
        address = address << (8 * bytes) | *number;
    }
    return static_cast<uint32_t>(address);
}

IpAddress mapped(uint32_t v4Address)
{
    IpAddress address;
    address.bytes[10] = address.bytes[11] = 0xFF;
    for (size_t i = 0; i < 4; ++i)
        address.bytes[12 + i] = static_cast<uint8_t>(v4Address >> (24 - 8 * i));
    return address;
}

/// The groups of one side of "::" as bytes; the last one may be an IPv4 address.
std::optional<std::vector<uint8_t>> groupsOf(std::string_view text, bool isEnd)
{
    std::vector<uint8_t> bytes;
    if (text.empty())
        return bytes;
    const auto groups = split(text, ':');
    for (size_t i = 0; i < groups.size(); ++i) {
        const std::string_view group = groups[i];
        if (isEnd && i + 1 == groups.size() && group.find('.') != group.npos) {
            const auto parts = split(group, '.');
            const auto address = parseIpv4(group);
            if (parts.size() != 4 || !address)
                return std::nullopt;
            for (const int shift : {24, 16, 8, 0})
                bytes.push_back(static_cast<uint8_t>(*address >> shift));
            continue;
        }
        uint16_t number = 0;
        const auto [end, error] =
            std::from_chars(group.data(), group.data() + group.size(), number, 16);
        if (group.empty() || group.size() > 4 || error != std::errc() ||
            end != group.data() + group.size())
            return std::nullopt;
        bytes.push_back(static_cast<uint8_t>(number >> 8));
        bytes.push_back(static_cast<uint8_t>(number));
    }
    return bytes;
}

std::optional<IpAddress> parseIpv6(std::string_view text)
{
    text = text.substr(0, text.find('%')); // the zone says on which network card
    const size_t gap = text.find("::");
    const auto head = groupsOf(text.substr(0, gap), gap == text.npos);
    const auto tail = groupsOf(gap == text.npos ? std::string_view() : text.substr(gap + 2), true);
    if (!head || !tail || text.size() < 2)
        return std::nullopt;
    const size_t size = head->size() + tail->size();
    if (gap == text.npos ? size != 16 : size > 14)
        return std::nullopt;
    IpAddress address;
    std::copy(head->begin(), head->end(), address.bytes.begin());
    std::copy_backward(tail->begin(), tail->end(), address.bytes.end());
    return address;
}

} // namespace

bool IpAddress::isIpv4() const
{
    static constexpr Range mappedRange = v4(0, 0, 0, 0, 0);
    return isIn(*this, mappedRange);
}

std::optional<IpAddress> parseIpAddress(std::string_view text)
{
    if (text.size() > 64)
        return std::nullopt;
    if (text.starts_with('[') && text.ends_with(']'))
        return text.size() < 2 ? std::nullopt : parseIpv6(text.substr(1, text.size() - 2));
    if (text.find(':') != text.npos)
        return parseIpv6(text);
    const auto address = parseIpv4(text);
    return address ? std::optional(mapped(*address)) : std::nullopt;
}

bool isPublicAddress(const IpAddress& address)
{
    if (!address.isIpv4() && !isIn(address, globalUnicast))
        return false;
    return std::none_of(special.begin(), special.end(),
                        [&](const Range& range) { return isIn(address, range); });
}

bool mayFetchFrom(std::string_view host)
{
    if (const auto address = parseIpAddress(host))
        return isPublicAddress(*address);
    std::string name = lowerCase(host);
    if (name.ends_with('.'))
        name.pop_back();
    // A name without a dot is one of the local network; so are these.
    if (name.empty() || name.size() > 253 || name.find('.') == name.npos)
        return false;
    for (const std::string_view local : {".localhost", ".local", ".internal", ".lan", ".home",
                                         ".corp", ".intranet", ".home.arpa", ".localdomain"})
        if (name.ends_with(local))
            return false;
    // The last part of a name that is a number was meant as an address, and is a broken one.
    const std::string_view last = std::string_view(name).substr(name.find_last_of('.') + 1);
    if (numberOf(last) || last.find_first_not_of("0123456789") == last.npos)
        return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

} // namespace argali::remote
