#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

namespace argali::server {

/// What a client asked, read whole and within the limits.
struct HttpRequest {
    std::string method;                         ///< "GET", in upper case
    std::string path;                           ///< as it came, without the query
    std::string query;                          ///< after the '?', as it came
    std::map<std::string, std::string> headers; ///< names in lower case; of equal ones the last
    std::string body;
    bool isLocal = false; ///< from this machine

    std::string header(const std::string& lowerCaseName) const;
};

struct HttpAnswer {
    int status = 200;
    std::string type = "application/json";
    std::string body;
    std::map<std::string, std::string> headers = {};
};

/// The way back to whoever asked. Either send(), or begin(), any number of write() and end(). One
/// that is dropped before that closes the connection, so that nobody waits for ever.
/// Thread: any; never waits.
class HttpReply {
public:
    virtual ~HttpReply() = default;
    virtual void send(HttpAnswer answer) = 0;
    /// The head of an answer whose body comes in pieces; body of head is not looked at.
    virtual void begin(HttpAnswer head) = 0;
    virtual void write(std::string piece) = 0;
    virtual void end() = 0;
    /// Stopped when the client has gone, or reads so slowly that it was given up.
    virtual std::stop_token gone() const = 0;
};

struct HttpLimits {
    uint32_t headerBytes = 32 * 1024;
    int64_t bodyBytes = int64_t(64) << 20;
    int64_t bodiesBytes = int64_t(512) << 20; ///< of all requests that are being read or answered
    int64_t waitingBytes = int64_t(4) << 20;  ///< written, and not taken by the client
    int connections = 1000;
    std::chrono::milliseconds headerTime{
        10'000}; ///< from a connection's first moment to the end of the header
    std::chrono::milliseconds bodyTime{60'000};
    std::chrono::milliseconds idleTime{75'000};  ///< between two requests
    std::chrono::milliseconds writeTime{30'000}; ///< for the client to take anything at all
};

/// Serves HTTP/1.1 (and 1.0) on one thread of its own, on which handlers are called; they must not
/// wait. What breaks the protocol or a limit is answered by errorAnswer and never reaches a
/// handler.
class HttpServer final {
public:
    struct Options {
        std::string host = "127.0.0.1"; ///< an address, or a name of this machine
        uint16_t port = 0;              ///< 0: one that is free
        HttpLimits limits = {};
        /// The body of an answer the server itself gives: 400, 408, 413, 431, 503.
        std::function<HttpAnswer(int status)> errorAnswer = {};
    };
    using Handler = std::function<void(HttpRequest, std::shared_ptr<HttpReply>)>;

    /// Throws: Error::Code::Network when the address cannot be had: which, why, what to do
    HttpServer(const Options& options, Handler handler);
    /// Closes what is open.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    std::string address() const; ///< "127.0.0.1:8000", "[::1]:8000"
    uint16_t port() const;
    /// No new connections, and those that are open close after the answer that is under way.
    void finish();
    int connections() const;

private:
    class Listener;
    std::unique_ptr<Listener> m_listener;
};

} // namespace argali::server
