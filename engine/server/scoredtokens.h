#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/engine.h"

namespace argali::server {

/// The scores of an answer's tokens, kept until the text of each has passed: text is held back
/// where it may be the beginning of a stop, and white space at the ends never passes.
class ScoredTokens final {
public:
    void add(TokenScore score);
    /// Those whose text begins within what passes now, in order.
    std::vector<TokenScore> passWith(std::string_view text);
    /// What is left at the end of an answer that no stop has cut.
    std::vector<TokenScore> rest();
    void clear();

private:
    struct Waiting {
        TokenScore score;
        size_t begin; ///< bytes of the tokens before it
    };
    std::vector<Waiting> m_waiting;
    size_t m_bytes = 0;  ///< of all tokens
    size_t m_passed = 0; ///< of their text
};

/// The "logprobs" of a choice of /v1/chat/completions.
/// Source: OpenAI's API reference, "Create chat completion"
nlohmann::json chatLogprobs(const std::vector<TokenScore>& scores);

/// Those of /v1/completions. offset: characters of text before these tokens, and then with them
/// Source: OpenAI's API reference, "Create completion"
nlohmann::json completionLogprobs(const std::vector<TokenScore>& scores, int64_t& offset);

} // namespace argali::server
