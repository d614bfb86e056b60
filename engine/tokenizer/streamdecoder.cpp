#include "engine/tokenizer/streamdecoder.h"

#include <utility>

#include "engine/tokenizer/unicode.h"

namespace argali {

std::string StreamDecoder::push(int32_t id)
{
    if (m_tokenizer.isSpecial(id))
        return {};
    m_held += m_tokenizer.bytesOf(id);
    // Everything can go out but a character that is good so far: the bytes to come may complete it.
    size_t end = 0;
    while (end < m_held.size()) {
        const Utf8Step step = utf8At(m_held, end);
        if (step.state == Utf8Step::State::Cut)
            break;
        end += step.length;
    }
    std::string whole = replaceInvalidUtf8(std::string_view(m_held).substr(0, end));
    m_held.erase(0, end);
    return whole;
}

std::string StreamDecoder::finish()
{
    return replaceInvalidUtf8(std::exchange(m_held, {}));
}

} // namespace argali
