#pragma once

#include <cstdint>
#include <string>

#include "engine/remote/answerdelta.h"
#include "engine/remote/requestbody.h"

namespace argali::remote {

/// Tokens that a text is about, by its characters: for servers that do not count.
int64_t estimatedTokens(const std::string& text);

/// Who ends the thinking at its budget.
enum class BudgetHolder {
    Server,  ///< thinking_token_budget
    Control, ///< we count, and ask the server to end the thinking
    Client,  ///< we count, end the stream, and go on with a closed block
    Nobody,  ///< "not enforced by this server"
};
/// refused: what this server is known to refuse.
BudgetHolder budgetHolder(Dialect dialect, const RequestParts& refused);

/// Holds the thinking of one answer to a budget of tokens. A server that says it holds a budget and
/// does not (vLLM ignores what it does not know) is found out by counting.
class ThinkingBudget final {
public:
    enum class Action {
        None,
        EndThinking, ///< send endThinkingBody() to the server's control path; the stream goes on
        StopStream,  ///< close the connection and ask again with continuation()
    };

    /// canContinue: whether the server goes on from a text; needed where it breaks its word.
    ThinkingBudget(int64_t tokens, BudgetHolder holder, bool canContinue);

    /// The next step of the answer. Each action comes once. Thinking that nobody opened counts only
    /// where the stream was told so (ThinkSplitter::Beginning::Thinking).
    Action take(const AnswerDelta& delta);

    /// Tokens of thinking so far.
    int64_t tokens() const;
    /// Whether that number is ours: from the pieces that came and their characters.
    bool isEstimate() const { return m_counted < 0; }
    /// Whether there was more thinking than the budget allows, with what an estimate may be off.
    bool isBroken() const;
    /// What to go on from: the thinking so far, closed.
    Continuation continuation() const { return {m_thinking, true, {}}; }

private:
    int64_t allowance() const;
    void takeThinking(const std::string& text);

    const int64_t m_budget;
    const BudgetHolder m_holder;
    const bool m_canContinue;
    std::string m_thinking;
    int64_t m_pieces = 0;
    int64_t m_quarters = 0;   ///< of a token, by characters
    int64_t m_counted = -1;   ///< by the server; -1: it does not count along
    bool m_hasAnswer = false; ///< what the server counts is not thinking alone any more
    bool m_isDone = false;    ///< the action has been given
};

} // namespace argali::remote
