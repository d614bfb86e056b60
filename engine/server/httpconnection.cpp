#include "engine/server/httpconnection.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>
#include <sys/socket.h>

namespace argali::server {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;

// What is read ahead and not yet understood. The parser has no limit of its own for what stands
// between the pieces of a body.
constexpr size_t pieceBytes = 64 * 1024;
constexpr auto timeBetweenLooks = 200ms;

/// Passes calls from any thread to the connection's own.
class Reply final : public HttpReply {
public:
    Reply(std::shared_ptr<HttpConnection> connection, uint64_t serial, std::stop_token gone)
        : m_connection(std::move(connection)), m_serial(serial), m_gone(std::move(gone))
    {
    }
    ~Reply() override { m_connection->abandon(m_serial); } // without an effect when it was answered
    void send(HttpAnswer answer) override { m_connection->answer(m_serial, std::move(answer)); }
    void begin(HttpAnswer head) override { m_connection->begin(m_serial, std::move(head)); }
    void write(std::string piece) override { m_connection->write(m_serial, std::move(piece)); }
    void end() override { m_connection->end(m_serial); }
    std::stop_token gone() const override { return m_gone; }

private:
    const std::shared_ptr<HttpConnection> m_connection;
    const uint64_t m_serial;
    const std::stop_token m_gone;
};

/// Whether the other side is a program of this machine, by whatever address it came.
bool isFromHere(const asio::ip::tcp::socket& socket)
{
    boost::system::error_code failure; // it is going: nobody asks any more
    const asio::ip::address there = socket.remote_endpoint(failure).address();
    if (failure)
        return false;
    if (there.is_v6() && there.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, there.to_v6()).is_loopback() ||
               there == socket.local_endpoint(failure).address();
    return there.is_loopback() || there == socket.local_endpoint(failure).address();
}

} // namespace

HttpConnection::HttpConnection(Socket socket, std::shared_ptr<HttpShared> shared)
    : m_shared(std::move(shared)),
      m_socket(std::move(socket)),
      m_limit(m_socket.get_executor()),
      m_nextLook(m_socket.get_executor()),
      m_buffer(m_shared->options.limits.headerBytes + pieceBytes)
{
    ++m_shared->connections;
}

HttpConnection::~HttpConnection()
{
    close();
    --m_shared->connections;
}

void HttpConnection::start()
{
    Error ignored; // only latency depends on it
    m_socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    readHeader();
}

void HttpConnection::refuse()
{
    limitTime(m_shared->options.limits.headerTime);
    sendError(503);
}

void HttpConnection::finish(bool now)
{
    if (now || !m_isAnswering)
        close();
    else
        m_endsWithAnswer = true;
}

/// One deadline for whatever the connection waits for.
void HttpConnection::limitTime(std::chrono::milliseconds time)
{
    m_limit.expires_after(time);
    m_limit.async_wait([self = weak_from_this()](Error error) {
        const auto connection = self.lock();
        if (!error && connection &&
            connection->m_limit.expiry() <= asio::steady_timer::clock_type::now())
            connection->close();
    });
}

void HttpConnection::readHeader()
{
    if (!m_open)
        return;
    const HttpLimits& limits = m_shared->options.limits;
    m_parser.emplace();
    prepare(*m_parser, limits);
    limitTime(m_isFirst ? limits.headerTime : limits.idleTime);
    http::async_read_header(
        m_socket, m_buffer, *m_parser,
        [self = shared_from_this()](Error error, size_t) { self->takeHeader(error); });
}

void HttpConnection::takeHeader(Error error)
{
    if (!m_open)
        return;
    if (error) {
        const int status = statusOf(error);
        return status ? sendError(status) : close();
    }
    m_isFirst = false;
    const auto& head = m_parser->get();
    m_version = head.version();
    m_endsWithAnswer = m_shared->finishing || !head.keep_alive();
    m_withoutBody = head.method() == http::verb::head;
    const HttpLimits& limits = m_shared->options.limits;
    // A body without a length may grow to the limit.
    const auto length = m_parser->content_length();
    if (length && *length > uint64_t(limits.bodyBytes))
        return sendError(413);
    const int64_t body = length ? int64_t(*length) : m_parser->chunked() ? limits.bodyBytes : 0;
    if (m_shared->bodies + body > limits.bodiesBytes)
        return sendError(503);
    m_reserved = body;
    m_shared->bodies += body;
    if (!m_parser->is_done() && lowered(textOf(head[http::field::expect])) == "100-continue") {
        static const std::string goOn = "HTTP/1.1 100 Continue\r\n\r\n";
        limitTime(limits.bodyTime);
        asio::async_write(m_socket, asio::buffer(goOn),
                          [self = shared_from_this()](Error failed, size_t) {
                              failed ? self->close() : self->readBody();
                          });
        return;
    }
    readBody();
}

