#include "engine/media/abandonable.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace argali {

namespace {

struct Job {
    std::thread thread;
    bool finished = false;
};

/// The jobs nobody waits for any more.
class Abandoned final {
public:
    ~Abandoned()
    {
        for (const std::shared_ptr<Job>& job : m_jobs)
            job->thread.join();
    }
    Abandoned() = default;
    Abandoned(const Abandoned&) = delete;
    Abandoned& operator=(const Abandoned&) = delete;

    std::mutex mutex; ///< also of every Job's finished
    std::condition_variable_any changed;

    void add(std::shared_ptr<Job> job) { m_jobs.push_back(std::move(job)); }
    bool allFinished() const
    {
        return std::ranges::all_of(m_jobs, [](const auto& job) { return job->finished; });
    }
    /// Only when all are finished.
    void joinAll()
    {
        for (const std::shared_ptr<Job>& job : m_jobs)
            job->thread.join();
        m_jobs.clear();
    }

private:
    std::list<std::shared_ptr<Job>> m_jobs;
};

Abandoned& abandoned()
{
    static Abandoned jobs;
    return jobs;
}

} // namespace

bool runAbandonable(std::function<void()> work, const std::stop_token& stop)
{
    Abandoned& jobs = abandoned();
    std::unique_lock lock(jobs.mutex);
    if (!jobs.changed.wait(lock, stop, [&] { return jobs.allFinished(); }))
        return false;
    jobs.joinAll();

    auto job = std::make_shared<Job>();
    job->thread = std::thread([&jobs, job, work = std::move(work)]() mutable {
        work();
        work = nullptr; // what it owned is released here, not when somebody looks
        const std::lock_guard done(jobs.mutex);
        job->finished = true;
        jobs.changed.notify_all();
    });
    if (!jobs.changed.wait(lock, stop, [&] { return job->finished; })) {
        jobs.add(std::move(job));
        return false;
    }
    lock.unlock();
    job->thread.join();
    return true;
}

bool abandonedWorkGoesOn()
{
    Abandoned& jobs = abandoned();
    const std::lock_guard lock(jobs.mutex);
    return !jobs.allFinished();
}

} // namespace argali
