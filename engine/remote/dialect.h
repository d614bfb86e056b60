#pragma once

#include <string_view>

namespace argali::remote {

/// Which server it is, as far as its way to talk differs from the others'.
enum class Dialect {
    Plain, ///< OpenAI-style, nothing else known
    Vllm,
    LmDeploy,
    LlamaServer,
    Ollama,
    LmStudio,
    Argali,
};
/// "vLLM", "LMDeploy", "llama-server", "Ollama", "LM Studio", "Argali", "OpenAI-style": names, not
/// to be translated.
const char* nameOf(Dialect dialect);

/// What a server can be asked for.
/// Source: the documentation of the servers; Argali's is our own
struct DialectTraits {
    bool takesMediaOptions = false;   ///< mm_processor_kwargs, media_io_kwargs
    bool takesThinkingBudget = false; ///< thinking_token_budget
    bool continues = false;           ///< continue_final_message
    bool countsAlong = false;         ///< stream_options.continuous_usage_stats
    bool endsThinking = false;        ///< /v1/chat/completions/control with reasoning_end
    bool takesVideo = false;          ///< a film as one file
    bool samplesWidely = false;       ///< top_k, min_p and a repetition penalty
};
const DialectTraits& traitsOf(Dialect dialect);

} // namespace argali::remote
