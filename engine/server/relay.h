#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "engine/remote/router.h"
#include "engine/server/httpserver.h"
#include "engine/server/metrics.h"
#include "engine/server/relaystream.h"
#include "engine/server/requestbook.h"
#include "engine/server/upstreamset.h"

namespace argali::server {

/// A request on its way to the upstreams of a group, and the answer on its way back. Another member
/// is asked as long as nothing of an answer has been passed on; a client that goes closes the
/// connection to the upstream.
/// Thread: that of the set's client, but for start().
class Relay final : public WebSink, public std::enable_shared_from_this<Relay> {
public:
    struct Call {
        std::string path; ///< "/v1/chat/completions"
        std::shared_ptr<const std::string> body;
        remote::HeaderList headers; ///< that are passed on
    };
    /// set and metrics must outlive it.
    Relay(UpstreamSet& set, std::shared_ptr<UpstreamGroup> group, Call call,
          std::shared_ptr<HttpReply> reply, Metrics& metrics,
          std::shared_ptr<RequestBook::Entry> entry);
    ~Relay() override;
    void start();

    void takeHead(const remote::HttpReply& head) override;
    void takeBody(std::string_view piece) override;
    void takeEnd() override;
    void takeFailure(remote::TransportError error, const std::string& words) override;

private:
    void ask();
    void takeStep(const RelayStream::Step& step);
    void pass(const std::string& text);
    void succeed();
    void fail(remote::Failure failure);
    void giveUp(const HttpAnswer& answer);
    void clientWent();
    void stoppedByOwner();
    bool leaveEarly(const std::string& how);
    void leave(const std::string& how);
    size_t upstream() const { return m_group->members[*m_member]; }

    UpstreamSet& m_set;
    const std::shared_ptr<UpstreamGroup> m_group;
    const Call m_call;
    const std::shared_ptr<HttpReply> m_reply;
    Metrics& m_metrics;
    const std::shared_ptr<RequestBook::Entry> m_entry;
    std::optional<remote::RoutedRequest> m_routed; ///< under the lock of the set
    std::optional<size_t> m_member;                ///< of the group, that is asked
    std::shared_ptr<WebCall> m_web;
    remote::HttpReply m_answer; ///< that has not been passed on
    std::optional<RelayStream> m_stream;
    bool m_begun = false; ///< the client has the head of a stream
    bool m_isOver = false;
    std::chrono::steady_clock::time_point m_lastSign;
    std::optional<std::stop_callback<std::function<void()>>> m_gone;
    std::optional<std::stop_callback<std::function<void()>>> m_stopped; ///< by the owner
};

} // namespace argali::server
