#pragma once

#include <array>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "engine/server/webclient.h"

namespace argali::server {

/// One request of a WebClient over a connection of its own: name, address, TLS, question, answer.
/// Thread: the client's.
class WebExchange final : public std::enable_shared_from_this<WebExchange> {
public:
    /// tls must outlive it.
    WebExchange(boost::asio::io_context& context, boost::asio::ssl::context& tls,
                WebRequest request, std::shared_ptr<WebSink> sink);
    void start();
    /// Closes it; the sink hears no more.
    void cancel();

private:
    using Error = boost::system::error_code;
    using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
    using Plain = boost::beast::tcp_stream;
    using Secure = boost::beast::ssl_stream<Plain>;
    using Question = boost::beast::http::request<boost::beast::http::span_body<const char>>;
    using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

    void resolve();
    void connect(const Endpoints& endpoints);
    void secure();
    void send();
    void readHead();
    void takeHead(Error error);
    void readBody();
    void takeBody(Error error);
    void limitTime(std::chrono::milliseconds time);
    void fail(remote::TransportError error, const std::string& words);
    void fail(Error error, const char* doing);
    void close();
    Plain& bottom() { return m_secure ? m_secure->next_layer() : *m_plain; }
    template <class Do> void withStream(Do what) { m_secure ? what(*m_secure) : what(*m_plain); }

    const WebRequest m_request;
    std::shared_ptr<WebSink> m_sink; ///< null when it is over
    boost::asio::ip::tcp::resolver m_resolver;
    boost::asio::steady_timer m_limit;
    boost::asio::steady_timer m_total;
    boost::asio::ssl::context& m_tls;
    std::optional<Plain> m_plain; ///< one of the two
    std::optional<Secure> m_secure;
    Question m_question;
    boost::beast::flat_buffer m_buffer;
    Parser m_parser;
    std::array<char, 16384> m_piece;
};

} // namespace argali::server
