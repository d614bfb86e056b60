#include "engine/remote/ssereader.h"

#include <algorithm>
#include <utility>

#include "engine/tokenizer/tokenizer.h"

namespace argali::remote {
namespace {

constexpr size_t idBytes = 1024;
constexpr int64_t longestRetry = 24 * 3600 * 1000; // milliseconds

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

} // namespace

bool SseEvent::isDone() const
{
    const size_t begin = data.find_first_not_of(" \t");
    const size_t end = data.find_last_not_of(" \t");
    return begin != data.npos && std::string_view(data).substr(begin, end + 1 - begin) == "[DONE]";
}

SseReader::SseReader(const SseLimits& limits) : m_limits(limits), m_lines(limits.lineBytes) {}

std::vector<SseEvent> SseReader::push(std::string_view bytes)
{
    std::vector<SseEvent> events;
    for (const std::string& line : m_lines.push(bytes))
        takeLine(line, events);
    return events;
}

std::vector<SseEvent> SseReader::finish()
{
    std::vector<SseEvent> events;
    if (const auto line = m_lines.finish())
        takeLine(*line, events);
    if (!failure())
        endEvent(events, false);
    return events;
}

void SseReader::takeLine(std::string_view line, std::vector<SseEvent>& events)
{
    if (m_failure)
        return;
    if (line.empty()) {
        endEvent(events, true);
        return;
    }
    const size_t colon = line.find(':');
    if (colon == 0)
        return; // a comment, which servers send so that the connection is not taken for dead
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' '))
        value.remove_prefix(1);
    // A line holds whole characters, or broken ones: none goes on in the next line.
    takeField(name, replaceInvalidUtf8(value));
}

void SseReader::takeField(std::string_view name, std::string value)
{
    if (name == "data") {
        takeData(std::move(value));
    } else if (name == "event") {
        m_event.type = value.size() <= idBytes ? std::move(value) : std::string();
    } else if (name == "id") {
        if (value.size() <= idBytes && value.find('\0') == value.npos)
            m_event.id = std::move(value);
    } else if (name == "retry") {
        if (!value.empty() && value.size() < 10 && std::all_of(value.begin(), value.end(), isDigit))
            m_retry = std::chrono::milliseconds(std::min<int64_t>(std::stoll(value), longestRetry));
    } else if (name == "error") {
        m_event.type = "error";
        takeData(std::move(value));
    }
}

void SseReader::takeData(std::string&& value)
{
    // Counted before anything is kept, and the line feed with it: empty lines cost too.
    if (static_cast<int64_t>(m_event.data.size() + value.size() + 1) > m_limits.eventBytes) {
        m_failure.emplace(Error::Code::Network, "the server's answer: an event of more than " +
                                                    std::to_string(m_limits.eventBytes) + " bytes");
        return;
    }
    if (std::exchange(m_hasData, true))
        m_event.data += '\n';
    m_event.data += value;
}

void SseReader::endEvent(std::vector<SseEvent>& events, bool isWhole)
{
    if (std::exchange(m_hasData, false)) {
        m_event.isWhole = isWhole;
        events.push_back(m_event);
    }
    m_event.type.clear(); // also of an event without data, which does not count; the id stays
    m_event.data.clear();
}

} // namespace argali::remote
