#include "engine/remote/failurereading.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "engine/remote/jsonfields.h"

namespace argali::remote {
namespace {

using nlohmann::json;

constexpr size_t detailBytes = 600;
constexpr int64_t longestWait = 3600; // seconds

bool holdsAny(const std::string& text, std::initializer_list<std::string_view> words)
{
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return text.find(word) != text.npos; });
}

/// The whole number that stands first after the words, as in "At most 8 image(s) may be provided".
std::optional<int64_t> numberAfter(const std::string& text, std::string_view words)
{
    const size_t found = text.find(words);
    if (found == text.npos)
        return std::nullopt;
    const char* const begin = text.data() + found + words.size();
    int64_t number = 0;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > 100'000)
        return std::nullopt;
    return number;
}

/// Status and words are all there is to go by: servers agree on no codes.
FailureKind kindOf(int status, const std::string& type, const std::string& text)
{
    if (status == 401 || status == 403 || holdsAny(type, {"authentication", "invalid_api_key"}))
        return FailureKind::WrongKey;
    if (status == 407)
        return FailureKind::Proxy;
    if (holdsAny(text, {"at most "}) && holdsAny(text, {"image", "video", "multimodal", "media"}))
        return FailureKind::TooManyPictures;
    if (holdsAny(type, {"exceed_context", "context_length"}) ||
        holdsAny(text, {"maximum context length", "context length", "context size",
                        "context window", "maximum model length", "longer than the maximum"}))
        return FailureKind::ContextExceeded;
    if (holdsAny(text, {"loading model", "model is loading", "still loading"}))
        return FailureKind::Starting;
    if (holdsAny(text, {"model"}) && holdsAny(text, {"not found", "does not exist", "not exist",
                                                     "no such model", "unknown model"}))
        return FailureKind::ModelNotFound;
    if (holdsAny(text, {"queue is full", "too many requests"}) || status == 429)
        return FailureKind::Overloaded;
    if (status == 413)
        return FailureKind::TooLarge;
    if (status == 408 || status == 504)
        return FailureKind::TimedOut;
    if (status >= 500)
        return FailureKind::ServerError;
    if (status == 404 || status == 405)
        return FailureKind::NotOpenAiStyle;
    if (status >= 400)
        return FailureKind::BadRequest;
    if (status >= 300)
        return FailureKind::NotOpenAiStyle; // a redirection that was not followed
    return FailureKind::Other;
}

/// The text of {"detail": ...}, which is a text or a list of what is wrong with the fields.
std::string detailText(const json& value)
{
    if (const auto text = textOf(value, "detail"))
        return *text;
    const auto message = textOf(value, "detail.0.msg");
    if (!message)
        return {};
    std::string where;
    if (const json* const place = member(value, "detail.0.loc"); place && place->is_array())
        for (size_t i = 0; i < std::min<size_t>(place->size(), 8); ++i)
            if ((*place)[i].is_string() && (*place)[i] != "body")
                where += (where.empty() ? "" : ".") + (*place)[i].get<std::string>();
    return where.empty() ? *message : where + ": " + *message;
}

Failure described(int status, const std::string& text, const std::string& type, const json& fields)
{
    Failure failure;
    failure.status = status;
    failure.detail = cleanLine(text, detailBytes);
    failure.parameter = cleanLine(textOf(fields, "param").value_or(""), 100);
    const std::string lower = lowerCase(failure.detail);
    failure.kind = kindOf(status, lowerCase(type), lower);
    if (failure.kind == FailureKind::TooManyPictures)
        failure.pictureLimit = numberAfter(lower, "at most ");
    if (failure.kind == FailureKind::Starting)
        if (const auto progress = amountOf(fields, "progress"))
            failure.progress = std::min(*progress, 1.0);
    return failure;
}

/// The first sentence that a page of HTML shows: its title.
std::string titleOf(const std::string& page)
{
    const std::string lower = lowerCase(page);
    const size_t tag = lower.find("<title");
    const size_t begin = tag == lower.npos ? tag : lower.find('>', tag);
    const size_t end = begin == lower.npos ? begin : lower.find("</title", begin);
    if (end == lower.npos)
        return {};
    return page.substr(begin + 1, end - begin - 1);
}

} // namespace

const char* nameOf(FailureKind kind)
{
    static constexpr std::array names{"refused",
                                      "name-not-found",
                                      "unreachable",
                                      "timed-out",
                                      "proxy",
                                      "tls",
                                      "wrong-key",
                                      "starting",
                                      "not-openai",
                                      "model-not-found",
                                      "overloaded",
                                      "too-large",
                                      "too-many-pictures",
                                      "context-exceeded",
                                      "bad-request",
                                      "server-error",
                                      "cut-off",
                                      "malformed",
                                      "other"};
    static_assert(names.size() == static_cast<size_t>(FailureKind::Other) + 1);
    return names[static_cast<size_t>(kind)];
}

std::optional<Failure> failureIn(const json& value, int status)
{
    if (!value.is_object())
        return std::nullopt;
    if (const json* const error = member(value, "error")) {
        if (error->is_string())
            return described(status, error->get<std::string>(), {}, value);
        if (error->is_object()) {
            // Within a stream the status of HTTP was 200: the error brings its own.
            const int own =
                static_cast<int>(std::min<int64_t>(countOf(*error, "code").value_or(0), 599));
            const std::string type = textOf(*error, "type").value_or("");
            const std::string code = textOf(*error, "code").value_or("");
            return described(status != 0 ? status : own,
                             textOf(*error, "message").value_or(error->dump()), type + ' ' + code,
                             *error);
        }
        return described(status, "an error without words", {}, value);
    }
    if (textOf(value, "object") == "error") {
        const int own =
            static_cast<int>(std::min<int64_t>(countOf(value, "code").value_or(0), 599));
        return described(status != 0 ? status : own, textOf(value, "message").value_or(""),
                         textOf(value, "type").value_or(""), value);
    }
    if (status < 300)
        return std::nullopt;
    if (const std::string text = detailText(value); !text.empty())
        return described(status, text, {}, value);
    if (const auto text = textOf(value, "message"))
        return described(status, *text, textOf(value, "type").value_or(""), value);
    return std::nullopt;
}

Failure failureFromReply(const HttpReply& reply)
{
    Failure failure;
    const auto value = tryServerJson(reply.body);
    if (const auto found = value ? failureIn(*value, reply.status) : std::nullopt) {
        failure = *found;
    } else {
        const std::string title = titleOf(reply.body.substr(0, 64 * 1024));
        failure = described(reply.status, title.empty() ? reply.body.substr(0, 4096) : title, {},
                            json::object());
    }
    if (const auto wait = reply.header("retry-after")) {
        int64_t seconds = 0;
        const auto [end, error] =
            std::from_chars(wait->data(), wait->data() + wait->size(), seconds);
        if (error == std::errc() && end == wait->data() + wait->size() && seconds >= 0)
            failure.retryAfter = std::chrono::seconds(std::min(seconds, longestWait));
    }
    return failure;
}

Failure failureFromTransport(TransportError error, const std::string& words)
{
    static constexpr std::array kinds{FailureKind::Refused,     FailureKind::NameNotFound,
                                      FailureKind::Unreachable, FailureKind::TimedOut,
                                      FailureKind::Proxy,       FailureKind::Tls,
                                      FailureKind::CutOff,      FailureKind::Other};
    static_assert(kinds.size() == static_cast<size_t>(TransportError::Other) + 1);
    Failure failure;
    failure.kind = kinds[static_cast<size_t>(error)];
    failure.detail = cleanLine(words, detailBytes);
    return failure;
}

} // namespace argali::remote
