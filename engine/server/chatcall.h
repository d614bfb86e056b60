#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/engine.h"
#include "engine/server/mediavault.h"

namespace argali::server {

/// What lies at an address.
using MediaFetch = std::function<std::vector<std::byte>(const std::string& url)>;

/// What a client asks of a model.
struct ChatCall {
    std::string model; ///< as the client calls it; empty: the only one, or the first
    ChatRequest request;
    std::vector<std::string> stops; ///< the answer ends before the first of these
    bool stream = false;
    std::optional<int> logprobs; ///< how many of the likeliest tokens with each; none: not asked
    bool includeUsage = false;   ///< a last piece of the stream has it
    std::vector<std::shared_ptr<const MediaVault::Lease>> media; ///< what request points at
};

/// The body of /v1/chat/completions. Strict in what this server understands, and silent about
/// fields that only name or bill; what would be asked in vain is refused.
/// fetch: for pictures and films that are named by an address; empty: they are refused
/// Throws: ApiFailure 400, 503; as fetch
/// Source: OpenAI's API reference, "Create chat completion"; vLLM's and llama-server's own fields
/// for thinking, frames and sizes of pictures
ChatCall readChatCall(const nlohmann::json& body, MediaVault& vault, const MediaFetch& fetch = {});

/// Whether such a body names a picture or film by an address, which takes a while to fetch.
bool namesAddresses(const nlohmann::json& body);

/// The body of /v1/completions: the prompt is the question of a conversation, as checkpoints that
/// are trained to converse need it.
/// Throws: ApiFailure 400
ChatCall readCompletionCall(const nlohmann::json& body);

/// The body of ChatGLM2-6B's published api.py: {prompt, history, max_length, top_p, temperature}.
/// Throws: ApiFailure 400
/// Source: THUDM/ChatGLM2-6B, api.py
ChatCall readGlmCall(const nlohmann::json& body);

} // namespace argali::server
