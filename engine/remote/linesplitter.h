#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/error.h"

namespace argali::remote {

/// Cuts bytes that come in any pieces into lines, which end with CR, LF or CRLF. A byte order mark
/// at the very beginning is left out.
class LineSplitter final {
public:
    explicit LineSplitter(int64_t lineBytes) : m_limit(lineBytes) {}
    /// The lines that these bytes complete, without their ends; none any more after a failure.
    std::vector<std::string> push(std::string_view bytes);
    /// What stands after the last end of a line, if anything; to be called once.
    std::optional<std::string> finish();
    /// Error::Code::Network once a line was longer than the limit.
    const std::optional<Error>& failure() const { return m_failure; }

private:
    void append(std::string_view piece);
    std::string takeLine();

    const int64_t m_limit;
    std::string m_line;
    std::optional<Error> m_failure;
    bool m_afterReturn = false; ///< a line feed that follows belongs to the end of the last line
    bool m_atBeginning = true;  ///< no line has been complete yet
};

} // namespace argali::remote
