#include "engine/tokenizer/streamdecoder.h"

#include <utility>

#include "engine/tokenizer/unicode.h"

namespace argali {

std::string StreamDecoder::push(int32_t id)
{
    if (m_tokenizer.isAlwaysHidden(id)) // no character goes on behind it
        return replaceInvalidUtf8(std::exchange(m_held, {}), m_tokenizer.replacesBytes());
    if (m_tokenizer.isSpecial(id))
        return {};
    const std::string more = m_tokenizer.bytesOf(id);
    const bool isDropped = m_isFirst && m_tokenizer.dropsFirstBlank(id);
    m_held += isDropped ? std::string_view(more).substr(1) : more;
    m_isFirst = m_isFirst && more.empty();
    // Everything can go out but a character that is good so far: the bytes to come may complete it.
    size_t end = 0;
    while (end < m_held.size()) {
        const Utf8Step step = utf8At(m_held, end);
        if (step.state == Utf8Step::State::Cut)
            break;
        end += step.length;
    }
    std::string whole =
        replaceInvalidUtf8(std::string_view(m_held).substr(0, end), m_tokenizer.replacesBytes());
    m_held.erase(0, end);
    return whole;
}

std::string StreamDecoder::finish()
{
    m_isFirst = true;
    return replaceInvalidUtf8(std::exchange(m_held, {}), m_tokenizer.replacesBytes());
}

} // namespace argali
