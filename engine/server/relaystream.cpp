#include "engine/server/relaystream.h"

#include <nlohmann/json.hpp>

#include "engine/remote/failurereading.h"
#include "engine/remote/jsonfields.h"

namespace argali::server {

namespace {

using remote::Failure;
using remote::FailureKind;

std::string written(const remote::SseEvent& event)
{
    std::string text = event.type.empty() ? std::string() : "event: " + event.type + '\n';
    for (size_t begin = 0; begin <= event.data.size();) {
        const size_t end = std::min(event.data.find('\n', begin), event.data.size());
        text += "data: " + event.data.substr(begin, end - begin) + '\n';
        begin = end + 1;
    }
    return text + '\n';
}

} // namespace

RelayStream::Step RelayStream::push(std::string_view bytes)
{
    Step step;
    for (const remote::SseEvent& event : m_reader.push(bytes))
        take(event, step);
    if (!m_isOver && m_reader.failure()) {
        m_isOver = true;
        step.failure = Failure{FailureKind::Malformed, m_reader.failure()->what()};
    }
    return step;
}

RelayStream::Step RelayStream::finish()
{
    Step step;
    for (const remote::SseEvent& event : m_reader.finish())
        if (event.isDone())
            take(event, step);
    if (!m_isOver && !m_hasReason)
        step.failure = Failure{FailureKind::CutOff, "the stream ended before the answer did"};
    else if (!m_isOver)
        step.pass += "data: [DONE]\n\n"; // some servers leave it out, some clients wait for it
    m_isOver = true;
    return step;
}

void RelayStream::take(const remote::SseEvent& event, Step& step)
{
    if (m_isOver)
        return;
    if (event.isDone()) {
        m_isOver = true;
        step.pass += "data: [DONE]\n\n";
        return;
    }
    const auto value = remote::tryServerJson(event.data);
    const auto failure = value ? remote::failureIn(*value, 0)
                               : Failure{FailureKind::Malformed, "an event that is no JSON"};
    if (failure) {
        m_isOver = true;
        step.failure = failure;
        return;
    }
    m_hasReason = m_hasReason || remote::textOf(*value, "choices.0.finish_reason").has_value();
    step.pass += written(event);
}

} // namespace argali::server
