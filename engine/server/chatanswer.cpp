#include "engine/server/chatanswer.h"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/tokenizer/tokenizer.h"

namespace argali::server {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Before anything is said a request can still fail with a status of its own; after that long
// without a word, what is between us and the client may think that we have gone.
constexpr auto silence = 5s;

std::string localTime()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::localtime_r(&now, &parts);
    char text[32];
    return std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) ? text : "";
}

} // namespace

ChatAnswer::ChatAnswer(ChatCall call, Shape shape, std::string model,
                       std::shared_ptr<HttpReply> reply, Metrics& metrics,
                       std::shared_ptr<RequestBook::Entry> entry)
    : m_call(std::move(call)),
      m_shape(shape),
      m_model(std::move(model)),
      m_reply(std::move(reply)),
      m_metrics(metrics),
      m_writer(shape == Shape::Completion ? ChatWriter::Shape::Completion : ChatWriter::Shape::Chat,
               m_model),
      m_filter(m_call.stops),
      m_entry(std::move(entry)),
      m_lastSign(Clock::now()),
      m_stopped(m_entry->ownersToken(), [this] { stopWaiting(); })
{
    m_entry->setModel(m_model);
}

/// Whether the model's thread may answer the client; from the first time on nobody else does.
bool ChatAnswer::isHeldByModel()
{
    Holder holder = Holder::Nobody;
    m_holder.compare_exchange_strong(holder, Holder::Model);
    return holder != Holder::Over;
}

/// The owner stops it. While it waits nobody else would tell the client: the model's thread may be
/// at another answer for long.
/// Thread: any.
void ChatAnswer::stopWaiting()
{
    Holder holder = Holder::Nobody;
    if (!m_holder.compare_exchange_strong(holder, Holder::Over))
        return;
    const ApiFailure failure = stoppedByOwner();
    m_metrics.countRequest(m_model, failure.status());
    m_entry->end();
    m_reply->send(failureAnswer(failure));
}

ModelHost::Job ChatAnswer::job()
{
    ModelHost::Job job;
    job.request = m_call.request;
    if (m_call.logprobs) {
        job.request.scores = [self = shared_from_this()](const TokenScore& score) {
            self->takeScore(score);
        };
        job.request.scoredAlternatives = *m_call.logprobs;
    }
    job.stop = m_entry->stopToken();
    job.text = [self = shared_from_this()](const TextPiece& piece) { self->take(piece); };
    job.progress = [self = shared_from_this()](const Progress& progress) {
        self->takeProgress(progress);
    };
    job.done = [self = shared_from_this()](const ChatResult& result,
                                           std::chrono::milliseconds waited) {
        self->finish(result, waited);
    };
    job.failed = [self = shared_from_this()](const Error& error) { self->fail(toFailure(error)); };
    return job;
}

void ChatAnswer::begin()
{
    if (std::exchange(m_begun, true))
        return;
    HttpAnswer head;
    head.type = "text/event-stream";
    head.headers["Cache-Control"] = "no-cache";
    m_reply->begin(std::move(head));
    m_reply->write(m_writer.opening());
}

void ChatAnswer::pass(bool thinking, const std::string& text)
{
    std::vector<TokenScore> scores;
    if (m_call.logprobs && !thinking)
        scores = m_scored.passWith(text);
    if (!m_call.stream)
        std::ranges::move(scores, std::back_inserter(m_passedScores));
    if (text.empty() || !m_call.stream)
        return;
    begin();
    m_reply->write(m_writer.piece(thinking, text, logprobsOf(scores)));
    m_lastSign = Clock::now();
}

void ChatAnswer::takeScore(const TokenScore& score)
{
    if (!score.thinking && !score.marker)
        m_scored.add(score);
}

/// Null where none were asked for, or there are none.
nlohmann::json ChatAnswer::logprobsOf(const std::vector<TokenScore>& scores)
{
    if (!m_call.logprobs || scores.empty())
        return {};
    return m_shape == Shape::Completion ? completionLogprobs(scores, m_offset)
                                        : chatLogprobs(scores);
}

