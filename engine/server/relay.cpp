#include "engine/server/relay.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "engine/log.h"
#include "engine/remote/failurereading.h"
#include "engine/remote/jsonfields.h"
#include "engine/server/chatwriter.h"
#include "engine/server/upstreamfailure.h"

namespace argali::server {

namespace {

using namespace std::chrono_literals;
using remote::Clock;
using remote::Failure;
using remote::FailureKind;

constexpr size_t mostWholeBytes = size_t(64) << 20;
constexpr size_t mostErrorBytes = size_t(64) << 10;
constexpr auto silence = 5s; ///< after which a client hears that we are there

bool isStream(const remote::HttpReply& head)
{
    return remote::holdsIgnoringCase(head.header("content-type").value_or(""), "text/event-stream");
}

} // namespace

Relay::Relay(UpstreamSet& set, std::shared_ptr<UpstreamGroup> group, Call call,
             std::shared_ptr<HttpReply> reply, Metrics& metrics,
             std::shared_ptr<RequestBook::Entry> entry)
    : m_set(set),
      m_group(std::move(group)),
      m_call(std::move(call)),
      m_reply(std::move(reply)),
      m_metrics(metrics),
      m_entry(std::move(entry))
{
    m_entry->setModel(m_group->id);
    ++m_set.relays();
}

Relay::~Relay()
{
    const std::lock_guard lock(m_set.lock());
    m_routed.reset();
    --m_set.relays();
}

void Relay::start()
{
    m_set.client().post([self = shared_from_this()] {
        self->m_lastSign = Clock::now();
        {
            const std::lock_guard lock(self->m_set.lock());
            self->m_routed.emplace(self->m_group->router, Clock::now());
            self->m_member = self->m_routed->member();
        }
        self->ask();
        const auto later = [&](void (Relay::*what)()) {
            return [weak = self->weak_from_this(), &client = self->m_set.client(), what] {
                client.post([weak, what] {
                    if (const auto relay = weak.lock())
                        (*relay.*what)();
                });
            };
        };
        self->m_gone.emplace(self->m_reply->gone(), later(&Relay::clientWent));
        self->m_stopped.emplace(self->m_entry->ownersToken(), later(&Relay::stoppedByOwner));
    });
}

void Relay::ask()
{
    if (!m_member)
        return giveUp(noUpstreamAnswer());
    m_answer = {};
    m_stream.reset();
    const Upstream& upstream = m_set.upstream(this->upstream());
    WebRequest request;
    request.isSecure = upstream.url.isSecure();
    request.host = upstream.url.host();
    request.port = upstream.url.port();
    request.method = "POST";
    request.target = upstream.url.path() + m_call.path;
    request.headers = m_call.headers;
    request.headers.addKey(upstream.key);
    request.headers.add("User-Agent", "argali-serve/" + m_set.settings().version);
    request.body = m_call.body;
    request.silence = m_set.settings().silence;
    m_set.begun(this->upstream());
    m_web = m_set.client().ask(std::move(request), shared_from_this());
}

void Relay::takeHead(const remote::HttpReply& head)
{
    m_answer = head;
    if (head.isSuccess() && isStream(head))
        m_stream.emplace();
}

void Relay::takeBody(std::string_view piece)
{
    if (m_stream)
        return takeStep(m_stream->push(piece));
    const size_t most = m_answer.isSuccess() ? mostWholeBytes : mostErrorBytes;
    if (m_answer.body.size() + piece.size() <= most)
        m_answer.body += piece;
    else if (m_answer.isSuccess())
        fail({FailureKind::Malformed, "an answer that is too large"});
}

void Relay::takeStep(const RelayStream::Step& step)
{
    if (!step.pass.empty()) {
        m_routed->arrived();
        pass(step.pass);
    } else if (!step.failure && Clock::now() - m_lastSign >= silence) {
        pass(": waiting\n\n"); // it says something that is no part of an answer
    }
    if (step.failure)
        fail(*step.failure);
}

void Relay::pass(const std::string& text)
{
    if (!std::exchange(m_begun, true)) {
        HttpAnswer head;
        head.type = "text/event-stream";
        head.headers["Cache-Control"] = "no-cache";
        m_reply->begin(std::move(head));
    }
    m_entry->setState(RequestBook::State::Answering);
    m_reply->write(text);
    m_lastSign = Clock::now();
}

void Relay::takeEnd()
{
    if (m_stream) {
        const RelayStream::Step step = m_stream->finish();
        takeStep(step);
        if (!step.failure)
            succeed();
        return;
    }
    if (!m_answer.isSuccess()) {
        Failure failure = remote::failureFromReply(m_answer);
        // It does not know this path, which says nothing of its health.
        if (failure.kind == FailureKind::NotOpenAiStyle && m_answer.status >= 400)
            failure.kind = FailureKind::BadRequest;
        return fail(failure);
    }
    const auto value = remote::tryServerJson(m_answer.body);
    if (!value || !value->is_object())
        return fail({FailureKind::Malformed, "an answer that is no JSON"});
    if (const auto failure = remote::failureIn(*value, 0))
        return fail(*failure);
    if (m_begun) // by one that failed after it had said that it works
        return fail({FailureKind::Malformed, "an answer that is no stream"});
    succeed();
}

void Relay::takeFailure(remote::TransportError error, const std::string& words)
{
    fail(remote::failureFromTransport(error, words));
}

void Relay::succeed()
{
    leave("ok");
    {
        const std::lock_guard lock(m_set.lock());
        m_routed->succeeded();
    }
    m_isOver = true;
    m_entry->end();
    m_metrics.countRequest(m_group->id, 200);
    if (m_begun)
        return m_reply->end();
    HttpAnswer answer;
    answer.body = std::move(m_answer.body);
    m_reply->send(std::move(answer));
}

/// To the next one, where there is one and nothing has been passed on.
void Relay::fail(Failure failure)
{
    if (m_isOver || !m_member)
        return;
    const size_t index = upstream();
    log(LogLevel::Warning, "upstream " + m_set.upstream(index).name + ": " +
                               remote::nameOf(failure.kind) + ": " +
                               remote::without(failure.detail, m_set.upstream(index).key));
    m_web->cancel();
    leave(remote::nameOf(failure.kind));
    bool goesOn = false;
    {
        const std::lock_guard lock(m_set.lock());
        goesOn = m_routed->failed(failure, Clock::now());
        m_member = m_routed->member();
    }
    if (remote::anotherMayDo(failure.kind) && failure.kind != FailureKind::Overloaded)
        m_set.doubt(index);
    goesOn ? ask() : giveUp(upstreamFailureAnswer(failure));
}

void Relay::giveUp(const HttpAnswer& answer)
{
    m_isOver = true;
    m_entry->end();
    m_metrics.countRequest(m_group->id, answer.status);
    if (!m_begun)
        return m_reply->send(answer);
    m_reply->write(ChatWriter::failure(answer.body));
    m_reply->end();
}

void Relay::clientWent()
{
    leaveEarly("client-gone");
}

void Relay::stoppedByOwner()
{
    if (leaveEarly("stopped"))
        giveUp(failureAnswer(server::stoppedByOwner()));
}

/// Ends it for a reason that is none of the upstream's. Returns whether it was under way.
bool Relay::leaveEarly(const std::string& how)
{
    if (m_isOver || !m_member)
        return false;
    m_isOver = true;
    m_web->cancel();
    leave(how);
    const std::lock_guard lock(m_set.lock());
    m_routed.reset();
    return true;
}

void Relay::leave(const std::string& how)
{
    m_set.ended(upstream(), how);
}

} // namespace argali::server
