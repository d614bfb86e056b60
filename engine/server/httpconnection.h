#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "engine/server/httpparser.h"
#include "engine/server/httpserver.h"

namespace argali::server {

/// What the connections of one server share.
/// Thread: the server's, but for the counters.
struct HttpShared {
    boost::asio::io_context context{1}; ///< lives as long as any reply that may come back to it
    HttpServer::Options options;
    HttpServer::Handler handler;
    std::atomic<int> connections = 0;
    std::atomic<bool> isClosed = false; ///< nothing runs any more
    int64_t bodies = 0;                 ///< bytes of requests that are being read or answered
    bool finishing = false;
};

/// One client: a request, its answer, the next request, until one side has enough.
/// Thread: the server's, but for what reply objects call.
class HttpConnection final : public std::enable_shared_from_this<HttpConnection> {
public:
    using Socket = boost::asio::ip::tcp::socket;

    HttpConnection(Socket socket, std::shared_ptr<HttpShared> shared);
    ~HttpConnection();
    void start();
    /// Answers that there are too many already.
    void refuse();
    /// Closes it at once, or after the answer that is under way.
    void finish(bool now);

    // For the reply of request number serial; any thread.
    void answer(uint64_t serial, HttpAnswer answer);
    void begin(uint64_t serial, HttpAnswer head);
    void write(uint64_t serial, std::string piece);
    void end(uint64_t serial);
    void abandon(uint64_t serial);

private:
    using Error = boost::system::error_code;

    void readHeader();
    void takeHeader(Error error);
    void readBody();
    void takeRequest(Error error);
    void watch();
    void look();
    void sendError(int status);
    void queue(std::string bytes);
    void writeNext();
    void written(Error error);
    std::string headOf(const HttpAnswer& answer, std::optional<size_t> length);
    void answerIsOver();
    void limitTime(std::chrono::milliseconds time);
    void close();
    bool isCurrent(uint64_t serial) const { return m_open && m_isAnswering && serial == m_serial; }

    template <class Body> void post(Body body);

    const std::shared_ptr<HttpShared> m_shared; // before what lives in its context
    Socket m_socket;
    boost::asio::steady_timer m_limit;
    boost::asio::steady_timer m_nextLook;
    boost::beast::flat_buffer m_buffer;
    std::optional<HttpParser> m_parser;
    uint64_t m_serial = 0; ///< of the request that is being answered
    bool m_open = true;
    bool m_isFirst = true;
    bool m_isAnswering = false;
    bool m_isChunked = false;
    bool m_isWriting = false;
    bool m_endsWithAnswer = false; ///< the connection closes after it
    bool m_withoutBody = false;    ///< of the answer: the request was HEAD
    bool m_isOver = false;         ///< all of the answer is in the queue
    bool m_isWatched = false;
    unsigned m_version = 11;
    int64_t m_reserved = 0; ///< of HttpShared::bodies
    std::deque<std::string> m_queue;
    int64_t m_queued = 0; ///< bytes in it
    std::stop_source m_gone;
};

} // namespace argali::server
