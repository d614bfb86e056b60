#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
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
    /// stop: work that still waits when it is requested is not done; its place is free at once, and
    /// whoever requests it calls dropped and destroys both
    bool add(std::function<void()> work, std::stop_token stop = {},
             std::function<void()> dropped = {});

private:
    struct Waiting {
        uint64_t number = 0;
        std::function<void()> work;
        std::function<void()> dropped;
        std::unique_ptr<std::stop_callback<std::function<void()>>> stopped;
    };
    void run();
    void drop(uint64_t number);

    const size_t m_most;
    std::mutex m_mutex;
    std::condition_variable m_added;
    std::deque<Waiting> m_waiting;
    uint64_t m_number = 0;
    bool m_stopping = false;
    std::vector<std::thread> m_threads;
};

} // namespace argali::server
