#include "engine/server/httpparser.h"

#include <algorithm>
#include <utility>

namespace argali::server {

namespace http = boost::beast::http;

std::string lowered(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    return result;
}

std::string textOf(boost::beast::string_view text)
{
    return {text.data(), text.size()};
}

void prepare(HttpParser& parser, const HttpLimits& limits)
{
    parser.header_limit(limits.headerBytes);
    parser.body_limit(uint64_t(limits.bodyBytes));
}

HttpRequest toRequest(http::request<http::string_body>&& message)
{
    HttpRequest request;
    request.method = textOf(message.method_string());
    const std::string target = textOf(message.target());
    const size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos)
        request.query = target.substr(mark + 1);
    for (const auto& field : message.base())
        request.headers[lowered(textOf(field.name_string()))] = textOf(field.value());
    request.body = std::move(message.body());
    return request;
}

int statusOf(const boost::system::error_code& error)
{
    // Between the pieces of a body and after them stand headers, too.
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return 431;
    if (error == http::error::body_limit)
        return 413;
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return 0;
    return error.category() == http::make_error_code(http::error::bad_method).category() ? 400 : 0;
}

} // namespace argali::server
