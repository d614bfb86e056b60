#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace argali::remote {

/// An IPv4 or IPv6 address as its 16 bytes; IPv4 as ::ffff:a.b.c.d.
struct IpAddress {
    std::array<uint8_t, 16> bytes{};

    bool isIpv4() const;
    bool operator==(const IpAddress&) const = default;
};

/// Reads an address in any form that resolvers take: "192.168.1.1", IPv4 in decimal, hexadecimal or
/// octal with one to four parts ("2130706433", "0x7f.1", "0177.0.0.1"), IPv6 with or without
/// brackets and zone. Nothing for a name. Source: RFC 4291, section 2.2; inet_aton(3)
std::optional<IpAddress> parseIpAddress(std::string_view text);

/// Whether an address is one that everybody in the world may mean: not this machine, not a private
/// or link-local network, not reserved, multicast or documentation, and not one of these wrapped in
/// IPv6 (mapped, compatible, 6to4, Teredo, NAT64). What --allow-fetch may fetch from.
/// Source: IANA's registries of special-purpose addresses (RFC 6890 and its updates)
bool isPublicAddress(const IpAddress& address);

/// Whether a host of a URL may be fetched from as far as its text says: an address has to be
/// public; a name must not be one of this machine or of a local network. What a name resolves to
/// has to be checked too, and that very address connected to.
bool mayFetchFrom(std::string_view host);

} // namespace argali::remote
