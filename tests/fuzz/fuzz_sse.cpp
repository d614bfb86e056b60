// Events of a stream, whole and in pieces.
#include "engine/remote/ssereader.h"
#include "tests/fuzz/fuzz.h"

using argali::remote::SseEvent;
using argali::remote::SseReader;

namespace {

std::vector<SseEvent> eventsOf(const std::vector<std::string_view>& pieces)
{
    SseReader reader({.lineBytes = 4096, .eventBytes = 8192});
    std::vector<SseEvent> events;
    for (const std::string_view piece : pieces)
        for (SseEvent& event : reader.push(piece))
            events.push_back(std::move(event));
    for (SseEvent& event : reader.finish())
        events.push_back(std::move(event));
    return events;
}

} // namespace

ARGALI_FUZZ(sse)
{
    const auto whole = eventsOf({bytes});
    argali::fuzz::require(whole == eventsOf(argali::fuzz::inPieces(bytes)),
                          "the events depend on where the network cuts");
    for (const SseEvent& event : whole)
        argali::fuzz::require(event.data.size() <= 3 * 8192, "an event beyond its limit");
}
