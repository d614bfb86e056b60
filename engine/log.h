#pragma once

#include <functional>
#include <string_view>

namespace argali {

enum class LogLevel { Debug, Info, Warning };

/// Receives every message of the engine; may be called from any thread.
using LogSink = std::function<void(LogLevel, std::string_view message)>;

/// Sends messages to sink from here on; without one they are dropped.
/// Thread: any, but before the engine's other threads start.
void setLogSink(LogSink sink);

/// Hands one message to the sink. Never holds what the user wrote or received, nor a key.
/// Thread: any.
void log(LogLevel level, std::string_view message);

} // namespace argali
