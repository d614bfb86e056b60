#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace argali::server {

/// Threads for short work that is too long for the thread of all connections, such as reading a
/// request with pictures in it.
/// Thread: any.
class WorkQueue final {
public:
    WorkQueue(int threads, size_t most);
    /// Waits for what has begun; the rest is dropped.
    ~WorkQueue();
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;
    /// Returns false when there is too much to do already. work must not throw.
    bool add(std::function<void()> work);

private:
    void run();

    const size_t m_most;
    std::mutex m_mutex;
    std::condition_variable m_added;
    std::deque<std::function<void()>> m_waiting;
    bool m_stopping = false;
    std::vector<std::thread> m_threads;
};

} // namespace argali::server
