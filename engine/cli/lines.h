#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>

namespace argali::cli {

/// Lines of a stream from outside, none of them longer than a limit; a carriage return before the
/// end of a line belongs to the end.
class LineReader final {
public:
    LineReader(std::istream& stream, std::string name) : m_stream(stream), m_name(std::move(name))
    {
    }
    /// The next line without its end; nothing at the end of the stream.
    /// Throws: Error::Code::BadRequest for a line of more than 64 MiB; Error::Code::Missing when
    /// reading fails
    std::optional<std::string> next();
    int64_t number() const { return m_number; } ///< of the line that came last, from 1
    /// Whether the line that came last ended with a line feed.
    bool ended() const { return m_ended; }
    /// Bytes of the stream up to the end of the last line.
    int64_t position() const { return m_position; }
    /// "questions.jsonl, line 3"
    std::string where() const { return m_name + ", line " + std::to_string(m_number); }

private:
    std::istream& m_stream;
    std::string m_name;
    int64_t m_number = 0;
    int64_t m_position = 0;
    bool m_ended = true;
};

} // namespace argali::cli
