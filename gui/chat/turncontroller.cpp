#include "gui/chat/turncontroller.h"

namespace argali::gui {

TurnController::TurnController(ConversationBook& book, ReplySource& source, QObject* parent)
    : QObject(parent), m_book(book), m_source(source)
{
    connect(&source, &ReplySource::thinkingReady, this, &TurnController::takeThinking);
    connect(&source, &ReplySource::textReady, this, &TurnController::takeText);
    connect(&source, &ReplySource::textTakenBack, this, &TurnController::takeTextBack);
    connect(&source, &ReplySource::progressed, this,
            [this](quint64 turn, const Progress& progress) {
                if (running(turn))
                    emit progressed(turn, progress);
            });
    connect(&source, &ReplySource::finished, this, &TurnController::takeResult);
    connect(&source, &ReplySource::failed, this, &TurnController::takeFailure);
}

quint64 TurnController::send(const Draft& draft, const AnswerOptions& options, const QString& model)
{
    Conversation& conversation = m_book.current();
    if (!conversation.isEmpty()) {
        const Turn& last = conversation.turns().back();
        if (last.answer.state == Answer::State::Failed && last.answer.isBlank()) {
            const quint64 gone = last.id;
            conversation.removeFrom(gone);
            emit removed(gone);
        }
    }
    return begin(conversation, draft, options, model);
}

quint64 TurnController::regenerate(quint64 turn, const AnswerOptions& options, const QString& model)
{
    Conversation* conversation = m_book.holding(turn);
    if (!conversation)
        return 0;
    const Draft question = conversation->find(turn)->draft();
    if (m_turn == turn)
        abandon();
    if (conversation->turns().back().id == turn) {
        conversation->removeFrom(turn);
        emit removed(turn);
        return begin(*conversation, question, options, model);
    }
    m_book.add(conversation->forkBefore(turn));
    return begin(m_book.current(), question, options, model);
}

quint64 TurnController::begin(Conversation& conversation, const Draft& draft,
                              const AnswerOptions& options, const QString& model)
{
    if (m_turn)
        abandon();
    const ChatRequest request = makeRequest(conversation, draft, options);
    Turn turn;
    turn.id = m_next++;
    turn.question = draft.text;
    turn.media = draft.media;
    turn.options = options;
    turn.model = model;
    m_turn = turn.id;
    conversation.append(std::move(turn));
    m_book.noteChanged(conversation);
    emit started(m_turn);
    m_source.start(m_turn, request);
    return m_turn;
}

void TurnController::stop()
{
    if (m_turn)
        m_source.cancel(); // finished(Cancelled) brings what is there, with its numbers
}

/// Ends the turn under way without waiting for its result, which will be ignored.
void TurnController::abandon()
{
    m_source.cancel();
    const quint64 id = m_turn;
    if (Turn* turn = running(id)) {
        endThinking(*turn);
        turn->answer.state = Answer::State::Finished;
        turn->answer.finishReason = FinishReason::Cancelled;
    }
    m_turn = 0;
    emit finished(id);
}

Turn* TurnController::running(quint64 turn)
{
    if (turn == 0 || turn != m_turn)
        return nullptr;
    Conversation* conversation = m_book.holding(turn);
    return conversation ? conversation->find(turn) : nullptr;
}

/// The turn that ends now; null when it is not the one under way, or its chat was removed.
Turn* TurnController::ended(quint64 id)
{
    Turn* turn = running(id);
    if (id == m_turn) {
        m_turn = 0;
        if (!turn)
            emit finished(id);
    }
    return turn;
}

void TurnController::takeThinking(quint64 id, const QString& text, qint64 tokens)
{
    Turn* turn = running(id);
    if (!turn)
        return;
    Answer& answer = turn->answer;
    if (answer.state == Answer::State::Waiting)
        m_thinkingWatch.start();
    answer.state = Answer::State::Thinking;
    answer.thinking += text;
    answer.thinkingTokens = int(tokens);
    emit thinkingAppended(id, text, int(tokens));
}

void TurnController::endThinking(Turn& turn)
{
    Answer& answer = turn.answer;
    if (answer.thinking.isEmpty() || answer.thinkingDone)
        return;
    answer.thinkingDone = true;
    answer.thinkingMs = m_thinkingWatch.elapsed();
    answer.budgetReached =
        answer.thinkingTokens >= turn.options.thinkingBudget; // until the result says
    emit thinkingFinished(turn.id);
}

void TurnController::takeText(quint64 id, const QString& text)
{
    Turn* turn = running(id);
    if (!turn)
        return;
    endThinking(*turn);
    if (turn->answer.state == Answer::State::Waiting)
        m_thinkingWatch.start(); // it may yet turn out to be thinking
    turn->answer.state = Answer::State::Writing;
    turn->answer.text += text;
    emit textAppended(id, text);
}

void TurnController::takeTextBack(quint64 id)
{
    Turn* turn = running(id);
    if (!turn)
        return;
    turn->answer.text.clear();
    emit textTakenBack(id);
}

void TurnController::takeResult(quint64 id, const ChatResult& result)
{
    Turn* turn = ended(id);
    if (!turn)
        return;
    Answer& answer = turn->answer;
    if (result.usage.thinkingTokens > 0)
        answer.thinkingTokens = int(result.usage.thinkingTokens);
    endThinking(*turn);
    answer.budgetReached = result.budgetReached;
    answer.contextReached = result.contextReached;
    // A stopped answer keeps every word that was shown; a whole one is stored as the engine gives
    // it.
    bool rewrites = false;
    if (result.finishReason != FinishReason::Cancelled) {
        rewrites = !answer.thinking.isEmpty() && result.thinking.empty(); // it was never closed
        answer.text = QString::fromStdString(result.text);
        answer.thinking = QString::fromStdString(result.thinking);
    }
    answer.state = Answer::State::Finished;
    answer.finishReason = result.finishReason;
    answer.usage = result.usage;
    answer.timings = result.timings;
    if (rewrites) {
        answer.thinkingDone = false;
        emit rewritten(id);
    }
    emit finished(id);
}

void TurnController::takeFailure(quint64 id, const Failure& failure)
{
    Turn* turn = ended(id);
    if (!turn)
        return;
    endThinking(*turn);
    turn->answer.state = Answer::State::Failed;
    turn->answer.failure = failure;
    emit failed(id, turn->answer.isBlank() ? turn->draft() : Draft());
}

} // namespace argali::gui
