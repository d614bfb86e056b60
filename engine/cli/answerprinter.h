#pragma once

#include <string>
#include <string_view>

#include "engine/engine.h"

namespace argali::cli {

/// Prints an answer as it comes, to standard output, and the thinking before it, dimmed on a
/// terminal, to standard error. Where thinking was asked for and does not begin, nobody knows
/// before the end whether it is the answer that comes: then all of it is printed at the end.
class AnswerPrinter final {
public:
    explicit AnswerPrinter(bool thinking) : m_undecided(thinking) {}
    void push(const TextPiece& piece);
    /// What is not printed yet of the whole answer, and the end of the line.
    void finish(std::string_view answer);

private:
    void think(std::string_view text);
    void endThinking();

    std::string m_printed;
    bool m_undecided; ///< what comes as answer may turn out to be thinking
    bool m_thinking = false;
};

} // namespace argali::cli
