#include "engine/server/mediafetcher.h"

#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "engine/server/apifailure.h"
#include "engine/server/weburl.h"

namespace argali::server {

namespace {

[[noreturn]] void refuse(const char* code, const char* sentence)
{
    throw ApiFailure(400, code, sentence, "messages");
}

[[noreturn]] void refuseAddress()
{
    refuse("address_not_public", "pictures and films are fetched from public http and https "
                                 "addresses only");
}

/// Keeps an answer for the thread that waits for it.
class Fetched final : public WebSink {
public:
    enum class End { None, Whole, TooLarge, TimedOut, Failed };

    explicit Fetched(int64_t most) : m_most(size_t(most)) {}
    void takeHead(const remote::HttpReply& head) override
    {
        {
            const std::lock_guard lock(m_mutex);
            m_head = head;
        }
        int64_t length = 0;
        const std::string_view given = head.header("content-length").value_or("");
        const auto [end, error] =
            std::from_chars(given.data(), given.data() + given.size(), length);
        if (error == std::errc::result_out_of_range || length > int64_t(m_most))
            finish(End::TooLarge);
    }
    void takeBody(std::string_view piece) override
    {
        const std::lock_guard lock(m_mutex);
        if (m_end != End::None)
            return;
        if (m_body.size() + piece.size() > m_most) {
            m_end = End::TooLarge;
            m_changed.notify_all();
            return;
        }
        const auto* bytes = reinterpret_cast<const std::byte*>(piece.data());
        m_body.insert(m_body.end(), bytes, bytes + piece.size());
    }
    void takeEnd() override { finish(End::Whole); }
    void takeFailure(remote::TransportError error, const std::string&) override
    {
        finish(error == remote::TransportError::TimedOut ? End::TimedOut : End::Failed);
    }
    /// None when the client went.
    End wait(std::stop_token gone)
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, gone, [this] { return m_end != End::None; });
        return m_end;
    }
    const remote::HttpReply& head() const { return m_head; }
    std::vector<std::byte> take() { return std::move(m_body); }

private:
    void finish(End end)
    {
        const std::lock_guard lock(m_mutex);
        if (m_end == End::None)
            m_end = end;
        m_changed.notify_all();
    }
    const size_t m_most;
    std::mutex m_mutex;
    std::condition_variable_any m_changed;
    remote::HttpReply m_head;
    std::vector<std::byte> m_body;
    End m_end = End::None;
};

bool isRedirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Where clients of the web are expected; not the mail and other services below 1024.
bool isPortOfWeb(uint16_t port)
{
    return port == 80 || port == 443 || port >= 1024;
}

} // namespace

MediaFetcher::MediaFetcher(Settings settings) : m_settings(std::move(settings)) {}

std::vector<std::byte> MediaFetcher::fetch(const std::string& text, int64_t most,
                                           std::stop_token gone)
{
    using std::chrono::steady_clock;
    const auto deadline = steady_clock::now() + m_settings.time;
    std::optional<WebUrl> url = WebUrl::parse(text);
    for (int hop = 0; hop <= m_settings.redirects; ++hop) {
        if (!url || !isPortOfWeb(url->port) || !m_settings.mayAsk(url->host))
            refuseAddress();
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
        const auto isForbidden = std::make_shared<std::atomic<bool>>(false);
        WebRequest request;
        request.isSecure = url->isSecure;
        request.host = url->host;
        request.port = url->port;
        request.target = url->target;
        request.headers.add("User-Agent", "argali-serve");
        request.headers.add("Accept", "image/*, video/*, */*;q=0.5");
        request.resolver = m_settings.resolver;
        request.mayConnect = [mayConnect = m_settings.mayConnect,
                              isForbidden](const remote::IpAddress& address) {
            if (!mayConnect(address))
                *isForbidden = true;
            return !*isForbidden;
        };
        request.total = std::max(left, std::chrono::milliseconds(1));
        const auto fetched = std::make_shared<Fetched>(most);
        const auto call = m_client.ask(std::move(request), fetched);
        const Fetched::End end = fetched->wait(gone);
        m_client.post([call] { call->cancel(); });
        if (*isForbidden)
            refuseAddress();
        if (end == Fetched::End::None)
            throw ApiFailure(499, "client_gone", "the client has gone");
        if (end == Fetched::End::TooLarge)
            refuse("fetch_too_large", "a picture or film is larger than this server takes");
        if (end == Fetched::End::TimedOut)
            refuse("fetch_timeout", "a picture or film took too long to fetch");
        const remote::HttpReply& head = fetched->head();
        if (end == Fetched::End::Whole && isRedirect(head.status)) {
            const auto next = url->resolve(head.header("location").value_or(""));
            if (next && url->isSecure && !next->isSecure)
                break; // what was asked for in secret stays so
            url = next;
            continue;
        }
        if (end == Fetched::End::Failed || head.status != 200)
            refuse("fetch_failed", "a picture or film cannot be fetched from its address");
        return fetched->take();
    }
    refuse("fetch_redirects", "a picture or film is redirected too often, or to an unsafe address");
}

} // namespace argali::server
