#include "engine/remote/thinkingbudget.h"

#include <algorithm>

namespace argali::remote {
namespace {

/// Quarters of a token that a text is about: one for an ASCII character, and three for each other
/// one, which is near what the tokenizers of these models need for English and Chinese.
int64_t quartersOf(const std::string& text)
{
    int64_t quarters = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80)
            quarters += 1;
        else if (byte >= 0xC0)
            quarters += 3; // the first byte of a character
    }
    return quarters;
}

} // namespace

int64_t estimatedTokens(const std::string& text)
{
    return (quartersOf(text) + 3) / 4;
}

BudgetHolder budgetHolder(Dialect dialect, const RequestParts& refused)
{
    const DialectTraits& traits = traitsOf(dialect);
    if (traits.takesThinkingBudget && !refused.contains(RequestPart::ThinkingBudget))
        return BudgetHolder::Server;
    // Without the switch the server was not told that we would ask for the end of the thinking.
    if (traits.endsThinking && !refused.contains(RequestPart::ThinkingSwitch))
        return BudgetHolder::Control;
    if (traits.continues && !refused.contains(RequestPart::Continuation))
        return BudgetHolder::Client;
    return BudgetHolder::Nobody;
}

ThinkingBudget::ThinkingBudget(int64_t tokens, BudgetHolder holder, bool canContinue)
    : m_budget(std::max<int64_t>(tokens, 0)), m_holder(holder), m_canContinue(canContinue)
{
}

ThinkingBudget::Action ThinkingBudget::take(const AnswerDelta& delta)
{
    if (const auto* const thinking = std::get_if<ThinkingDelta>(&delta))
        takeThinking(thinking->text);
    else if (std::holds_alternative<TextDelta>(delta))
        m_hasAnswer = true;
    else if (const auto* const usage = std::get_if<UsageDelta>(&delta)) {
        if (usage->thinkingTokens)
            m_counted = std::max(m_counted, *usage->thinkingTokens);
        else if (usage->completionTokens && !m_hasAnswer)
            m_counted = std::max(m_counted, *usage->completionTokens);
    }
    // Once the answer has begun, nothing is gained by an end.
    if (m_isDone || m_hasAnswer || m_pieces == 0 || tokens() < allowance())
        return Action::None;
    switch (m_holder) {
    case BudgetHolder::Control:
        m_isDone = true;
        return Action::EndThinking;
    case BudgetHolder::Server:
        m_isDone = m_canContinue;
        return m_canContinue ? Action::StopStream : Action::None;
    case BudgetHolder::Client:
        m_isDone = true;
        return Action::StopStream;
    case BudgetHolder::Nobody:
        break;
    }
    return Action::None;
}

int64_t ThinkingBudget::tokens() const
{
    if (m_counted >= 0)
        return m_counted;
    // Servers send a piece for each token or for several: there were as many tokens at least.
    return std::max(m_pieces, (m_quarters + 3) / 4);
}

bool ThinkingBudget::isBroken() const
{
    const int64_t slack = isEstimate() ? std::max<int64_t>(32, m_budget / 4) : 8;
    return tokens() > m_budget + slack;
}

/// From how many tokens on we act: a server that holds the budget itself gets the time to do so.
int64_t ThinkingBudget::allowance() const
{
    if (m_holder != BudgetHolder::Server)
        return m_budget;
    return m_budget + (isEstimate() ? std::max<int64_t>(32, m_budget / 4) : 8) + 1;
}

void ThinkingBudget::takeThinking(const std::string& text)
{
    m_thinking += text;
    ++m_pieces;
    m_quarters += quartersOf(text);
}

} // namespace argali::remote
