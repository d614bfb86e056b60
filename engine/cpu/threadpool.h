#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace argali::cpu {

/// Runs the slices of one operation on all its threads, the caller's among them. A slice is taken
/// by counting up, so that uneven slices and busy cores even out; slices should take about 100 us.
/// Thread: run() and setStop() from one thread at a time.
class ThreadPool final {
public:
    /// threads counts the caller of run(). Throws: Error::Code::Internal for less than one
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const { return static_cast<int>(m_threads.size()) + 1; }

    /// From here on run() returns early, slices left undone, once stop is requested.
    void setStop(std::stop_token stop) { m_stop = std::move(stop); }
    /// Long slices ask this at least every few milliseconds and return when it is true. Thread:
    /// any.
    bool stopped() const { return m_stop.stop_requested(); }

    /// Calls body(slice, worker) for each slice in [0, slices); worker in [0, threads()) is the
    /// calling thread's number, for scratch memory. Returns when no slice runs any more. Throws:
    /// what the first failing slice threw, the rest then being left undone;
    ///         Error::Code::Internal when called from within a slice
    template <typename Body> void run(int64_t slices, const Body& body)
    {
        run(slices, INT64_MAX, body);
    }
    /// The same for work that takes about so many nanoseconds on one thread. The caller does little
    /// work alone: sharing it saves some microseconds, and costs milliseconds each time that
    /// another program has the core of the thread that holds the last slice.
    template <typename Body> void run(int64_t slices, int64_t nanoseconds, const Body& body)
    {
        runErased(
            slices, nanoseconds < worthSharing,
            [](const void* erased, int64_t slice, int worker) {
                (*static_cast<const Body*>(erased))(slice, worker);
            },
            &body);
    }

private:
    using Call = void (*)(const void* body, int64_t slice, int worker);

    static constexpr int64_t worthSharing = 60'000;

    void runErased(int64_t slices, bool alone, Call call, const void* body);
    void takeSlices(int worker);
    void workerLoop(int worker);
    bool waitForJob(uint64_t seen);
    void waitUntilLeft();

    std::stop_token m_stop;

    // The job. Written by run() only while m_open is false and m_inside is 0.
    int64_t m_slices = 0;
    Call m_call = nullptr;
    const void* m_body = nullptr;
    std::exception_ptr m_error; ///< guarded by m_mutex

    // A worker counts itself into m_inside before it looks at m_open, and run() closes m_open
    // before it looks at m_inside; both in one total order, so none works on a job that run()
    // believes finished. A worker that wakes late finds the job closed, and nobody waits for it.
    alignas(64) std::atomic<int64_t> m_next{0};
    alignas(64) std::atomic<bool> m_open{false};
    std::atomic<bool> m_failed{false};
    alignas(64) std::atomic<int> m_inside{0};
    alignas(64) std::atomic<uint64_t> m_jobs{0};
    std::atomic<bool> m_quit{false};

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::condition_variable m_left;
    std::atomic<int> m_sleepers{0};
    std::atomic<bool> m_callerSleeps{false};
    std::vector<std::thread> m_threads;
};

} // namespace argali::cpu
