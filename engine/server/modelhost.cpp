#include "engine/server/modelhost.h"

#include <algorithm>
#include <utility>

#include "engine/log.h"

namespace argali::server {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

const char* nameOf(ModelHost::State state)
{
    switch (state) {
    case ModelHost::State::Unloaded:
        return "unloaded";
    case ModelHost::State::Loading:
        return "loading";
    case ModelHost::State::Ready:
        return "loaded";
    case ModelHost::State::Failed:
        break;
    }
    return "failed";
}

ModelHost::ModelHost(Settings settings)
    : m_settings(std::move(settings)), m_info(describeModel(m_settings.folder))
{
    m_thread = std::thread([this] { run(); });
}

ModelHost::~ModelHost()
{
    stop();
}

void ModelHost::stop()
{
    close(true);
    if (m_thread.joinable())
        m_thread.join();
}

ModelHost::Status ModelHost::status() const
{
    const std::lock_guard lock(m_mutex);
    return {m_state,  m_progress, m_waiting.size(), m_answering,
            m_memory, m_context,  m_device,         m_failure};
}

Clock::time_point ModelHost::lastUse() const
{
    const std::lock_guard lock(m_mutex);
    return m_lastUse;
}

bool ModelHost::isIdle() const
{
    const std::lock_guard lock(m_mutex);
    return m_waiting.empty() && !m_busy;
}

ModelHost::Admission ModelHost::submit(Job job)
{
    const std::stop_token stop = job.stop;
    uint64_t number = 0;
    std::vector<Waiting> dropped; // with what they hold; the model may be at an answer for long
    {
        const std::lock_guard lock(m_mutex);
        dropped.swap(m_dropped);
        if (m_closed)
            return Admission::Closed;
        // With nothing under way the first one does not wait.
        if (m_waiting.size() >= m_settings.queue + (m_answering ? 0 : 1))
            return Admission::Full;
        number = ++m_number;
        m_lastUse = Clock::now();
        m_waiting.push_back({number, std::move(job), m_lastUse, nullptr});
    }
    // Outside of the lock: it may be called from within its own construction.
    auto gone = std::make_unique<std::stop_callback<std::function<void()>>>(
        stop, [this, number] { drop(number); });
    {
        const std::lock_guard lock(m_mutex);
        for (Waiting& waiting : m_waiting)
            if (waiting.number == number)
                waiting.gone = std::move(gone);
    }
    // Where the request is no longer among them, gone ends here, without the lock.
    m_changed.notify_all();
    return Admission::Accepted;
}

/// The client of a request that waits has gone.
void ModelHost::drop(uint64_t number)
{
    {
        const std::lock_guard lock(m_mutex);
        const auto found = std::ranges::find(m_waiting, number, &Waiting::number);
        if (found == m_waiting.end())
            return;
        m_dropped.push_back(std::move(*found));
        m_waiting.erase(found);
    }
    m_changed.notify_all();
}

void ModelHost::load()
{
    {
        const std::lock_guard lock(m_mutex);
        m_loadAsked = true;
        m_lastUse = Clock::now();
    }
    m_changed.notify_all();
}

bool ModelHost::unload()
{
    std::unique_lock lock(m_mutex);
    if (m_answering || !m_waiting.empty() || m_loadAsked || m_state == State::Loading)
        return false;
    if (m_state != State::Ready)
        return true;
    m_unloadAsked = true;
    m_changed.notify_all();
    m_changed.wait(lock, [this] { return !m_unloadAsked || m_closed; });
    return m_state != State::Ready;
}

void ModelHost::close(bool atOnce)
{
    {
        const std::lock_guard lock(m_mutex);
        m_closed = true;
    }
    if (atOnce)
        m_stop.request_stop();
    m_changed.notify_all();
}

std::vector<std::string> ModelHost::adapters() const
{
    std::vector<std::string> names;
    for (const AdapterSource& source : m_settings.open.adapters)
        names.push_back(nameOf(source));
    return names;
}

void ModelHost::run()
{
    for (;;) {
        std::vector<Waiting> dropped;
        std::optional<Waiting> next;
        {
            std::unique_lock lock(m_mutex);
            const auto hasWork = [this] {
                return m_closed || !m_waiting.empty() || m_loadAsked || m_unloadAsked ||
                       !m_dropped.empty();
            };
            if (m_state == State::Ready && m_settings.idle.count() > 0) {
                if (!m_changed.wait_until(lock, m_lastUse + m_settings.idle, hasWork))
                    m_unloadAsked = Clock::now() >= m_lastUse + m_settings.idle;
            } else {
                m_changed.wait(lock, hasWork);
            }
            dropped.swap(m_dropped);
            const bool isStopped = m_stop.stop_requested();
            if (m_closed && (m_waiting.empty() || isStopped)) {
                std::deque<Waiting> rest;
                rest.swap(m_waiting);
                m_unloadAsked = false;
                lock.unlock();
                m_changed.notify_all();
                for (Waiting& waiting : rest) {
                    waiting.gone.reset();
                    waiting.job.failed(Error(Error::Code::Device, "the server is being closed"));
                }
                return;
            }
            if (!m_waiting.empty()) {
                next = std::move(m_waiting.front());
                m_waiting.pop_front();
                m_busy = m_answering = true;
                m_unloadAsked = false;
                m_changed.notify_all(); // who waits for it to be unloaded
            }
        }
        dropped.clear();
        if (next) {
            answer(std::move(*next));
            const std::lock_guard lock(m_mutex);
            m_busy = m_answering = false;
            m_lastUse = Clock::now();
            continue;
        }
        bool isToLoad = false;
        bool isToUnload = false;
        {
            const std::lock_guard lock(m_mutex);
            isToLoad = std::exchange(m_loadAsked, false);
            isToUnload = m_unloadAsked;
        }
        if (isToUnload) {
            m_model.reset();
            {
                const std::lock_guard lock(m_mutex);
                m_unloadAsked = false;
                m_state = State::Unloaded;
                m_memory = 0;
            }
            m_changed.notify_all();
        }
        if (isToLoad) {
            try {
                ensureLoaded(nullptr);
            } catch (const std::exception& error) { // status() tells
                log(LogLevel::Warning, m_settings.name + ": " + error.what());
            }
        }
    }
}

void ModelHost::answer(Waiting waiting)
{
    waiting.gone.reset(); // from here on the job's own token is looked at
    const auto waited = std::chrono::duration_cast<milliseconds>(Clock::now() - waiting.since);
    const Job& job = waiting.job;
    if (job.stop.stop_requested())
        return;
    try {
        ensureLoaded(&job);
        // Either the client has gone, or the server goes.
        std::stop_source either;
        const std::stop_callback first(job.stop, [&either] { either.request_stop(); });
        const std::stop_callback second(m_stop.get_token(), [&either] { either.request_stop(); });
        const ChatResult result =
            m_model->generate(job.request, either.get_token(), job.text, job.progress);
        {
            // Whoever has the answer may ask for it to be unloaded.
            const std::lock_guard lock(m_mutex);
            m_answering = false;
        }
        job.done(result, waited);
    } catch (const Error& error) {
        log(LogLevel::Warning, m_settings.name + ": " + error.what());
        job.failed(error);
    } catch (const std::bad_alloc&) {
        job.failed(Error(Error::Code::OutOfMemory, "not enough memory"));
    } catch (const std::exception& error) { // nothing that a client sends ends the program
        log(LogLevel::Warning, m_settings.name + ": " + error.what());
        job.failed(Error(Error::Code::Internal, error.what()));
    }
}

/// Throws: as openModel()
void ModelHost::ensureLoaded(const Job* job)
{
    if (m_model)
        return;
    {
        const std::lock_guard lock(m_mutex);
        m_state = State::Loading;
        m_progress = {};
        m_failure.reset();
    }
    const auto fail = [this](Error::Code code) {
        const std::lock_guard lock(m_mutex);
        m_state = State::Failed;
        m_failure = code;
    };
    try {
        m_model = open(job);
    } catch (const Error& error) {
        fail(error.code());
        throw;
    } catch (const std::bad_alloc&) {
        fail(Error::Code::OutOfMemory);
        throw;
    } catch (...) {
        fail(Error::Code::Internal);
        throw;
    }
    const std::lock_guard lock(m_mutex);
    m_state = State::Ready;
    m_memory = m_model->memory().total;
    m_context = m_model->context();
    m_device = m_model->deviceName();
}

std::unique_ptr<Model> ModelHost::open(const Job* job)
{
    OpenOptions options = m_settings.open;
    options.progress = [this, job](const Progress& progress) {
        {
            const std::lock_guard lock(m_mutex);
            m_progress = progress;
        }
        if (job && job->progress)
            job->progress(progress);
    };
    // One client that goes does not end it: the next ones wait for it, too.
    for (;;) {
        try {
            if (std::unique_ptr<Model> model =
                    openModel(m_settings.folder, options, m_stop.get_token()))
                return model;
            throw Error(Error::Code::Device, "the server is being closed");
        } catch (const Error& error) {
            if (error.code() != Error::Code::OutOfMemory || !m_settings.makeRoom ||
                !m_settings.makeRoom())
                throw;
        }
    }
}

} // namespace argali::server
