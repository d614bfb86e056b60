#include "engine/remote/answersections.h"

#include <utility>

namespace argali::remote {
namespace {

constexpr const char* whiteSpace = " \t\r\n";

} // namespace

void AnswerSections::text(std::string_view piece)
{
    if (m_section != Section::Text)
        enter(Section::Text);
    std::string shown = trimmed(piece);
    if (shown.empty())
        return;
    m_textIsEmpty = false;
    m_deltas.emplace_back(TextDelta{std::move(shown)});
}

void AnswerSections::thinking(std::string_view piece, bool isNewBlock)
{
    if (isNewBlock || m_section != Section::Thinking)
        enter(Section::Thinking);
    const bool isFirst = m_sectionIsEmpty;
    std::string shown = trimmed(piece);
    if (shown.empty())
        return;
    if (isFirst)
        ++m_blocks;
    m_deltas.emplace_back(ThinkingDelta{std::move(shown), m_blocks - 1});
}

void AnswerSections::textWasThinking()
{
    if (!m_textIsEmpty) {
        m_deltas.emplace_back(TextWasThinkingDelta{});
        ++m_blocks;
    }
    m_textIsEmpty = true;
    enter(Section::None);
}

void AnswerSections::enter(Section section)
{
    m_section = section;
    m_sectionIsEmpty = true;
    m_heldSpace.clear();
}

std::string AnswerSections::trimmed(std::string_view piece)
{
    const size_t begin = piece.find_first_not_of(whiteSpace);
    if (begin == piece.npos) {
        if (!m_sectionIsEmpty)
            m_heldSpace += piece;
        return {};
    }
    const size_t end = piece.find_last_not_of(whiteSpace) + 1;
    std::string shown = std::exchange(m_heldSpace, std::string(piece.substr(end)));
    if (!m_sectionIsEmpty)
        shown += piece.substr(0, begin);
    shown += piece.substr(begin, end - begin);
    m_sectionIsEmpty = false;
    return shown;
}

} // namespace argali::remote
