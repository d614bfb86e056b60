#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/tokenizer/tokenizer.h"

namespace argali {

/// Turns ids into text as they come and holds back bytes that are not a whole character yet.
class StreamDecoder final {
public:
    explicit StreamDecoder(const Tokenizer& tokenizer) : m_tokenizer(tokenizer) {}
    /// Whole characters that id completes; special tokens give nothing.
    std::string push(int32_t id);
    /// What is left, an incomplete character as U+FFFD. What comes then is another text.
    std::string finish();

private:
    const Tokenizer& m_tokenizer;
    std::string m_held;
    bool m_isFirst = true; ///< nothing has come yet
};

} // namespace argali
