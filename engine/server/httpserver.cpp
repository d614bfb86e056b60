#include "engine/server/httpserver.h"

#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/log.h"
#include "engine/server/httpconnection.h"

namespace argali::server {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string HttpRequest::header(const std::string& lowerCaseName) const
{
    const auto found = headers.find(lowerCaseName);
    return found == headers.end() ? std::string() : found->second;
}

/// The port, and the thread of all connections.
class HttpServer::Listener final {
public:
    Listener(const Options& options, Handler handler)
        : m_shared(std::make_shared<HttpShared>()),
          m_work(m_shared->context.get_executor()),
          m_acceptor(m_shared->context),
          m_pause(m_shared->context)
    {
        m_shared->options = options;
        m_shared->handler = std::move(handler);
        listen();
        accept();
        m_thread = std::thread([this] { m_shared->context.run(); });
    }
    ~Listener()
    {
        asio::post(m_shared->context, [this] {
            closeAcceptor();
            closeConnections(true);
            m_work.reset();
        });
        m_thread.join(); // when nothing is open any more
        m_shared->isClosed = true;
        m_shared->context.restart();
        m_shared->context.poll(); // what a reply still asked for, which would hold its connection
        m_shared->handler = {};
    }

    tcp::endpoint endpoint() const { return m_endpoint; }
    int connections() const { return m_shared->connections; }
    void finish()
    {
        asio::post(m_shared->context, [this] {
            m_shared->finishing = true;
            closeAcceptor();
            closeConnections(false);
        });
    }

private:
    void listen()
    {
        const Options& options = m_shared->options;
        boost::system::error_code error;
        tcp::resolver resolver(m_shared->context);
        const auto found =
            resolver.resolve(options.host, std::to_string(options.port),
                             tcp::resolver::passive | tcp::resolver::numeric_service, error);
        const std::string place = options.host + " port " + std::to_string(options.port);
        if (error || found.empty())
            throw Error(Error::Code::Network,
                        inQuotes(options.host) +
                            " is no address of this machine; "
                            "use 127.0.0.1, or 0.0.0.0 for all of its addresses");
        const tcp::endpoint endpoint = found.begin()->endpoint();
        m_acceptor.open(endpoint.protocol(), error);
        if (!error)
            m_acceptor.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error)
            m_acceptor.bind(endpoint, error);
        if (!error)
            m_acceptor.listen(asio::socket_base::max_listen_connections, error);
        if (error)
            throw Error(Error::Code::Network,
                        "cannot listen at " + place + ": " + error.message() +
                            "; another program may use this port, choose one with --port");
        m_endpoint = m_acceptor.local_endpoint(error);
    }
    void accept()
    {
        m_acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
            if (!m_acceptor.is_open())
                return;
            if (error) {
                // Out of descriptors, mostly: some will be free soon.
                log(LogLevel::Warning, "a connection was not accepted: " + error.message());
                m_pause.expires_after(std::chrono::milliseconds(200));
                m_pause.async_wait([this](boost::system::error_code stopped) {
                    if (!stopped && m_acceptor.is_open())
                        accept();
                });
                return;
            }
            std::erase_if(m_connections, [](const auto& weak) { return weak.expired(); });
            const bool isFull = m_shared->connections >= m_shared->options.limits.connections;
            const auto connection = std::make_shared<HttpConnection>(std::move(socket), m_shared);
            m_connections.push_back(connection);
            isFull ? connection->refuse() : connection->start();
            accept();
        });
    }
    void closeConnections(bool now)
    {
        for (const auto& weak : m_connections)
            if (const auto connection = weak.lock())
                connection->finish(now);
    }
    void closeAcceptor()
    {
        boost::system::error_code ignored; // it is closed either way
        m_acceptor.close(ignored);
        m_pause.cancel();
    }

    const std::shared_ptr<HttpShared> m_shared;
    /// Keeps the thread while nothing is open.
    asio::executor_work_guard<asio::io_context::executor_type> m_work;
    tcp::acceptor m_acceptor;
    asio::steady_timer m_pause;
    tcp::endpoint m_endpoint;
    std::vector<std::weak_ptr<HttpConnection>> m_connections;
    std::thread m_thread;
};

HttpServer::HttpServer(const Options& options, Handler handler)
    : m_listener(std::make_unique<Listener>(options, std::move(handler)))
{
}

HttpServer::~HttpServer() = default;

std::string HttpServer::address() const
{
    const tcp::endpoint endpoint = m_listener->endpoint();
    const std::string host = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? '[' + host + ']' : host) + ':' +
           std::to_string(endpoint.port());
}

uint16_t HttpServer::port() const
{
    return m_listener->endpoint().port();
}

void HttpServer::finish()
{
    m_listener->finish();
}

int HttpServer::connections() const
{
    return m_listener->connections();
}

} // namespace argali::server
