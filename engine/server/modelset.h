#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/server/modelhost.h"

namespace argali::server {

/// The models of one server, by the names that clients call them.
/// Thread: any.
class ModelSet final {
public:
    struct Entry {
        std::string name; ///< empty: the folder's
        std::filesystem::path folder;
    };
    struct Settings {
        std::vector<Entry> models;
        OpenOptions open;
        size_t queue = 64;
        std::chrono::milliseconds idle{0};
    };

    /// Throws: Error::Code::BadRequest for two models of one name, with both folders; as
    /// describeModel()
    explicit ModelSet(const Settings& settings);

    /// By its name, or by that of it with an adapter; the first one for an empty name. Null when
    /// there is none.
    ModelHost* find(const std::string& name) const;
    /// The adapter in the name of a model with one ("NAME+ADAPTER"); empty for a model alone.
    std::string adapterIn(const std::string& name) const;
    const std::vector<std::unique_ptr<ModelHost>>& hosts() const { return m_hosts; }
    /// What they need together, and what is free: said where it is more. Empty when all fit.
    std::string memoryNote() const;
    bool isIdle() const;
    /// No more requests are taken; those that wait are still answered.
    void close();
    /// Ends everything at once and waits for that.
    void stop();

private:
    bool makeRoom(const ModelHost* wanted);

    OpenOptions m_open;
    std::mutex m_roomMutex; ///< two models that both look for room wait for each other
    std::vector<std::unique_ptr<ModelHost>> m_hosts;
};

} // namespace argali::server
