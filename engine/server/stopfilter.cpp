#include "engine/server/stopfilter.h"

#include <algorithm>
#include <utility>

namespace argali::server {

namespace {

/// How many bytes at the end of text may be the beginning of stop.
size_t overlap(std::string_view text, std::string_view stop)
{
    for (size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length)
        if (text.substr(text.size() - length) == stop.substr(0, length))
            return length;
    return 0;
}

} // namespace

std::string StopFilter::take(std::string_view text)
{
    if (m_stopped)
        return {};
    m_held += text;
    size_t end = std::string::npos;
    size_t kept = 0;
    for (const std::string& stop : m_stops) {
        end = std::min(end, m_held.find(stop));
        kept = std::max(kept, overlap(m_held, stop));
    }
    if (end != std::string::npos) {
        m_stopped = true;
        m_held.resize(end);
        return std::exchange(m_held, {});
    }
    std::string passed = m_held.substr(0, m_held.size() - kept);
    m_held.erase(0, passed.size());
    return passed;
}

std::string StopFilter::finish()
{
    return m_stopped ? std::string() : std::exchange(m_held, {});
}

} // namespace argali::server
