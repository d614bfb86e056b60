#include "engine/cli/lines.h"

#include <ios>

#include "engine/error.h"

namespace argali::cli {

std::optional<std::string> LineReader::next()
{
    constexpr size_t longest = size_t(64) << 20;
    std::string line;
    std::streambuf* const buffer = m_stream.rdbuf();
    for (;;) {
        std::char_traits<char>::int_type c = 0;
        try {
            c = buffer->sbumpc();
        } catch (const std::ios_base::failure&) {
            throw Error(Error::Code::Missing, m_name + ": cannot be read; give a readable file");
        }
        if (c == std::char_traits<char>::eof()) {
            if (line.empty())
                return {};
            m_ended = false;
            break;
        }
        ++m_position;
        if (c == '\n') {
            m_ended = true;
            break;
        }
        line.push_back(static_cast<char>(c));
        if (line.size() > longest)
            throw Error(Error::Code::BadRequest, m_name + ", line " + std::to_string(m_number + 1) +
                                                     ": longer than 64 MiB; split it");
    }
    ++m_number;
    if (line.ends_with('\r'))
        line.pop_back();
    return line;
}

} // namespace argali::cli
