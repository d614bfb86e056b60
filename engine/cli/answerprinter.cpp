#include "engine/cli/answerprinter.h"

#include "engine/cli/output.h"

namespace argali::cli {

namespace {

constexpr std::string_view dim = "\033[2m";
constexpr std::string_view normal = "\033[0m";

} // namespace

void AnswerPrinter::push(const TextPiece& piece)
{
    if (piece.thinking) {
        m_undecided = false;
        think(piece.text);
        return;
    }
    if (m_undecided)
        return;
    endThinking();
    print(piece.text);
    m_printed += piece.text;
}

void AnswerPrinter::finish(std::string_view answer)
{
    endThinking();
    if (answer.starts_with(m_printed))
        print(answer.substr(m_printed.size()));
    print("\n");
}

void AnswerPrinter::think(std::string_view text)
{
    if (!m_thinking && errorIsTerminal())
        printError(dim);
    m_thinking = true;
    printError(text);
}

void AnswerPrinter::endThinking()
{
    if (!m_thinking)
        return;
    m_thinking = false;
    if (errorIsTerminal())
        printError(normal);
    printError("\n");
}

} // namespace argali::cli
