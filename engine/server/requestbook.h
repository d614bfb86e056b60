#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/server/apifailure.h"
#include "engine/server/httpserver.h"

namespace argali::server {

/// The requests for answers that a server is at, for its owner: who asks which model, and how far
/// it is. Never what is said, nor from which address.
/// Thread: any.
class RequestBook final {
public:
    enum class State { Waiting, Reading, Thinking, Answering };

    /// One request. It is listed until end(), until its client goes, or until it is destroyed.
    class Entry final {
    public:
        /// gone: of the client
        Entry(std::string id, const HttpRequest& request, std::stop_token gone);

        void setModel(const std::string& name);
        void setState(State state) { m_state = state; }
        void setPromptTokens(int64_t count) { m_promptTokens = count; }
        void setTokens(int64_t count) { m_tokens = count; }
        void end() { m_isOver = true; }

        /// Stopped when nobody wants the answer any more: by stop(), by the owner, or because the
        /// client has gone.
        std::stop_token stopToken() const { return m_stop.get_token(); }
        void stop() { m_stop.request_stop(); }
        /// Stopped when the owner does not want it, before stopToken() is.
        std::stop_token ownersToken() const { return m_owner.get_token(); }
        bool isStoppedByOwner() const { return m_owner.stop_requested(); }

    private:
        friend class RequestBook;
        nlohmann::json describe() const;

        const std::string m_id;
        const std::string m_client; ///< as it calls itself; may be empty
        const bool m_isLocal;
        const std::chrono::steady_clock::time_point m_since = std::chrono::steady_clock::now();
        mutable std::mutex m_mutex; ///< of the name
        std::string m_model;        ///< empty until it is known
        std::atomic<State> m_state = State::Waiting;
        std::atomic<int64_t> m_promptTokens = -1; ///< negative: not known yet
        std::atomic<int64_t> m_tokens = -1;
        std::atomic<bool> m_isOver = false;
        std::stop_source m_owner;
        std::stop_source m_stop;
        std::stop_callback<std::function<void()>> m_gone; // last: it uses the others
    };

    std::shared_ptr<Entry> add(const HttpRequest& request, std::stop_token gone);
    /// {"object": "list", "data": [...]}, in the order in which they came.
    nlohmann::json list() const;
    /// Stops one. Returns whether there is such a one.
    bool stop(const std::string& id);

private:
    std::vector<std::shared_ptr<Entry>> listed() const;

    mutable std::mutex m_mutex;
    mutable std::vector<std::weak_ptr<Entry>> m_entries;
    uint64_t m_last = 0;
};

/// What a client hears whose request was stopped by the owner. A status that programs do not take
/// as a reason to ask again.
ApiFailure stoppedByOwner();

} // namespace argali::server
