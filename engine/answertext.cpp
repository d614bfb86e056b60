#include "engine/answertext.h"

#include <algorithm>

namespace argali {

AnswerText::AnswerText(const Tokenizer& tokenizer, const ThinkingRules& rules, bool thinking,
                       const TextSink& sink, const std::optional<Substitution>& substitution)
    : m_rules(rules),
      m_sink(sink),
      m_decoder(tokenizer),
      m_substituted(substitution),
      m_part(thinking ? Part::Beginning : Part::Answer)
{
}

void AnswerText::push(int32_t id)
{
    if (m_part == Part::Beginning && id == m_rules.beginId) {
        m_part = Part::Thinking;
        return;
    }
    if (m_part != Part::Answer && id == m_rules.endId) {
        endThinking();
        return;
    }
    if (m_part == Part::Beginning)
        m_part = Part::Undecided;
    show(m_substituted.push(m_decoder.push(id)));
}

bool AnswerText::isOfAnswer(int32_t id) const
{
    if (m_part == Part::Answer)
        return true;
    if (m_part == Part::Thinking || id == m_rules.endId)
        return false;
    return m_part == Part::Undecided || id != m_rules.beginId;
}

void AnswerText::finish()
{
    endSection();
}

void AnswerText::endThinking()
{
    endSection();
    if (m_sink && !m_undecided.empty())
        m_sink({true, m_undecided});
    m_undecided.clear();
    m_part = Part::Answer;
}

void AnswerText::endSection()
{
    show(m_substituted.push(m_decoder.finish()));
    show(m_substituted.finish());
    m_heldSpace.clear();
    m_sectionEmpty = true;
}

void AnswerText::show(const std::string& text)
{
    const std::string_view core = stripped(text);
    if (core.empty()) {
        if (!m_sectionEmpty)
            m_heldSpace += text;
        return;
    }
    const auto begin = static_cast<size_t>(core.data() - text.data());
    std::string piece = m_sectionEmpty ? "" : m_heldSpace + text.substr(0, begin);
    piece += core;
    m_heldSpace = text.substr(begin + core.size());
    m_sectionEmpty = false;
    if (m_part == Part::Undecided)
        m_undecided += piece;
    if (m_sink)
        m_sink({m_part == Part::Thinking, piece});
}

SplitAnswer splitAnswer(const Tokenizer& tokenizer, const ThinkingRules& rules, bool thinking,
                        const std::vector<int32_t>& ids,
                        const std::optional<Substitution>& substitution)
{
    SplitAnswer result;
    const auto end = thinking ? std::find(ids.begin(), ids.end(), rules.endId) : ids.end();
    if (end == ids.end()) {
        result.text = substituted(stripped(tokenizer.decode(ids, true)), substitution);
        return result;
    }
    result.thinkingIds = end - ids.begin() + 1;
    result.markedThinking = stripped(tokenizer.decode({ids.begin(), end + 1}, true));
    result.text = substituted(stripped(tokenizer.decode({end + 1, ids.end()}, true)), substitution);
    const auto begin = ids.begin() + (ids.front() == rules.beginId && end != ids.begin() ? 1 : 0);
    result.thinking = stripped(tokenizer.decode({begin, end}, true));
    return result;
}

} // namespace argali
