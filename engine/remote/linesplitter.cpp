#include "engine/remote/linesplitter.h"

#include <utility>

namespace argali::remote {

std::vector<std::string> LineSplitter::push(std::string_view bytes)
{
    std::vector<std::string> lines;
    while (!bytes.empty() && !m_failure) {
        if (std::exchange(m_afterReturn, false) && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            continue;
        }
        const size_t end = bytes.find_first_of("\r\n");
        if (end == bytes.npos) {
            append(bytes);
            break;
        }
        append(bytes.substr(0, end));
        if (m_failure)
            break;
        m_afterReturn = bytes[end] == '\r';
        lines.push_back(takeLine());
        bytes.remove_prefix(end + 1);
    }
    return lines;
}

std::optional<std::string> LineSplitter::finish()
{
    std::string line = takeLine();
    if (line.empty() || m_failure)
        return std::nullopt;
    return line;
}

void LineSplitter::append(std::string_view piece)
{
    if (static_cast<int64_t>(m_line.size() + piece.size()) > m_limit) {
        m_failure.emplace(Error::Code::Network, "the server's answer: a line of more than " +
                                                    std::to_string(m_limit) + " bytes");
        return;
    }
    m_line += piece;
}

std::string LineSplitter::takeLine()
{
    std::string line = std::exchange(m_line, {});
    if (std::exchange(m_atBeginning, false) && line.starts_with("\xEF\xBB\xBF"))
        line.erase(0, 3);
    return line;
}

} // namespace argali::remote
