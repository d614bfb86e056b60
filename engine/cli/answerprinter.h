#pragma once

#include <string>
#include <string_view>

#include "engine/engine.h"

namespace argali::cli {

/// Prints an answer as it comes, to standard output, and the thinking before it, dimmed on a
/// terminal, to standard error.
class AnswerPrinter final {
public:
    void push(const TextPiece& piece);
    /// What is not printed yet of the whole answer, and the end of the line.
    void finish(std::string_view answer);

private:
    void think(std::string_view text);
    void endThinking();

    std::string m_printed;
    bool m_thinking = false;
};

} // namespace argali::cli
