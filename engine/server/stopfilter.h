#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace argali::server {

/// Lets the text of an answer pass up to the first of some texts. What may be the beginning of one
/// is held back until that is known.
class StopFilter final {
public:
    explicit StopFilter(std::vector<std::string> stops) : m_stops(std::move(stops)) {}
    /// What may be passed on; nothing after a stop.
    std::string take(std::string_view text);
    /// What was held back, at the end of the answer.
    std::string finish();
    bool isStopped() const { return m_stopped; }

private:
    std::vector<std::string> m_stops;
    std::string m_held;
    bool m_stopped = false;
};

} // namespace argali::server
