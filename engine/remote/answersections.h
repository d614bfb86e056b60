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
    /// goesOn: the first text continues one that is there already, so that white space before it
    /// counts.
    AnswerSections(std::vector<AnswerDelta>& deltas, bool goesOn)
        : m_deltas(deltas),
          m_section(goesOn ? Section::Text : Section::None),
          m_sectionIsEmpty(!goesOn),
          m_textIsEmpty(!goesOn)
    {
    }
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
    Section m_section;
    bool m_sectionIsEmpty;
    bool m_textIsEmpty;
    int m_blocks = 0;        ///< of thinking that have given something
    std::string m_heldSpace; ///< shows only when something follows
};

} // namespace argali::remote
