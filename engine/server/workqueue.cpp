#include "engine/server/workqueue.h"

#include <utility>

namespace argali::server {

WorkQueue::WorkQueue(int threads, size_t most) : m_most(most)
{
    for (int i = 0; i < threads; ++i)
        m_threads.emplace_back([this] { run(); });
}

WorkQueue::~WorkQueue()
{
    std::deque<std::function<void()>> dropped;
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        dropped.swap(m_waiting);
    }
    m_added.notify_all();
    for (std::thread& thread : m_threads)
        thread.join();
}

bool WorkQueue::add(std::function<void()> work)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping || m_waiting.size() >= m_most)
            return false;
        m_waiting.push_back(std::move(work));
    }
    m_added.notify_one();
    return true;
}

void WorkQueue::run()
{
    for (;;) {
        std::function<void()> work;
        {
            std::unique_lock lock(m_mutex);
            m_added.wait(lock, [this] { return m_stopping || !m_waiting.empty(); });
            if (m_stopping)
                return;
            work = std::move(m_waiting.front());
            m_waiting.pop_front();
        }
        work();
    }
}

} // namespace argali::server
