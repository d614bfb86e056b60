#include "engine/server/workqueue.h"

#include <algorithm>
#include <utility>

namespace argali::server {

WorkQueue::WorkQueue(int threads, size_t most) : m_most(most)
{
    for (int i = 0; i < threads; ++i)
        m_threads.emplace_back([this] { run(); });
}

WorkQueue::~WorkQueue()
{
    std::deque<Waiting> dropped;
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        dropped.swap(m_waiting);
    }
    m_added.notify_all();
    for (std::thread& thread : m_threads)
        thread.join();
}

bool WorkQueue::add(std::function<void()> work, std::stop_token stop, std::function<void()> dropped)
{
    uint64_t number = 0;
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping || m_waiting.size() >= m_most)
            return false;
        number = ++m_number;
        m_waiting.push_back({number, std::move(work), std::move(dropped), nullptr});
    }
    m_added.notify_one();
    if (!stop.stop_possible())
        return true;
    // Outside of the lock: it may be called from within its own construction.
    auto stopped = std::make_unique<std::stop_callback<std::function<void()>>>(
        std::move(stop), [this, number] { drop(number); });
    const std::lock_guard lock(m_mutex);
    const auto found = std::ranges::find(m_waiting, number, &Waiting::number);
    if (found != m_waiting.end())
        found->stopped.swap(stopped);
    return true; // where it waits no longer, stopped ends here, after the lock
}

/// The callback that calls this may be destroyed here: it is done with.
void WorkQueue::drop(uint64_t number)
{
    Waiting waiting;
    {
        const std::lock_guard lock(m_mutex);
        const auto found = std::ranges::find(m_waiting, number, &Waiting::number);
        if (found == m_waiting.end())
            return;
        waiting = std::move(*found);
        m_waiting.erase(found);
    }
    if (waiting.dropped)
        waiting.dropped();
}

void WorkQueue::run()
{
    for (;;) {
        Waiting next;
        {
            std::unique_lock lock(m_mutex);
            m_added.wait(lock, [this] { return m_stopping || !m_waiting.empty(); });
            if (m_stopping)
                return;
            next = std::move(m_waiting.front());
            m_waiting.pop_front();
        }
        next.stopped.reset(); // from here on work looks itself
        next.work();
    }
}

} // namespace argali::server
