#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/remote/dialect.h"
#include "engine/remote/failure.h"
#include "engine/remote/remoteconversation.h"

namespace argali::remote {

/// A part of a request that not every server takes.
enum class RequestPart {
    MediaOptions,    ///< mm_processor_kwargs, media_io_kwargs
    ThinkingSwitch,  ///< thinking on or off
    ThinkingBudget,  ///< thinking_token_budget
    Continuation,    ///< continue_final_message
    CountAlong,      ///< stream_options.continuous_usage_stats
    StreamOptions,   ///< stream_options
    CompletionLimit, ///< max_completion_tokens rather than max_tokens
    PlainLimit,      ///< max_tokens rather than max_completion_tokens
    WideSampling,    ///< top_k, min_p, repetition penalty
    Seed,
    FilmFile, ///< a film as one file
};
using RequestParts = std::set<RequestPart>;

/// The body of a request, and what is in it.
struct RequestBody {
    std::string json;
    RequestParts sent;    ///< parts that a server may refuse
    RequestParts leftOut; ///< parts that were asked for and this server does not take
};

/// The body for /v1/chat/completions in the words of that server, without the parts it has refused
/// before.
/// Throws: Error::Code::BadRequest for a conversation that no server could take: empty, a picture
/// without bytes, a number that is not finite; Unsupported for a film without frames where the
/// server takes no file
RequestBody chatBody(const std::vector<RemoteMessage>& messages, const RemoteOptions& options,
                     Dialect dialect, const RequestParts& refused = {});

/// The body for Ollama's own /api/chat, which turns thinking on and off for every model that
/// thinks. Pictures stand after the text of their message there.
RequestBody ollamaBody(const std::vector<RemoteMessage>& messages, const RemoteOptions& options,
                       const RequestParts& refused = {});

/// The body for llama-server's /v1/chat/completions/control that ends the thinking of an answer.
std::string endThinkingBody(const std::string& answerId);

/// Which part of a request a server refused, as far as its error says so: the request is repeated
/// once without it, and later ones leave it out. Nothing when something else is wrong.
std::optional<RequestPart> refusedPart(const Failure& failure, const RequestParts& sent);

/// A place in a film as it is written before its frame: "00:42.5", from an hour on "1:00:42.5".
std::string frameTime(double seconds);

} // namespace argali::remote
