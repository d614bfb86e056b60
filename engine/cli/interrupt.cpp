#include "engine/cli/interrupt.h"

#include <csignal>
#include <thread>

#include <unistd.h>

#include "engine/cli/command.h"

namespace argali::cli {

Interrupt& Interrupt::instance()
{
    // Never destroyed: the thread that waits for signals outlives main().
    static auto* const interrupt = new Interrupt;
    return *interrupt;
}

void Interrupt::watch()
{
    // Blocked here and in every thread started later; one thread waits for it, so that what happens
    // then is ordinary code and not a signal handler.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM}) {
        sigaddset(&signals, signal);
        std::signal(signal, SIG_DFL);
    }
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([this, signals] {
        for (int signal = 0; sigwait(&signals, &signal) == 0;)
            handle();
    }).detach();
}

std::stop_token Interrupt::begin()
{
    const std::lock_guard lock(m_mutex);
    m_stop = std::stop_source();
    m_working = true;
    return m_stop.get_token();
}

void Interrupt::end()
{
    const std::lock_guard lock(m_mutex);
    m_working = false;
}

void Interrupt::handle()
{
    std::stop_source stop;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_working || m_stop.stop_requested())
            _exit(statusInterrupted); // what was printed is flushed already
        stop = m_stop;
    }
    stop.request_stop(); // runs callbacks, which may take locks of their own
}

} // namespace argali::cli
