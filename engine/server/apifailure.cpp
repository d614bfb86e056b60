#include "engine/server/apifailure.h"

#include <nlohmann/json.hpp>

namespace argali::server {

ApiFailure toFailure(const Error& error)
{
    switch (error.code()) {
    case Error::Code::BadMedia:
        return {400, "bad_media", "a picture or film cannot be decoded, or is beyond the limits",
                "messages"};
    case Error::Code::BadRequest:
        return {400, "not_for_this_model",
                "the model cannot take this combination of messages and options"};
    case Error::Code::ContextOverflow:
        return {400, "context_length_exceeded", "the messages do not fit into the model's context",
                "messages"};
    case Error::Code::Unsupported:
        return {400, "unsupported", "this is not supported", "messages"};
    case Error::Code::OutOfMemory:
        return {503, "out_of_memory", "there is not enough memory for this now"};
    case Error::Code::Missing:
    case Error::Code::BadModel:
        return {503, "model_unavailable", "the model cannot be opened; the server's log says why",
                "model"};
    case Error::Code::Device:
        return {503, "device_failed", "the device that computes failed; the server's log says why"};
    case Error::Code::Network:
        return {502, "transfer_failed", "a transfer failed"};
    case Error::Code::Internal:
        break;
    }
    return {500, "internal", "an error within the server; its log says which"};
}

std::string failureJson(const ApiFailure& failure)
{
    const int status = failure.status();
    const char* type = status == 401   ? "authentication_error"
                       : status == 403 ? "permission_error"
                       : status == 404 ? "not_found_error"
                       : status == 429 ? "rate_limit_error"
                       : status < 500  ? "invalid_request_error"
                       : status == 503 ? "unavailable_error"
                                       : "server_error";
    nlohmann::json error = {{"message", failure.what()}, {"type", type}, {"code", failure.code()}};
    error["param"] =
        failure.parameter().empty() ? nlohmann::json() : nlohmann::json(failure.parameter());
    return nlohmann::json{{"error", error}}.dump(-1, ' ', false,
                                                 nlohmann::json::error_handler_t::replace);
}

HttpAnswer failureAnswer(const ApiFailure& failure)
{
    HttpAnswer answer;
    answer.status = failure.status();
    answer.body = failureJson(failure);
    return answer;
}

HttpAnswer protocolAnswer(int status)
{
    switch (status) {
    case 413:
        return failureAnswer(
            {413, "body_too_large", "the request is larger than this server takes"});
    case 431:
        return failureAnswer(
            {431, "header_too_large", "the header is larger than this server takes"});
    case 503: {
        HttpAnswer answer = failureAnswer(
            {503, "too_many_connections", "the server has too many connections; try again later"});
        answer.headers.emplace("Retry-After", "1");
        return answer;
    }
    default:
        return failureAnswer({400, "bad_http", "this is not a request by the rules of HTTP"});
    }
}

} // namespace argali::server
