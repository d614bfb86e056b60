#include "engine/server/webclient.h"

#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "engine/error.h"
#include "engine/log.h"
#include "engine/server/webexchange.h"

namespace argali::server {

namespace asio = boost::asio;

namespace {

/// What others have of an exchange, which must not outlive the client's sockets as they may.
class Handle final : public WebCall {
public:
    explicit Handle(std::weak_ptr<WebExchange> exchange) : m_exchange(std::move(exchange)) {}
    void cancel() override
    {
        if (const auto exchange = m_exchange.lock())
            exchange->cancel();
    }

private:
    const std::weak_ptr<WebExchange> m_exchange;
};

} // namespace

/// The thread, and what the requests share.
class WebClient::Loop final {
public:
    Loop() : m_tls(asio::ssl::context::tls_client), m_work(context.get_executor())
    {
        m_tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1);
        m_tls.set_verify_mode(asio::ssl::verify_peer);
        boost::system::error_code error;
        m_tls.set_default_verify_paths(error); // SSL_CERT_FILE and SSL_CERT_DIR override them
        if (error)
            log(LogLevel::Warning, "the system's certificates cannot be read, so that no https "
                                   "address can be used: " +
                                       error.message());
        m_thread = std::thread([this] { context.run(); });
    }
    ~Loop()
    {
        asio::post(context, [this] {
            for (const auto& weak : m_exchanges)
                if (const auto exchange = weak.lock())
                    exchange->cancel();
            context.stop(); // a name that is being resolved is not waited for here
        });
        m_thread.join();
    }
    std::shared_ptr<WebCall> ask(WebRequest request, std::shared_ptr<WebSink> sink)
    {
        const auto exchange =
            std::make_shared<WebExchange>(context, m_tls, std::move(request), std::move(sink));
        asio::post(context, [this, exchange] {
            std::erase_if(m_exchanges, [](const auto& weak) { return weak.expired(); });
            m_exchanges.push_back(exchange);
            exchange->start();
        });
        return std::make_shared<Handle>(exchange);
    }

    asio::io_context context{1};

private:
    asio::ssl::context m_tls;
    asio::executor_work_guard<asio::io_context::executor_type> m_work;
    std::vector<std::weak_ptr<WebExchange>> m_exchanges;
    std::thread m_thread;
};

WebClient::WebClient() : m_loop(std::make_unique<Loop>()) {}

WebClient::~WebClient() = default;

std::shared_ptr<WebCall> WebClient::ask(WebRequest request, std::shared_ptr<WebSink> sink)
{
    return m_loop->ask(std::move(request), std::move(sink));
}

void WebClient::post(std::function<void()> work)
{
    asio::post(m_loop->context, std::move(work));
}

void WebClient::after(std::chrono::milliseconds time, std::function<void()> work)
{
    const auto timer = std::make_shared<asio::steady_timer>(m_loop->context, time);
    timer->async_wait([timer, work = std::move(work)](boost::system::error_code stopped) {
        if (!stopped)
            work();
    });
}

} // namespace argali::server
