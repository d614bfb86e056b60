#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/remote/secret.h"

namespace argali::remote {

/// Why a header cannot be sent.
enum class HeaderTrouble {
    Name,        ///< characters that HTTP does not allow there, or none at all
    OfTransport, ///< it says where a message ends, or is for the next machine only
    Value,       ///< line ends or other control characters
    TooLong      ///< more than 8 KiB
};
/// Nothing for a header that can be sent.
std::optional<HeaderTrouble> troubleOf(std::string_view name, std::string_view value);

/// The headers of a request. Nothing that could end a header and begin another one gets in, and
/// what a key stands in is a Secret.
/// Source: RFC 9110, sections 5.1 (names) and 5.5 (values)
class HeaderList final {
public:
    struct Header {
        std::string name;
        std::string value; ///< empty when it is secret
        Secret secret;
    };

    /// A name that is there already, in any case, is replaced.
    /// Throws: Error::Code::BadRequest for a name or value that HTTP does not allow, for one of
    /// more than 8 KiB, for more than 64 headers, and for those that belong to the transport (Host,
    /// Content-Length, Transfer-Encoding, Connection and the like); never with the value in it
    void add(std::string_view name, std::string_view value);
    void addSecret(std::string_view name, const Secret& value);
    /// "Authorization: Bearer KEY"; nothing for an empty key.
    void addKey(const Secret& key);

    const std::vector<Header>& headers() const { return m_headers; }

private:
    void put(Header header);

    std::vector<Header> m_headers;
};

} // namespace argali::remote
