#pragma once

#include <mutex>
#include <stop_token>

namespace argali::cli {

/// Ctrl+C, and SIGTERM in its place. The first one stops the work in progress, which ends by itself
/// with what there is; where nothing can be stopped, or the second time, the program ends at once
/// with status 130. Thread: watch() before any other thread starts, the rest from one thread.
class Interrupt final {
public:
    static Interrupt& instance();
    /// Takes both signals over, also where the program was started with them ignored, as scripts do
    /// for what runs in the background: whoever sends it means it.
    void watch();

    /// Work that can be stopped begins; it ends with end().
    std::stop_token begin();
    void end();

private:
    Interrupt() = default;
    void handle();

    std::mutex m_mutex;
    std::stop_source m_stop;
    bool m_working = false;
};

/// Work that can be stopped, from here to the end of the scope.
class Interruptible final {
public:
    Interruptible() : m_token(Interrupt::instance().begin()) {}
    ~Interruptible() { Interrupt::instance().end(); }
    Interruptible(const Interruptible&) = delete;
    Interruptible& operator=(const Interruptible&) = delete;
    const std::stop_token& token() const { return m_token; }
    bool stopped() const { return m_token.stop_requested(); }

private:
    std::stop_token m_token;
};

} // namespace argali::cli
