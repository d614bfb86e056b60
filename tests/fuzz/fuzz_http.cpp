// Requests as they come from a connection, up to what answers them at once.
#include "engine/server/api.h"
#include "engine/server/httpparser.h"
#include "tests/fuzz/fuzz.h"

using namespace argali;

namespace {

class Reply final : public server::HttpReply {
public:
    explicit Reply(int& status) : m_status(status) {}
    void send(server::HttpAnswer answer) override { m_status = answer.status; }
    void begin(server::HttpAnswer) override {}
    void write(std::string) override {}
    void end() override {}
    std::stop_token gone() const override { return {}; }

private:
    int& m_status;
};

server::Api::Settings settings(std::string key, std::vector<std::string> origins)
{
    server::Api::Settings made;
    made.key = std::move(key);
    made.origins = std::move(origins);
    return made;
}

void handle(server::HttpRequest request)
{
    static server::ModelSet models({});
    static server::Api open(settings({}, {"https://good.example"}), models);
    static server::Api locked(settings("secret", {}), models);
    for (server::Api* api : {&open, &locked}) {
        int status = 0;
        api->handle(request, std::make_shared<Reply>(status));
        fuzz::require(status >= 200 && status < 600, "a request without an answer");
    }
}

} // namespace

ARGALI_FUZZ(http)
{
    server::HttpLimits limits;
    limits.headerBytes = 2048;
    limits.bodyBytes = 4096;
    server::HttpParser parser;
    server::prepare(parser, limits);
    boost::system::error_code error;
    std::string waiting;
    for (const std::string_view piece : fuzz::inPieces(bytes)) {
        waiting += piece;
        while (!waiting.empty() && !parser.is_done()) {
            const size_t used = parser.put(boost::asio::buffer(waiting), error);
            waiting.erase(0, used);
            if (error == boost::beast::http::error::need_more)
                error = {};
            if (error || used == 0)
                break;
        }
        if (error || parser.is_done())
            break;
        fuzz::require(int64_t(waiting.size()) <= limits.headerBytes + limits.bodyBytes,
                      "more is kept than the limits say");
    }
    if (error)
        server::statusOf(error);
    if (error || !parser.is_done())
        return;
    server::HttpRequest request = server::toRequest(parser.release());
    fuzz::require(int64_t(request.body.size()) <= limits.bodyBytes, "a body beyond its limit");
    if (request.method != "POST") // what is posted is read by another thread; see fuzz_chat
        handle(std::move(request));
}
