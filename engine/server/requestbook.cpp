#include "engine/server/requestbook.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace argali::server {

namespace {

constexpr size_t longestClient = 40;

/// "curl/7.88.1" of what a program says of itself; it may say anything.
std::string productOf(const std::string& userAgent)
{
    constexpr std::string_view others = "._+-/";
    constexpr size_t npos = std::string_view::npos;
    std::string product;
    for (const char c : userAgent) {
        const bool isPart = std::isalnum(static_cast<unsigned char>(c)) || others.find(c) != npos;
        if (!isPart || product.size() == longestClient)
            break;
        product += c;
    }
    return product;
}

const char* nameOf(RequestBook::State state)
{
    switch (state) {
    case RequestBook::State::Waiting:
        return "waiting";
    case RequestBook::State::Reading:
        return "reading";
    case RequestBook::State::Thinking:
        return "thinking";
    case RequestBook::State::Answering:
        break;
    }
    return "answering";
}

nlohmann::json countOrNull(int64_t count)
{
    return count < 0 ? nlohmann::json() : nlohmann::json(count);
}

} // namespace

RequestBook::Entry::Entry(std::string id, const HttpRequest& request, std::stop_token gone)
    : m_id(std::move(id)),
      m_client(productOf(request.header("user-agent"))),
      m_isLocal(request.isLocal),
      m_gone(std::move(gone), [this] {
          m_isOver = true;
          std::stop_source stop = m_stop; // whoever hears it may have been the last to hold this
          stop.request_stop();
      })
{
}

void RequestBook::Entry::setModel(const std::string& name)
{
    const std::lock_guard lock(m_mutex);
    m_model = name;
}

nlohmann::json RequestBook::Entry::describe() const
{
    const std::chrono::duration<double> age = std::chrono::steady_clock::now() - m_since;
    const std::lock_guard lock(m_mutex);
    return {{"id", m_id},
            {"object", "request"},
            {"model", m_model.empty() ? nlohmann::json() : nlohmann::json(m_model)},
            {"state", nameOf(m_state)},
            {"seconds", std::round(age.count() * 1000) / 1000},
            {"prompt_tokens", countOrNull(m_promptTokens)},
            {"tokens", countOrNull(m_tokens)},
            {"client", m_client.empty() ? nlohmann::json() : nlohmann::json(m_client)},
            {"from", m_isLocal ? "local" : "remote"}};
}

std::shared_ptr<RequestBook::Entry> RequestBook::add(const HttpRequest& request,
                                                     std::stop_token gone)
{
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_entries, [](const auto& weak) { return weak.expired(); });
    auto entry = std::make_shared<Entry>(std::to_string(++m_last), request, std::move(gone));
    m_entries.push_back(entry);
    return entry;
}

/// Kept alive, so that none of them is destroyed under the lock.
std::vector<std::shared_ptr<RequestBook::Entry>> RequestBook::listed() const
{
    std::vector<std::shared_ptr<Entry>> entries;
    const std::lock_guard lock(m_mutex);
    for (const auto& weak : m_entries)
        if (auto entry = weak.lock())
            entries.push_back(std::move(entry));
    return entries;
}

nlohmann::json RequestBook::list() const
{
    nlohmann::json data = nlohmann::json::array();
    for (const auto& entry : listed())
        if (!entry->m_isOver)
            data.push_back(entry->describe());
    return {{"object", "list"}, {"data", data}};
}

bool RequestBook::stop(const std::string& id)
{
    for (const auto& entry : listed()) {
        if (entry->m_isOver || entry->m_id != id)
            continue;
        entry->m_owner.request_stop();
        entry->m_stop.request_stop();
        return true;
    }
    return false;
}

ApiFailure stoppedByOwner()
{
    return {403, "request_stopped", "the owner of this server stopped the request"};
}

} // namespace argali::server
