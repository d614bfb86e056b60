#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace argali::remote {

/// Tells thinking from answer in text that holds both, between <think> and </think>, however the
/// tags are cut. A tag in code (a backtick stands before it) is text.
class ThinkSplitter final {
public:
    /// What the text begins with.
    enum class Beginning {
        Answer,    ///< the answer, or a tag that opens thinking
        Thinking,  ///< thinking: the prompt's template has opened it; a tag that opens it again is
                   ///< skipped
        Undecided, ///< as Answer, but an end that nobody opened makes thinking of all before it
    };
    struct Piece {
        enum class Kind { Answer, Thinking, AnswerWasThinking };
        Kind kind = Kind::Answer;
        std::string text;        ///< empty for AnswerWasThinking
        bool isNewBlock = false; ///< the first piece of a block of thinking
        bool operator==(const Piece&) const = default;
    };

    explicit ThinkSplitter(Beginning beginning);
    std::vector<Piece> push(std::string_view text);
    /// What was held back because it could have become a tag.
    std::vector<Piece> finish();

private:
    bool skipsOpening();
    bool takeTag(std::vector<Piece>& pieces);
    void emitUntil(size_t end, std::vector<Piece>& pieces);
    void passTag(size_t length, bool opens);

    std::string m_held;
    size_t m_at = 0;   ///< where what is still to be given begins in m_held
    char m_before = 0; ///< the byte before what is held
    bool m_thinking;
    bool m_undecided;
    bool m_mayReopen; ///< nothing has come yet of thinking that the template opened
    bool m_newBlock;
};

} // namespace argali::remote
