#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/server/httpserver.h"

namespace argali::server {

/// The way back to a page in a browser, which reads an answer only with some headers.
class PageReply final : public HttpReply {
public:
    PageReply(std::shared_ptr<HttpReply> reply, std::map<std::string, std::string> headers)
        : m_reply(std::move(reply)), m_headers(std::move(headers))
    {
    }
    void send(HttpAnswer answer) override { m_reply->send(with(std::move(answer))); }
    void begin(HttpAnswer head) override { m_reply->begin(with(std::move(head))); }
    void write(std::string piece) override { m_reply->write(std::move(piece)); }
    void end() override { m_reply->end(); }
    std::stop_token gone() const override { return m_reply->gone(); }

private:
    HttpAnswer with(HttpAnswer answer) const
    {
        answer.headers.insert(m_headers.begin(), m_headers.end());
        return answer;
    }
    const std::shared_ptr<HttpReply> m_reply;
    const std::map<std::string, std::string> m_headers;
};

} // namespace argali::server
