#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/beast/http.hpp>

#include "engine/server/httpserver.h"

namespace argali::server {

/// Reads one request, in any pieces.
using HttpParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

/// Sets the limits of a new parser.
void prepare(HttpParser& parser, const HttpLimits& limits);

/// What was read, once it is whole.
HttpRequest toRequest(boost::beast::http::request<boost::beast::http::string_body>&& message);

/// The status that tells a client what was wrong with what it sent; 0: it has gone.
int statusOf(const boost::system::error_code& error);

/// ASCII in lower case.
std::string lowered(std::string_view text);
std::string textOf(boost::beast::string_view text);

} // namespace argali::server
