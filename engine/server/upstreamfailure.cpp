#include "engine/server/upstreamfailure.h"

#include <algorithm>

namespace argali::server {

namespace {

using remote::FailureKind;

/// The field that an upstream names, where it is one and not a sentence.
std::string fieldIn(const std::string& parameter)
{
    const auto isPart = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    };
    return parameter.size() <= 64 && std::ranges::all_of(parameter, isPart) ? parameter
                                                                            : std::string();
}

} // namespace

ApiFailure upstreamFailure(const remote::Failure& failure)
{
    switch (failure.kind) {
    case FailureKind::BadRequest:
        return {400, "upstream_bad_request",
                "the server that has this model does not take such a request",
                fieldIn(failure.parameter)};
    case FailureKind::ContextExceeded:
        return {400, "context_length_exceeded", "the messages do not fit into the model's context",
                "messages"};
    case FailureKind::TooManyPictures:
        return {400, "too_many_pictures",
                failure.pictureLimit ? "at most " + std::to_string(*failure.pictureLimit) +
                                           " pictures or films in one request"
                                     : "too many pictures or films in one request",
                "messages"};
    case FailureKind::TooLarge:
        return {413, "body_too_large", "the request is larger than this server takes"};
    case FailureKind::ModelNotFound:
        return {404, "model_not_found", "the server that had this model has it no longer", "model"};
    case FailureKind::Overloaded:
        return {429, "queue_full", "too many requests wait for this model"};
    case FailureKind::Starting:
        return {503, "upstream_starting", "the server that has this model still loads it"};
    case FailureKind::TimedOut:
        return {504, "upstream_timeout", "the server that has this model took too long"};
    case FailureKind::WrongKey:
        return {502, "upstream_key",
                "the server that has this model refuses this server's key for it"};
    default:
        return {502, "upstream_failed", "the server that has this model failed"};
    }
}

HttpAnswer upstreamFailureAnswer(const remote::Failure& failure)
{
    HttpAnswer answer = failureAnswer(upstreamFailure(failure));
    if (answer.status == 429 || answer.status == 503)
        answer.headers.emplace(
            "Retry-After",
            std::to_string(failure.retryAfter.value_or(std::chrono::seconds(2)).count()));
    return answer;
}

HttpAnswer noUpstreamAnswer()
{
    HttpAnswer answer = failureAnswer(
        {503, "no_upstream", "no server that has this model can be asked now; try again later"});
    answer.headers.emplace("Retry-After", "5");
    return answer;
}

} // namespace argali::server
