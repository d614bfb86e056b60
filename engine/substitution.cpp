#include "engine/substitution.h"

#include <algorithm>
#include <utility>

namespace argali {

std::string substituted(std::string_view text, const std::optional<Substitution>& rule)
{
    std::string result;
    while (rule) {
        const size_t at = text.find(rule->from);
        if (at == text.npos)
            break;
        result.append(text.substr(0, at)).append(rule->to);
        text.remove_prefix(at + rule->from.size());
    }
    return result.append(text);
}

std::string SubstitutedStream::push(std::string_view piece)
{
    if (!m_rule)
        return std::string(piece);
    m_held += piece;
    std::string result;
    for (size_t at = 0; (at = m_held.find(m_rule->from)) != m_held.npos;) {
        result.append(m_held, 0, at).append(m_rule->to);
        m_held.erase(0, at + m_rule->from.size());
    }
    size_t kept = std::min(m_held.size(), m_rule->from.size() - 1);
    while (!std::string_view(m_held).ends_with(m_rule->from.substr(0, kept)))
        --kept;
    result.append(m_held, 0, m_held.size() - kept);
    m_held.erase(0, m_held.size() - kept);
    return result;
}

std::string SubstitutedStream::finish()
{
    return std::exchange(m_held, {});
}

} // namespace argali
