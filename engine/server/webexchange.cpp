#include "engine/server/webexchange.h"

#include <algorithm>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl.hpp>

namespace argali::server {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using remote::TransportError;

constexpr uint32_t headerBytes = 64 * 1024;

TransportError kindOf(const boost::system::error_code& error)
{
    if (error == asio::error::connection_refused)
        return TransportError::Refused;
    if (error == asio::error::host_not_found || error == asio::error::host_not_found_try_again ||
        error == asio::error::no_data)
        return TransportError::NameNotFound;
    if (error == asio::error::network_unreachable || error == asio::error::host_unreachable)
        return TransportError::Unreachable;
    if (error == asio::error::timed_out)
        return TransportError::TimedOut;
    if (error == asio::error::eof || error == asio::error::connection_reset ||
        error == asio::error::broken_pipe || error == http::error::end_of_stream ||
        error == http::error::partial_message || error == asio::ssl::error::stream_truncated)
        return TransportError::Closed;
    if (error.category() == asio::error::get_ssl_category() ||
        error.category() == asio::ssl::error::get_stream_category())
        return TransportError::Tls;
    return TransportError::Other;
}

remote::IpAddress addressOf(const asio::ip::address& address)
{
    remote::IpAddress result;
    const auto bytes =
        address.is_v6()
            ? address.to_v6().to_bytes()
            : asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()).to_bytes();
    std::ranges::copy(bytes, result.bytes.begin());
    return result;
}

asio::ip::address addressOf(const remote::IpAddress& address)
{
    asio::ip::address_v6::bytes_type bytes{};
    std::ranges::copy(address.bytes, bytes.begin());
    const asio::ip::address_v6 v6(bytes);
    return address.isIpv4() ? asio::ip::address(asio::ip::make_address_v4(asio::ip::v4_mapped, v6))
                            : asio::ip::address(v6);
}

std::string hostHeader(const WebRequest& request)
{
    const bool isV6 = request.host.find(':') != std::string::npos;
    std::string host = isV6 ? '[' + request.host + ']' : request.host;
    if (request.port != (request.isSecure ? 443 : 80))
        host += ':' + std::to_string(request.port);
    return host;
}

} // namespace

WebExchange::WebExchange(asio::io_context& context, asio::ssl::context& tls, WebRequest request,
                         std::shared_ptr<WebSink> sink)
    : m_request(std::move(request)),
      m_sink(std::move(sink)),
      m_resolver(context),
      m_limit(context),
      m_total(context),
      m_tls(tls)
{
    if (m_request.isSecure)
        m_secure.emplace(context, m_tls);
    else
        m_plain.emplace(context);
    m_parser.header_limit(headerBytes);
    m_parser.body_limit(UINT64_MAX); // the sink counts
    m_question.version(11);
    m_question.method_string(m_request.method);
    m_question.target(m_request.target);
    m_question.set(http::field::host, hostHeader(m_request));
    m_question.set(http::field::connection, "close");
    for (const auto& header : m_request.headers.headers()) {
        const std::string_view value =
            header.secret.isEmpty() ? std::string_view(header.value) : header.secret.reveal();
        m_question.set(header.name, boost::beast::string_view(value.data(), value.size()));
    }
    if (m_request.body) {
        m_question.set(http::field::content_type, "application/json");
        m_question.body() = {m_request.body->data(), m_request.body->size()};
        m_question.prepare_payload();
    }
}

void WebExchange::start()
{
    if (!m_sink)
        return; // cancelled before
    if (m_request.total.count() > 0) {
        m_total.expires_after(m_request.total);
        m_total.async_wait([self = shared_from_this()](Error stopped) {
            if (!stopped)
                self->fail(TransportError::TimedOut, "it took too long");
        });
    }
    limitTime(m_request.connectTime);
    resolve();
}

void WebExchange::cancel()
{
    m_sink.reset();
    close();
}

/// One limit for whatever is waited for.
void WebExchange::limitTime(std::chrono::milliseconds time)
{
    m_limit.expires_after(time);
    m_limit.async_wait([weak = weak_from_this()](Error stopped) {
        const auto self = weak.lock();
        if (!stopped && self && self->m_limit.expiry() <= asio::steady_timer::clock_type::now())
            self->fail(TransportError::TimedOut, "nothing came for too long");
    });
}

