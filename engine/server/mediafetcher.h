#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/remote/ipaddress.h"
#include "engine/server/webclient.h"

namespace argali::server {

/// Fetches pictures and films that requests name by their addresses, from public addresses only: a
/// client must not see by us what it cannot see itself. Every address of a name is checked, and
/// those very addresses are connected to; so after every redirect.
/// Thread: any; waits.
class MediaFetcher final {
public:
    struct Settings {
        int redirects = 3;
        std::chrono::milliseconds time{30'000}; ///< for one address, its redirects included
        // For tests; a program has no way to them.
        std::function<bool(std::string_view)> mayAsk = remote::mayFetchFrom;
        std::function<bool(const remote::IpAddress&)> mayConnect = remote::isPublicAddress;
        WebRequest::Resolver resolver = {};
    };
    explicit MediaFetcher(Settings settings);

    /// What lies at an address, at most so many bytes. What its server calls it is not looked at.
    /// Throws: ApiFailure 400 with "address_not_public", "fetch_too_large", "fetch_timeout",
    /// "fetch_redirects" or "fetch_failed"; 499 when the client has gone meanwhile
    std::vector<std::byte> fetch(const std::string& url, int64_t most, std::stop_token gone);

private:
    const Settings m_settings;
    WebClient m_client;
};

} // namespace argali::server
