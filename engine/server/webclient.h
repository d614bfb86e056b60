#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/remote/headerlist.h"
#include "engine/remote/httpreply.h"
#include "engine/remote/ipaddress.h"

namespace argali::server {

/// What is asked of another server.
struct WebRequest {
    /// The addresses of a name; none: the name is unknown.
    using Resolver = std::function<std::vector<remote::IpAddress>(const std::string& host)>;

    bool isSecure = false; ///< https, with the other side's certificate verified
    std::string host;      ///< a name or an address, IPv6 without brackets
    uint16_t port = 80;
    std::string method = "GET";
    std::string target = "/"; ///< path and query
    remote::HeaderList headers;
    std::shared_ptr<const std::string> body; ///< JSON; null: none
    /// Asked of every address of the host before anything is sent: one that it refuses ends it all.
    /// Empty: all may be connected to.
    std::function<bool(const remote::IpAddress&)> mayConnect;
    Resolver resolver;                             ///< empty: that of the system
    std::chrono::milliseconds connectTime{10'000}; ///< to find, reach and verify the other side
    std::chrono::milliseconds silence{300'000};    ///< without a byte of the answer
    std::chrono::milliseconds total{0};            ///< for everything; 0: without a limit
};

/// Takes an answer as it comes: its head, its body in pieces, and either its end or, at any point,
/// a failure, after which nothing comes.
/// Thread: the client's.
class WebSink {
public:
    virtual ~WebSink() = default;
    virtual void takeHead(const remote::HttpReply& head) = 0; ///< without a body
    virtual void takeBody(std::string_view piece) = 0;
    virtual void takeEnd() = 0;
    virtual void takeFailure(remote::TransportError error, const std::string& words) = 0;
};

/// A request that is under way.
class WebCall {
public:
    virtual ~WebCall() = default;
    /// Closes its connection; the sink hears no more. Thread: the client's.
    virtual void cancel() = 0;
};

/// Asks other servers by HTTP/1.1, each request over a connection of its own, on one thread on
/// which everything is called back. Redirects are answers like others.
class WebClient final {
public:
    WebClient();
    /// Drops what is under way.
    ~WebClient();
    WebClient(const WebClient&) = delete;
    WebClient& operator=(const WebClient&) = delete;

    /// Thread: any. The sink lives until it has heard the end, or the call is cancelled.
    std::shared_ptr<WebCall> ask(WebRequest request, std::shared_ptr<WebSink> sink);
    /// Calls work on the client's thread. Thread: any.
    void post(std::function<void()> work);
    /// The same after some time.
    void after(std::chrono::milliseconds time, std::function<void()> work);

private:
    class Loop;
    std::unique_ptr<Loop> m_loop;
};

} // namespace argali::server
