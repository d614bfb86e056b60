#pragma once

#include <chrono>

namespace argali::gui {

/// Prints how long the start took so far to stderr, a stage a line, when it is on.
class StartupTrace final {
public:
    explicit StartupTrace(bool on) : m_on(on) {}
    /// Milliseconds since the process began.
    void mark(const char* stage) const;
    bool isOn() const { return m_on; }

private:
    bool m_on;
};

/// Time since this process was started, as the kernel counts it.
std::chrono::milliseconds sinceProcessStart();

} // namespace argali::gui
