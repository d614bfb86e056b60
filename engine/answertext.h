#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/families/families.h"
#include "engine/tokenizer/streamdecoder.h"

namespace argali {

/// Shows generated ids as text while they come: thinking and answer apart, without their markers,
/// without white space at the ends of either. Thinking that was never opened shows as answer until
/// its end marker comes; then all of it comes again as one piece of thinking, and what was shown as
/// answer no longer holds. No other piece of thinking follows one of the answer.
class AnswerText final {
public:
    AnswerText(const Tokenizer& tokenizer, const ThinkingRules& rules, bool thinking,
               const TextSink& sink, const std::optional<Substitution>& substitution = {});
    void push(int32_t id);
    void finish();
    /// Whether this id, which comes next, belongs to the answer as far as can be known now.
    bool isOfAnswer(int32_t id) const;

private:
    enum class Part {
        Beginning, // nothing has come yet of an answer that may begin with thinking
        Thinking,  // opened
        Undecided, // not opened: the answer, unless an end marker comes
        Answer,
    };

    void endThinking();
    void endSection();
    void show(const std::string& text);

    ThinkingRules m_rules;
    const TextSink& m_sink;
    StreamDecoder m_decoder;
    SubstitutedStream m_substituted;
    Part m_part;
    std::string m_undecided; // what has been shown of that part
    bool m_sectionEmpty = true;
    std::string m_heldSpace; // white space that shows only when something follows
};

/// Thinking and answer of whole ids as the reference implementation splits them: at the first end
/// marker. A substitution is for models that do not think.
struct SplitAnswer {
    std::string text;
    std::string thinking;
    std::string markedThinking;
    int64_t thinkingIds = 0; ///< up to and with the end marker; 0 without one
};
SplitAnswer splitAnswer(const Tokenizer& tokenizer, const ThinkingRules& rules, bool thinking,
                        const std::vector<int32_t>& ids,
                        const std::optional<Substitution>& substitution = {});

} // namespace argali
