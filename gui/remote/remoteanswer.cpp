#include "gui/remote/remoteanswer.h"

#include <algorithm>
#include <utility>

#include "engine/log.h"
#include "engine/remote/failurereading.h"

namespace argali::gui {
namespace {

constexpr qsizetype largestRefusal = 1 << 20; // bytes of a reply that is no answer

/// What Ovis2.5 is trained to see at the end of thinking that was broken off.
/// Source: the reference's thinking budget, as in engine/families/ovis25prompt.cpp
constexpr const char* ovisClosing =
    "\n\nConsidering the limited time by the user, I have to give the "
    "solution based on the thinking directly now.";

remote::Failure withoutKey(remote::Failure failure, const remote::Secret& key)
{
    failure.detail = remote::without(std::move(failure.detail), key);
    failure.parameter = remote::without(std::move(failure.parameter), key);
    return failure;
}

template <class T> void keepLater(std::optional<T>& kept, const std::optional<T>& later)
{
    if (later)
        kept = later;
}

} // namespace

RemoteAnswer::RemoteAnswer(ServerHttp& http, RemotePreparer& preparer, const RemoteTarget& target,
                           SharedMessages messages, remote::RemoteOptions options, QObject* parent)
    : QObject(parent),
      m_http(http),
      m_preparer(preparer),
      m_target(target),
      m_messages(std::move(messages)),
      m_options(std::move(options)),
      m_refused(target.refused)
{
    m_options.model = target.model.id;
    if (m_options.thinkingBudget)
        m_budget.emplace(*m_options.thinkingBudget, remote::budgetHolder(target.dialect, m_refused),
                         canContinue());
    if (m_options.continuation) {
        m_thinking = m_options.continuation->thinking;
        m_text = m_options.continuation->text;
    }
    connect(&preparer, &RemotePreparer::written, this,
            [this](quint64 number, const std::shared_ptr<const remote::RequestBody>& body) {
                if (number == m_number && !m_isOver)
                    post(*body);
            });
    connect(&preparer, &RemotePreparer::failed, this,
            [this](quint64 number, const Failure& failure) {
                if (number != m_number || m_isOver)
                    return;
                m_isOver = true;
                emit impossible(failure);
            });
}

void RemoteAnswer::start()
{
    m_watch.start();
    write();
}

void RemoteAnswer::abort()
{
    m_isOver = true;
    if (m_exchange)
        m_exchange->abort();
}

bool RemoteAnswer::canContinue() const
{
    return remote::traitsOf(m_target.dialect).continues &&
           !m_refused.contains(remote::RequestPart::Continuation);
}

bool RemoteAnswer::canEndThinking() const
{
    return canContinue() ||
           (remote::traitsOf(m_target.dialect).endsThinking && m_stream && !m_stream->id().empty());
}

void RemoteAnswer::write()
{
    m_number = nextRequestNumber();
    QMetaObject::invokeMethod(&m_preparer, [preparer = &m_preparer, number = m_number,
                                            messages = m_messages, options = m_options,
                                            dialect = m_target.dialect, refused = m_refused] {
        preparer->write(number, messages, options, dialect, refused);
    });
}

void RemoteAnswer::post(const remote::RequestBody& body)
{
    m_sent = body.sent;
    m_stream.reset();
    m_reply = {};
    m_hasFinish = false;
    if (body.leftOut.contains(remote::RequestPart::FilmFile) &&
        m_options.filmForm == remote::RemoteOptions::FilmForm::File)
        m_remarks.insert(Remark::FilmAsFrames);
    const bool isNative = m_target.dialect == remote::Dialect::Ollama;
    m_exchange = m_http.post(isNative ? "/api/chat" : "/v1/chat/completions", body.json);
    connect(m_exchange, &HttpExchange::uploaded, this, &RemoteAnswer::uploaded);
    connect(m_exchange, &HttpExchange::headArrived, this, &RemoteAnswer::takeHead);
    connect(m_exchange, &HttpExchange::bytesArrived, this, &RemoteAnswer::takeBytes);
    connect(m_exchange, &HttpExchange::finished, this, &RemoteAnswer::takeEnd);
    connect(m_exchange, &HttpExchange::failed, this, &RemoteAnswer::takeFailure);
}

void RemoteAnswer::takeHead(const remote::HttpReply& head)
{
    m_reply = head;
    m_reply.body.clear();
    if (!head.isSuccess())
        return;
    remote::AnswerOptions options;
    if (const auto type = head.header("content-type"))
        options.format = remote::answerFormat(*type);
    const bool goesOn =
        m_options.continuation && m_sent.contains(remote::RequestPart::Continuation);
    if (goesOn) {
        const remote::Continuation& before = *m_options.continuation;
        options.beginning = before.thinking.empty() || before.thinkingIsOver
                                ? remote::ThinkSplitter::Beginning::Answer
                                : remote::ThinkSplitter::Beginning::Thinking;
        options.goesOn = !before.text.empty();
    }
    m_stream.emplace(options);
}

void RemoteAnswer::takeBytes(const QByteArray& bytes)
{
    if (m_isOver)
        return;
    if (!m_stream) {
        const qsizetype room = largestRefusal - qsizetype(m_reply.body.size());
        m_reply.body.append(bytes.constData(),
                            size_t(std::clamp<qsizetype>(room, 0, bytes.size())));
        return;
    }
    for (const remote::AnswerDelta& delta :
         m_stream->push({bytes.constData(), size_t(bytes.size())})) {
        take(delta);
        if (m_isOver || !m_stream)
            return;
    }
    if (m_stream->isOver())
        end();
}

void RemoteAnswer::takeEnd()
{
    if (m_isOver)
        return;
    if (!m_stream) {
        fail(remote::failureFromReply(m_reply));
        return;
    }
    for (const remote::AnswerDelta& delta : m_stream->finish()) {
        take(delta);
        if (m_isOver || !m_stream)
            return;
    }
    end();
}

void RemoteAnswer::takeFailure(const remote::Failure& failure)
{
    if (m_isOver)
        return;
    // What was on its way still counts; its own verdict on the cut is the weaker one.
    if (m_stream && !m_stream->isOver()) {
        for (const remote::AnswerDelta& delta : m_stream->finish()) {
            if (!std::holds_alternative<remote::FailureDelta>(delta))
                take(delta);
            if (m_isOver || !m_stream)
                return;
        }
    }
    if (m_hasFinish && m_reason != FinishReason::Cancelled)
        end();
    else
        fail(failure);
}

void RemoteAnswer::take(const remote::AnswerDelta& delta)
{
    const remote::ThinkingBudget::Action action =
        m_budget ? m_budget->take(delta) : remote::ThinkingBudget::Action::None;
    if (const auto* text = std::get_if<remote::TextDelta>(&delta)) {
        takeText(text->text);
    } else if (const auto* thinking = std::get_if<remote::ThinkingDelta>(&delta)) {
        takeThinking(*thinking);
    } else if (std::holds_alternative<remote::TextWasThinkingDelta>(delta)) {
        m_thinking = std::exchange(m_text, {});
        m_thinkingPieces = std::exchange(m_pieces, 0);
        emit textTakenBack();
        emit thinkingReady(QString::fromStdString(m_thinking), m_thinkingPieces);
    } else if (const auto* finish = std::get_if<remote::FinishDelta>(&delta)) {
        takeFinish(*finish);
    } else if (const auto* usage = std::get_if<remote::UsageDelta>(&delta)) {
        keepLater(m_usage.promptTokens, usage->promptTokens);
        keepLater(m_usage.cachedTokens, usage->cachedTokens);
        keepLater(m_usage.completionTokens, usage->completionTokens);
        keepLater(m_usage.thinkingTokens, usage->thinkingTokens);
    } else if (const auto* timings = std::get_if<remote::TimingsDelta>(&delta)) {
        m_timings = *timings;
    } else if (const auto* progress = std::get_if<remote::ProgressDelta>(&delta)) {
        emit progressed({Progress::Phase::Prefill, progress->done, progress->total});
    } else if (const auto* note = std::get_if<remote::NoteDelta>(&delta)) {
        log(LogLevel::Info, "an answer of a server has something that is left out");
        if (note->kind == remote::NoteDelta::Kind::Refusal)
            takeText(note->text);
        else if (note->kind != remote::NoteDelta::Kind::WrongType)
            m_remarks.insert(Remark::PartsLeftOut);
    } else if (const auto* failure = std::get_if<remote::FailureDelta>(&delta)) {
        fail(failure->failure);
        return;
    }
    act(action);
}

void RemoteAnswer::noteArrival()
{
    m_hasArrived = true;
    m_lastMs = m_watch.elapsed();
    if (m_firstMs < 0)
        m_firstMs = m_lastMs;
}

void RemoteAnswer::takeText(const std::string& text)
{
    noteArrival();
    ++m_pieces;
    m_text += text;
    emit textReady(QString::fromStdString(text), m_thinkingPieces + m_pieces);
}

void RemoteAnswer::takeThinking(const remote::ThinkingDelta& thinking)
{
    noteArrival();
    ++m_thinkingPieces;
    m_thinking += thinking.text;
    emit thinkingReady(QString::fromStdString(thinking.text),
                       m_budget ? m_budget->tokens() : m_thinkingPieces);
}

void RemoteAnswer::takeFinish(const remote::FinishDelta& finish)
{
    using Reason = remote::FinishDelta::Reason;
    m_hasFinish = true;
    m_reason = finish.reason == Reason::Length ? FinishReason::Length : FinishReason::Stop;
    if (finish.reason == Reason::ContentFilter)
        m_remarks.insert(Remark::Filtered);
    else if (finish.reason == Reason::Aborted || finish.reason == Reason::Other)
        m_remarks.insert(Remark::EndedByServer);
    else if (finish.reason == Reason::Unknown)
        m_remarks.insert(Remark::NoEnd);
}

void RemoteAnswer::act(remote::ThinkingBudget::Action action)
{
    if (m_isOver)
        return;
    if (action == remote::ThinkingBudget::Action::EndThinking)
        askToEndThinking();
    else if (action == remote::ThinkingBudget::Action::StopStream)
        goOnWithoutThinking();
}

void RemoteAnswer::endThinking()
{
    if (m_isOver || m_isClosed || !m_text.empty())
        return;
    if (remote::traitsOf(m_target.dialect).endsThinking && m_stream && !m_stream->id().empty())
        askToEndThinking();
    else if (canContinue())
        goOnWithoutThinking();
    else
        return;
    m_answeredNow = true;
}

/// The server closes the block; the stream goes on.
void RemoteAnswer::askToEndThinking()
{
    m_isClosed = true;
    HttpExchange* const control = m_http.post(
        "/v1/chat/completions/control", remote::endThinkingBody(m_stream ? m_stream->id() : ""));
    connect(control, &HttpExchange::finished, control, &QObject::deleteLater);
    connect(control, &HttpExchange::failed, control, [control] {
        log(LogLevel::Warning, "a server was not reached to end the thinking of its answer");
        control->deleteLater();
    });
}

/// This stream ends; the next one goes on behind a closed block.
void RemoteAnswer::goOnWithoutThinking()
{
    m_isClosed = true;
    if (m_exchange)
        m_exchange->abort();
    m_stream.reset();
    remote::Continuation continuation;
    continuation.thinking = closedThinking(m_thinking);
    continuation.thinkingIsOver = true;
    m_options.continuation = continuation;
    if (m_options.maxTokens)
        m_options.maxTokens = std::max<int64_t>(
            1, *m_options.maxTokens - (m_budget ? m_budget->tokens() : m_thinkingPieces));
    m_options.thinkingBudget.reset();
    write();
}

std::string RemoteAnswer::closedThinking(const std::string& thinking) const
{
    return m_target.model.isOvis() ? thinking + ovisClosing : thinking;
}

void RemoteAnswer::end()
{
    if (m_isOver)
        return;
    if (m_budget && !m_isClosed && m_budget->isBroken())
        m_remarks.insert(Remark::BudgetNotHeld);
    m_isOver = true;
    if (m_exchange)
        m_exchange->abort(); // what still comes does not count
    emit over();
}

void RemoteAnswer::fail(const remote::Failure& given)
{
    const remote::Failure failure = withoutKey(given, m_target.access.key);
    const std::optional<remote::RequestPart> part =
        m_hasArrived ? std::nullopt : remote::refusedPart(failure, m_sent);
    if (part && m_refused.insert(*part).second) {
        if (*part == remote::RequestPart::MediaOptions)
            m_remarks.insert(Remark::MediaOptionsRefused);
        else if (*part == remote::RequestPart::ThinkingSwitch)
            m_remarks.insert(Remark::ThinkingNotSwitched);
        if (m_budget)
            m_budget.emplace(*m_options.thinkingBudget,
                             remote::budgetHolder(m_target.dialect, m_refused), canContinue());
        if (m_exchange)
            m_exchange->abort();
        emit partRefused(*part);
        if (!m_isOver) // who heard it may ask anew
            write();
        return;
    }
    m_isOver = true;
    if (m_exchange)
        m_exchange->abort();
    emit failed(failure);
}

qint64 RemoteAnswer::answerTokens() const
{
    return std::max<qint64>(m_pieces, remote::estimatedTokens(m_text));
}

ChatResult RemoteAnswer::result() const
{
    ChatResult result;
    result.text = m_text;
    result.thinking = m_thinking;
    result.finishReason = m_reason;
    result.answeredNow = m_answeredNow;
    result.budgetReached =
        m_budget && !m_answeredNow &&
        (m_isClosed || m_budget->tokens() >= m_options.thinkingBudget.value_or(0));
    const qint64 thinking =
        m_thinking.empty() ? 0
        : m_budget         ? m_budget->tokens()
                   : std::max<qint64>(m_thinkingPieces, remote::estimatedTokens(m_thinking));
    result.usage.isEstimate = !m_usage.completionTokens || m_isClosed;
    result.usage.thinkingTokens = m_usage.thinkingTokens.value_or(thinking);
    result.usage.completionTokens =
        result.usage.isEstimate ? thinking + answerTokens() : *m_usage.completionTokens;
    result.usage.promptTokens = m_usage.promptTokens.value_or(0);
    result.usage.computedTokens =
        result.usage.promptTokens -
        std::min(m_usage.cachedTokens.value_or(0), result.usage.promptTokens);
    Timings& timings = result.timings;
    timings.firstToken =
        m_timings.firstToken.value_or(Timings::Duration(double(std::max<qint64>(m_firstMs, 0))));
    timings.prefill = m_timings.prompt.value_or(Timings::Duration());
    timings.decode = m_timings.decode.value_or(
        Timings::Duration(double(std::max<qint64>(m_lastMs - m_firstMs, 0))));
    const double seconds = timings.decode.count() / 1000;
    timings.decodeTokensPerSecond = m_timings.tokensPerSecond.value_or(
        seconds > 0 ? double(result.usage.completionTokens) / seconds : 0);
    return result;
}

} // namespace argali::gui