void WebExchange::resolve()
{
    const auto take = [this](const std::vector<remote::IpAddress>& addresses) {
        Endpoints endpoints;
        for (const remote::IpAddress& address : addresses) {
            // All of them: a name that leads to us as well is one of those that try to.
            if (m_request.mayConnect && !m_request.mayConnect(address))
                return fail(TransportError::Other, "an address that may not be connected to");
            endpoints.emplace_back(addressOf(address), m_request.port);
        }
        if (endpoints.empty())
            return fail(TransportError::NameNotFound, "the name is unknown");
        connect(endpoints);
    };
    if (const auto address = remote::parseIpAddress(m_request.host))
        return take({*address});
    if (m_request.resolver)
        return take(m_request.resolver(m_request.host));
    m_resolver.async_resolve(
        m_request.host, std::to_string(m_request.port), tcp::resolver::numeric_service,
        [self = shared_from_this(), take](Error error, const tcp::resolver::results_type& found) {
            if (!self->m_sink)
                return;
            if (error)
                return self->fail(error, "resolving its name");
            std::vector<remote::IpAddress> addresses;
            for (const auto& entry : found)
                addresses.push_back(addressOf(entry.endpoint().address()));
            take(addresses);
        });
}

/// To exactly those that were looked at: a name is not asked a second time.
void WebExchange::connect(const Endpoints& endpoints)
{
    bottom().async_connect(endpoints, [self = shared_from_this()](Error error, const auto&) {
        if (!self->m_sink)
            return;
        if (error)
            return self->fail(error, "connecting");
        Error ignored; // only latency depends on it
        self->bottom().socket().set_option(tcp::no_delay(true), ignored);
        self->m_secure ? self->secure() : self->send();
    });
}

void WebExchange::secure()
{
    const bool isName = !remote::parseIpAddress(m_request.host);
    if (isName && !SSL_set_tlsext_host_name(m_secure->native_handle(), m_request.host.c_str()))
        return fail(TransportError::Tls, "its name cannot be asked for");
    m_secure->set_verify_mode(asio::ssl::verify_peer);
    m_secure->set_verify_callback(asio::ssl::host_name_verification(m_request.host));
    m_secure->async_handshake(asio::ssl::stream_base::client,
                              [self = shared_from_this()](Error error) {
                                  if (!self->m_sink)
                                      return;
                                  if (error) // also where the other side speaks no TLS
                                      return self->fail(TransportError::Tls, error.message());
                                  self->send();
                              });
}

void WebExchange::send()
{
    limitTime(m_request.silence);
    withStream([this](auto& stream) {
        http::async_write(stream, m_question, [self = shared_from_this()](Error, size_t) {
            // A server that does not want it all answers and closes: its answer is worth reading,
            // and where there is none that is seen there.
            if (self->m_sink)
                self->readHead();
        });
    });
}

void WebExchange::readHead()
{
    withStream([this](auto& stream) {
        http::async_read_header(
            stream, m_buffer, m_parser,
            [self = shared_from_this()](Error error, size_t) { self->takeHead(error); });
    });
}

void WebExchange::takeHead(Error error)
{
    if (!m_sink)
        return;
    if (error)
        return fail(error, "reading the head of the answer");
    remote::HttpReply reply;
    const auto& head = m_parser.get();
    reply.status = int(head.result_int());
    for (const auto& field : head.base())
        reply.headers.emplace_back(
            std::string(field.name_string().data(), field.name_string().size()),
            std::string(field.value().data(), field.value().size()));
    const std::shared_ptr<WebSink> sink = m_sink; // it may cancel
    sink->takeHead(reply);
    readBody();
}

void WebExchange::readBody()
{
    if (!m_sink)
        return;
    if (m_parser.is_done()) {
        close();
        return std::exchange(m_sink, nullptr)->takeEnd();
    }
    limitTime(m_request.silence);
    m_parser.get().body().data = m_piece.data();
    m_parser.get().body().size = m_piece.size();
    m_parser.get().body().more = true;
    withStream([this](auto& stream) {
        http::async_read_some(
            stream, m_buffer, m_parser,
            [self = shared_from_this()](Error error, size_t) { self->takeBody(error); });
    });
}

void WebExchange::takeBody(Error error)
{
    if (!m_sink)
        return;
    if (error == http::error::need_buffer)
        error = {}; // the piece is full
    const size_t got = m_piece.size() - m_parser.get().body().size;
    const std::shared_ptr<WebSink> sink = m_sink; // it may cancel
    if (got > 0)
        sink->takeBody({m_piece.data(), got});
    if (!m_sink)
        return;
    if (error)
        return fail(error, "reading the answer");
    readBody();
}

void WebExchange::fail(Error error, const char* doing)
{
    fail(kindOf(error), std::string(doing) + ": " + error.message());
}

void WebExchange::fail(TransportError error, const std::string& words)
{
    const std::shared_ptr<WebSink> sink = std::exchange(m_sink, nullptr);
    close();
    if (sink)
        sink->takeFailure(error, words);
}

void WebExchange::close()
{
    m_limit.cancel();
    m_total.cancel();
    m_resolver.cancel();
    Error ignored; // it is gone either way
    bottom().socket().close(ignored);
}

} // namespace argali::server
