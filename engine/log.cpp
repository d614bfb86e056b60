#include "engine/log.h"

#include <mutex>

namespace argali {

namespace {
std::mutex sinkMutex;
LogSink currentSink;
} // namespace

void setLogSink(LogSink sink)
{
    const std::lock_guard lock(sinkMutex);
    currentSink = std::move(sink);
}

void log(LogLevel level, std::string_view message)
{
    const std::lock_guard lock(sinkMutex);
    if (currentSink)
        currentSink(level, message);
}

} // namespace argali