void ChatAnswer::take(const TextPiece& piece)
{
    if (!isHeldByModel())
        return;
    m_entry->setState(piece.thinking ? RequestBook::State::Thinking
                                     : RequestBook::State::Answering);
    if (piece.thinking) {
        // What came before it was no answer either.
        m_text.clear();
        m_filter = StopFilter(m_call.stops);
        m_scored.clear();
        m_passedScores.clear();
        return pass(true, std::string(piece.text));
    }
    const std::string text = m_filter.take(piece.text);
    m_text += text;
    pass(false, text);
    if (m_filter.isStopped())
        m_entry->stop();
}

/// How far it is, for the list of requests.
void ChatAnswer::note(const Progress& progress)
{
    using State = RequestBook::State;
    switch (progress.phase) {
    case Progress::Phase::Loading:
        break; // of the model: the request waits for it
    case Progress::Phase::Media:
    case Progress::Phase::Vision:
    case Progress::Phase::Prefill:
        m_entry->setState(State::Reading);
        if (progress.phase == Progress::Phase::Prefill && progress.total > 0)
            m_entry->setPromptTokens(progress.total);
        break;
    case Progress::Phase::Answering:
        if (progress.done <= 1)
            m_entry->setState(m_call.request.thinking ? State::Thinking : State::Answering);
        m_entry->setTokens(progress.done);
        break;
    }
}

void ChatAnswer::takeProgress(const Progress& progress)
{
    if (!isHeldByModel())
        return;
    note(progress);
    if (!m_call.stream || progress.phase == Progress::Phase::Answering ||
        Clock::now() - m_lastSign < silence)
        return;
    begin();
    m_reply->write(progress.phase == Progress::Phase::Prefill ? m_writer.progress(progress)
                                                              : ": waiting\n\n");
    m_lastSign = Clock::now();
}

void ChatAnswer::finish(const ChatResult& result, std::chrono::milliseconds waited)
{
    if (!isHeldByModel() || m_reply->gone().stop_requested())
        return; // nobody is there
    if (m_entry->isStoppedByOwner())
        return fail(stoppedByOwner());
    m_entry->end();
    const std::string rest = m_filter.finish();
    m_text += rest;
    pass(false, rest);
    std::vector<TokenScore> last;
    if (!m_filter.isStopped())
        last = m_scored.rest(); // whose text is white space, or held half a character
    m_metrics.countAnswer(m_model, result, waited);
    m_metrics.countRequest(m_model, 200);
    // Stripped, as without a stream; a stream has the blanks at its end.
    const std::string text(stripped(m_text));
    const bool isCut = !m_filter.isStopped() && result.finishReason == FinishReason::Length;
    const std::string reason = isCut ? "length" : "stop";
    if (m_shape == Shape::Glm) {
        m_reply->send(glmAnswer(text));
    } else if (m_call.stream) {
        begin();
        m_reply->write(m_writer.closing(result, reason, m_call.includeUsage, logprobsOf(last)));
        m_reply->end();
    } else {
        std::ranges::move(last, std::back_inserter(m_passedScores));
        HttpAnswer answer;
        answer.body = m_writer.whole(result, text, reason, logprobsOf(m_passedScores));
        m_reply->send(std::move(answer));
    }
}

void ChatAnswer::fail(const ApiFailure& failure)
{
    if (!isHeldByModel())
        return;
    m_entry->end();
    m_metrics.countRequest(m_model, failure.status());
    if (!m_begun)
        return m_reply->send(failureAnswer(failure));
    m_reply->write(ChatWriter::failure(failureJson(failure)));
    m_reply->end();
}

/// Source: THUDM/ChatGLM2-6B, api.py
HttpAnswer ChatAnswer::glmAnswer(const std::string& text) const
{
    nlohmann::json history = nlohmann::json::array();
    const std::vector<Message>& messages = m_call.request.messages;
    for (size_t i = 0; i < messages.size(); i += 2) // question, answer, ..., question
        history.push_back({messages[i].content.front().text,
                           i + 1 < messages.size() ? messages[i + 1].content.front().text : text});
    HttpAnswer answer;
    answer.body =
        toLine({{"response", text}, {"history", history}, {"status", 200}, {"time", localTime()}});
    return answer;
}

} // namespace argali::server
