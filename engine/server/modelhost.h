#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "engine/engine.h"
#include "engine/error.h"

namespace argali::server {

/// One model with its queue: requests are answered one after the other, in the order in which they
/// came. It is loaded when it is needed, and never unloaded in the midst of an answer.
/// Thread: any.
class ModelHost final {
public:
    enum class State { Unloaded, Loading, Ready, Failed };
    struct Settings {
        std::string name;
        std::filesystem::path folder;
        OpenOptions open;
        size_t queue = 64;                 ///< requests that wait, beside the one that is answered
        std::chrono::milliseconds idle{0}; ///< unloaded after that long without a request; 0: never
        /// Asked when there is no memory to load it: whether some was freed meanwhile.
        std::function<bool()> makeRoom = {};
    };
    /// What is done for one request. Every function is called on the model's thread.
    struct Job {
        ChatRequest request;
        std::stop_token stop; ///< the client has gone: its place is free at once
        TextSink text;
        ProgressSink progress; ///< also that of loading
        /// Exactly once, unless the client went while it waited. waited: in the queue
        std::function<void(const ChatResult& result, std::chrono::milliseconds waited)> done;
        std::function<void(const Error& error)> failed;
    };
    enum class Admission { Accepted, Full, Closed };
    struct Status {
        State state = State::Unloaded;
        Progress progress = {}; ///< while it loads
        size_t waiting = 0;
        bool answering = false;
        int64_t memory = 0; ///< bytes, by estimate, while it is loaded
        int64_t context = 0;
        std::string device = {};
        std::optional<Error::Code> failure = {}; ///< why it could not be loaded
    };

    explicit ModelHost(Settings settings);
    /// Stops the answer that is under way; what waits fails.
    ~ModelHost();
    ModelHost(const ModelHost&) = delete;
    ModelHost& operator=(const ModelHost&) = delete;

    const std::string& name() const { return m_settings.name; }
    const std::filesystem::path& folder() const { return m_settings.folder; }
    const ModelInfo& info() const { return m_info; }
    /// Names of the adapters that it is loaded with.
    std::vector<std::string> adapters() const;
    Status status() const;
    /// When something was last asked of it; for what to unload first.
    std::chrono::steady_clock::time_point lastUse() const;

    Admission submit(Job job);
    /// Begins to load it, when it is not.
    void load();
    /// Frees its memory, unless it is answering or loading. Returns whether it is free now; waits
    /// for that.
    bool unload();
    /// Takes no more requests; those that wait are still answered, or, at once, fail.
    void close(bool atOnce);
    /// Closes it at once and waits for its thread.
    void stop();
    bool isIdle() const; ///< Nothing waits and nothing is answered.

private:
    struct Waiting {
        uint64_t number = 0;
        Job job;
        std::chrono::steady_clock::time_point since;
        std::unique_ptr<std::stop_callback<std::function<void()>>> gone;
    };
    void run();
    void answer(Waiting waiting);
    void ensureLoaded(const Job* job);
    std::unique_ptr<Model> open(const Job* job);
    void drop(uint64_t number);

    const Settings m_settings;
    const ModelInfo m_info;
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Waiting> m_waiting;
    /// Destroyed by the model's thread or with the next request, not from within their own
    /// callback.
    std::vector<Waiting> m_dropped;
    State m_state = State::Unloaded;
    Progress m_progress;
    bool m_busy = false;      ///< with a request, until its answer is on its way
    bool m_answering = false; ///< the model itself
    bool m_loadAsked = false;
    bool m_unloadAsked = false;
    bool m_closed = false;
    int64_t m_memory = 0;
    int64_t m_context = 0;
    std::string m_device;
    std::optional<Error::Code> m_failure;
    uint64_t m_number = 0;
    std::chrono::steady_clock::time_point m_lastUse = std::chrono::steady_clock::now();
    std::stop_source m_stop;        ///< of the whole host
    std::unique_ptr<Model> m_model; ///< the thread's alone
    std::thread m_thread;
};

const char* nameOf(ModelHost::State state);

} // namespace argali::server
