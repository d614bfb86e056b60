#include "engine/remote/jsondocuments.h"

#include <utility>

namespace argali::remote {
namespace {

bool isBetweenDocuments(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

} // namespace

std::vector<std::string> JsonDocuments::push(std::string_view bytes)
{
    std::vector<std::string> documents;
    size_t begin = 0; // of what is not in m_document yet
    for (size_t i = 0; i < bytes.size() && !m_failure; ++i) {
        const char c = bytes[i];
        if (m_depth == 0) {
            if (isBetweenDocuments(c))
                continue;
            if (c != '{') {
                m_failure.emplace(Error::Code::Network,
                                  "the server's answer: expected a JSON object, found other text");
                break;
            }
            begin = i;
        }
        if (!isWithinLimit(m_document.size() + i + 1 - begin))
            break;
        if (m_inString) {
            if (m_escaped)
                m_escaped = false;
            else if (c == '\\')
                m_escaped = true;
            else if (c == '"')
                m_inString = false;
        } else if (c == '"') {
            m_inString = true;
        } else if (c == '{' || c == '[') {
            ++m_depth;
        } else if ((c == '}' || c == ']') && --m_depth == 0) {
            m_document += bytes.substr(begin, i + 1 - begin);
            documents.push_back(std::exchange(m_document, {}));
            begin = i + 1;
        }
    }
    if (m_depth > 0 && !m_failure)
        m_document += bytes.substr(begin);
    return documents;
}

bool JsonDocuments::isWithinLimit(size_t bytes)
{
    if (static_cast<int64_t>(bytes) <= m_limit)
        return true;
    m_failure.emplace(Error::Code::Network, "the server's answer: a JSON object of more than " +
                                                std::to_string(m_limit) + " bytes");
    return false;
}

} // namespace argali::remote
