#include "engine/cpu/threadpool.h"

#include <chrono>
#include <string>
#include <utility>

#include "engine/error.h"
#include "engine/log.h"

namespace argali::cpu {

namespace {

// Operations of a decode step follow each other within microseconds: waking a sleeping thread would
// cost more than the operation. After this long nothing is likely to come soon.
constexpr std::chrono::microseconds spinTime{50};

thread_local bool insideSlice = false;

void pause()
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
}

/// Busy waiting; returns whether condition became true within spinTime.
template <typename Condition> bool spinUntil(const Condition& condition)
{
    const auto end = std::chrono::steady_clock::now() + spinTime;
    do {
        for (int i = 0; i < 32; ++i) {
            if (condition())
                return true;
            pause();
        }
    } while (std::chrono::steady_clock::now() < end);
    return condition();
}

} // namespace

ThreadPool::ThreadPool(int threads)
{
    if (threads < 1)
        throw Error(Error::Code::Internal, "a pool of " + std::to_string(threads) + " threads");
    m_threads.reserve(static_cast<size_t>(threads - 1));
    try {
        for (int worker = 1; worker < threads; ++worker)
            m_threads.emplace_back([this, worker] { workerLoop(worker); });
    } catch (const std::exception& e) {
        // Those there are do the work.
        log(LogLevel::Warning, "only " + std::to_string(m_threads.size() + 1) + " of " +
                                   std::to_string(threads) + " threads could be started (" +
                                   e.what() + "): the answers come more slowly");
    }
}

ThreadPool::~ThreadPool()
{
    {
        const std::lock_guard lock(m_mutex);
        m_quit = true;
    }
    m_wake.notify_all();
    for (std::thread& thread : m_threads)
        thread.join();
}

void ThreadPool::runErased(int64_t slices, bool alone, Call call, const void* body)
{
    if (insideSlice)
        throw Error(Error::Code::Internal, "a slice of a thread pool started slices of its own");
    if (slices <= 0)
        return;
    m_slices = slices;
    m_call = call;
    m_body = body;
    m_next.store(0, std::memory_order_relaxed);
    m_failed.store(false, std::memory_order_relaxed);
    if (m_threads.empty() || slices == 1 || alone) {
        takeSlices(0);
    } else {
        m_open = true;
        ++m_jobs;
        if (m_sleepers > 0) {
            {
                const std::lock_guard lock(m_mutex); // none is between its last look and its sleep
            }
            m_wake.notify_all();
        }
        takeSlices(0);
        m_open = false;
        waitUntilLeft();
    }
    if (m_failed)
        std::rethrow_exception(std::exchange(m_error, nullptr));
}

void ThreadPool::takeSlices(int worker)
{
    insideSlice = true;
    while (!m_failed.load(std::memory_order_relaxed) && !stopped()) {
        const int64_t slice = m_next.fetch_add(1, std::memory_order_relaxed);
        if (slice >= m_slices)
            break;
        try {
            m_call(m_body, slice, worker);
        } catch (...) {
            const std::lock_guard lock(m_mutex);
            if (!m_error)
                m_error = std::current_exception();
            m_failed = true;
        }
    }
    insideSlice = false;
}

void ThreadPool::workerLoop(int worker)
{
    uint64_t seen = 0;
    while (waitForJob(seen)) {
        seen = m_jobs;
        ++m_inside;
        if (m_open)
            takeSlices(worker);
        if (--m_inside == 0 && m_callerSleeps) {
            {
                const std::lock_guard lock(m_mutex);
            }
            m_left.notify_one();
        }
    }
}

/// Returns false when the pool ends.
bool ThreadPool::waitForJob(uint64_t seen)
{
    const auto come = [&] { return m_jobs != seen || m_quit; };
    if (!spinUntil(come)) {
        std::unique_lock lock(m_mutex);
        ++m_sleepers;
        m_wake.wait(lock, come);
        --m_sleepers;
    }
    return !m_quit;
}

void ThreadPool::waitUntilLeft()
{
    const auto left = [&] { return m_inside == 0; };
    if (spinUntil(left))
        return;
    std::unique_lock lock(m_mutex);
    m_callerSleeps = true;
    m_left.wait(lock, left);
    m_callerSleeps = false;
}

} // namespace argali::cpu
