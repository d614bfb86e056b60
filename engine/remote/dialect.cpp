#include "engine/remote/dialect.h"

#include <array>

namespace argali::remote {

const char* nameOf(Dialect dialect)
{
    static constexpr std::array names{"OpenAI-style", "vLLM",      "LMDeploy", "llama-server",
                                      "Ollama",       "LM Studio", "Argali"};
    static_assert(names.size() == static_cast<size_t>(Dialect::Argali) + 1);
    return names[static_cast<size_t>(dialect)];
}

const DialectTraits& traitsOf(Dialect dialect)
{
    // In the order of the enumeration; media, budget, continues, counts, ends, video, samples.
    static constexpr std::array traits{
        DialectTraits{},
        DialectTraits{true, true, true, true, false, true, true},      // vLLM
        DialectTraits{true, false, false, false, false, true, true},   // LMDeploy
        DialectTraits{false, false, false, false, true, true, true},   // llama-server
        DialectTraits{},                                               // Ollama
        DialectTraits{false, false, false, false, false, false, true}, // LM Studio
        DialectTraits{true, true, false, false, false, true, true},    // Argali
    };
    static_assert(traits.size() == static_cast<size_t>(Dialect::Argali) + 1);
    return traits[static_cast<size_t>(dialect)];
}

} // namespace argali::remote