void HttpConnection::readBody()
{
    if (!m_open)
        return;
    limitTime(m_shared->options.limits.bodyTime);
    http::async_read(
        m_socket, m_buffer, *m_parser,
        [self = shared_from_this()](Error error, size_t) { self->takeRequest(error); });
}

void HttpConnection::takeRequest(Error error)
{
    if (!m_open)
        return;
    if (error) {
        const int status = statusOf(error);
        return status ? sendError(status) : close();
    }
    m_limit.cancel();
    ++m_serial;
    m_isAnswering = true;
    m_isOver = false;
    m_gone = std::stop_source();
    HttpRequest request = toRequest(m_parser->release());
    request.isLocal = isFromHere(m_socket);
    auto reply = std::make_shared<Reply>(shared_from_this(), m_serial, m_gone.get_token());
    watch();
    m_shared->handler(std::move(request), std::move(reply));
}

/// Sees the client go while it is answered. What it sends meanwhile stays for later.
void HttpConnection::watch()
{
    if (m_isWatched)
        return;
    m_isWatched = true;
    m_socket.async_wait(Socket::wait_read, [weak = weak_from_this()](Error error) {
        const auto self = weak.lock();
        if (!self)
            return;
        self->m_isWatched = false;
        if (error || !self->m_open || !self->m_isAnswering)
            return;
        char byte = 0;
        const auto got = ::recv(self->m_socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            self->close();
        else
            got < 0 ? self->watch() : self->look();
    });
}

/// The client has sent more already, behind which its end cannot be read: looks from time to time.
void HttpConnection::look()
{
    pollfd there{m_socket.native_handle(), POLLRDHUP, 0};
    if (::poll(&there, 1, 0) > 0)
        return close();
    m_isWatched = true;
    m_nextLook.expires_after(timeBetweenLooks);
    m_nextLook.async_wait([weak = weak_from_this()](Error stopped) {
        const auto self = weak.lock();
        if (!self)
            return;
        self->m_isWatched = false;
        if (!stopped && self->m_open && self->m_isAnswering)
            self->look();
    });
}

void HttpConnection::sendError(int status)
{
    const auto& make = m_shared->options.errorAnswer;
    HttpAnswer answer = make ? make(status) : HttpAnswer();
    answer.status = status;
    m_endsWithAnswer = true;
    m_isAnswering = true;
    ++m_serial;
    limitTime(m_shared->options.limits.writeTime);
    const size_t length = answer.body.size();
    queue(headOf(answer, length) + (m_withoutBody ? std::string() : answer.body));
    m_isOver = true;
}

/// Status line and fields; length is that of the body, none when it comes in pieces.
std::string HttpConnection::headOf(const HttpAnswer& answer, std::optional<size_t> length)
{
    std::string head = m_version >= 11 ? "HTTP/1.1 " : "HTTP/1.0 ";
    head += std::to_string(answer.status) + ' ' +
            textOf(http::obsolete_reason(http::int_to_status(unsigned(answer.status)))) + "\r\n";
    head += "Content-Type: " + answer.type + "\r\n";
    for (const auto& [name, value] : answer.headers)
        head += name + ": " + value + "\r\n";
    m_isChunked = !length && m_version >= 11;
    if (length)
        head += "Content-Length: " + std::to_string(*length) + "\r\n";
    else if (m_isChunked)
        head += "Transfer-Encoding: chunked\r\n";
    else
        m_endsWithAnswer = true; // its end is that of the body
    head += m_endsWithAnswer ? "Connection: close\r\n" : "Connection: keep-alive\r\n";
    return head + "\r\n";
}

template <class Body> void HttpConnection::post(Body body)
{
    if (!m_shared->isClosed)
        asio::post(m_shared->context, std::move(body));
}

void HttpConnection::answer(uint64_t serial, HttpAnswer answer)
{
    post([self = shared_from_this(), serial, answer = std::move(answer)]() mutable {
        if (!self->isCurrent(serial) || self->m_isOver)
            return;
        std::string bytes = self->headOf(answer, answer.body.size());
        if (!self->m_withoutBody)
            bytes += answer.body;
        self->m_isOver = true;
        self->queue(std::move(bytes));
    });
}

void HttpConnection::begin(uint64_t serial, HttpAnswer head)
{
    post([self = shared_from_this(), serial, head = std::move(head)] {
        if (self->isCurrent(serial) && !self->m_isOver)
            self->queue(self->headOf(head, std::nullopt));
    });
}

void HttpConnection::write(uint64_t serial, std::string piece)
{
    if (piece.empty())
        return; // would end a body in chunks
    post([self = shared_from_this(), serial, piece = std::move(piece)]() mutable {
        if (!self->isCurrent(serial) || self->m_isOver || self->m_withoutBody)
            return;
        if (!self->m_isChunked)
            return self->queue(std::move(piece));
        char size[24];
        std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
        self->queue(size + piece + "\r\n");
    });
}

void HttpConnection::end(uint64_t serial)
{
    post([self = shared_from_this(), serial] {
        if (!self->isCurrent(serial) || self->m_isOver)
            return;
        self->m_isOver = true;
        self->queue(self->m_isChunked && !self->m_withoutBody ? "0\r\n\r\n" : "");
    });
}

void HttpConnection::abandon(uint64_t serial)
{
    post([self = shared_from_this(), serial] {
        if (self->isCurrent(serial) && !self->m_isOver)
            self->close();
    });
}

void HttpConnection::queue(std::string bytes)
{
    m_queued += int64_t(bytes.size());
    m_queue.push_back(std::move(bytes));
    // What is waited for beside the piece that is being written: who does not read is given up.
    if (m_queue.size() > 1 && m_queued > m_shared->options.limits.waitingBytes)
        return close();
    if (!m_isWriting)
        writeNext();
}

void HttpConnection::writeNext()
{
    m_isWriting = true;
    limitTime(m_shared->options.limits.writeTime);
    asio::async_write(m_socket, asio::buffer(m_queue.front()),
                      [self = shared_from_this()](Error error, size_t) { self->written(error); });
}

void HttpConnection::written(Error error)
{
    if (!m_open)
        return;
    if (error)
        return close();
    m_isWriting = false;
    m_queued -= int64_t(m_queue.front().size());
    m_queue.pop_front();
    if (!m_queue.empty())
        return writeNext();
    m_limit.cancel();
    if (m_isOver)
        answerIsOver();
}

void HttpConnection::answerIsOver()
{
    m_isAnswering = false;
    m_isOver = false;
    m_shared->bodies -= std::exchange(m_reserved, 0);
    if (!m_endsWithAnswer && !m_shared->finishing)
        return readHeader();
    // What the client still sends is read and dropped for a moment: a reset would take the answer
    // from it that it has not read yet.
    Error ignored;
    m_socket.shutdown(Socket::shutdown_send, ignored);
    if (ignored)
        return close();
    limitTime(std::chrono::milliseconds(500));
    const auto drop = std::make_shared<std::array<char, 16384>>();
    const auto next = [self = shared_from_this(), drop](const auto& again) -> void {
        self->m_socket.async_read_some(asio::buffer(*drop),
                                       [self, drop, again](Error failed, size_t) {
                                           failed || !self->m_open ? self->close() : again(again);
                                       });
    };
    next(next);
}

void HttpConnection::close()
{
    if (!m_open)
        return;
    m_open = false;
    m_shared->bodies -= std::exchange(m_reserved, 0);
    m_limit.cancel();
    m_nextLook.cancel();
    Error ignored; // it is gone either way
    m_socket.close(ignored);
    m_gone.request_stop();
}

} // namespace argali::server
