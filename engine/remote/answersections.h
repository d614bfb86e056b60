#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/remote/answerdelta.h"

namespace argali::remote {

/// Gives thinking and answer without the white space at the ends of each block, and numbers the
/// blocks of thinking.
class AnswerSections final {
public:
    explicit AnswerSections(std::vector<AnswerDelta>& deltas) : m_deltas(deltas) {}
    void text(std::string_view piece);
    /// Thinking after an answer is a new block anyway.
    void thinking(std::string_view piece, bool isNewBlock);
    void textWasThinking();
    /// Whether nothing of the answer has been given.
    bool isTextEmpty() const { return m_textIsEmpty; }

private:
    enum class Section { None, Text, Thinking };
    void enter(Section section);
    std::string trimmed(std::string_view piece);

    std::vector<AnswerDelta>& m_deltas;
    Section m_section = Section::None;
    bool m_sectionIsEmpty = true;
    bool m_textIsEmpty = true;
    int m_blocks = 0;        ///< of thinking that have given something
    std::string m_heldSpace; ///< shows only when something follows
};

} // namespace argali::remote
