#include "gui/chat/turncontroller.h"

#include <algorithm>
#include <utility>

#include <QDateTime>

namespace argali::gui {
namespace {

std::vector<quint64> pathOf(const Conversation& conversation)
{
    std::vector<quint64> path;
    for (const Turn& turn : conversation.turns())
        path.push_back(turn.id);
    return path;
}

} // namespace

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
    connect(&source, &ReplySource::remarked, this, &TurnController::takeRemark);
    connect(&source, &ReplySource::sourceChanged, this, &TurnController::takeSource);
    connect(&source, &ReplySource::uploaded, this,
            [this](quint64 turn, qint64 bytes, qint64 total) {
                if (running(turn))
                    emit uploaded(turn, bytes, total);
            });
}

quint64 TurnController::send(const Draft& draft, const AnswerOptions& options, const QString& model)
{
    Conversation& conversation = m_book.current();
    if (conversation.turns().empty())
        return begin(conversation, draft, options, model);
    const Turn& last = conversation.turns().back();
    if (last.answer.state == Answer::State::Failed && last.answer.isBlank())
        return askBeside(last.id, draft, options, model);
    return begin(conversation, draft, options, model);
}

quint64 TurnController::regenerate(quint64 turn, const AnswerOptions& options, const QString& model)
{
    const Conversation* conversation = m_book.holding(turn);
    return conversation ? askBeside(turn, conversation->find(turn)->draft(), options, model) : 0;
}

quint64 TurnController::edit(quint64 turn, const Draft& draft, const AnswerOptions& options,
                             const QString& model)
{
    return askBeside(turn, draft, options, model);
}

/// Asks in the place of a turn. One that failed without an answer is worth nothing and goes.
quint64 TurnController::askBeside(quint64 turn, const Draft& draft, const AnswerOptions& options,
                                  const QString& model)
{
    Conversation* conversation = m_book.holding(turn);
    if (!conversation)
        return 0;
    if (m_turn)
        abandon();
    if (!conversation->isShown(turn)) {
        const std::vector<quint64> before = pathOf(*conversation);
        conversation->show(turn);
        showFrom(*conversation, before);
    }
    const Turn& old = *conversation->find(turn);
    const bool worthless = old.answer.state == Answer::State::Failed && old.answer.isBlank() &&
                           conversation->childrenOf(turn).empty();
    conversation->hideFrom(turn);
    if (worthless) {
        conversation->removeFrom(turn);
        emit m_book.turnRemoved(conversation->id(), turn);
    }
    emit removed(turn);
    return begin(*conversation, draft, options, model);
}

bool TurnController::showSibling(quint64 turn, int step)
{
    const Conversation* conversation = m_book.holding(turn);
    return conversation && show(conversation->siblingOf(turn, step));
}

bool TurnController::show(quint64 turn)
{
    Conversation* conversation = m_book.holding(turn);
    if (!conversation)
        return false;
    const std::vector<quint64> before = pathOf(*conversation);
    conversation->show(turn);
    showFrom(*conversation, before);
    return true;
}

/// Says how the shown path differs from what it was.
void TurnController::showFrom(Conversation& conversation, const std::vector<quint64>& before)
{
    const std::vector<quint64> after = pathOf(conversation);
    const auto [old, now] = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
    if (old == before.end() && now == after.end())
        return;
    if (old != before.end()) {
        emit m_book.turnChanged(conversation.id(), *old);
        if (&conversation == &m_book.current())
            emit removed(*old);
    }
    for (auto turn = now; turn != after.end(); ++turn) {
        emit m_book.turnChanged(conversation.id(), *turn);
        if (&conversation == &m_book.current())
            emit shown(*turn);
    }
}

/// The siblings of a turn are one more or one less, or another one is shown.
void TurnController::noteSiblings(const Conversation& conversation, quint64 turn)
{
    for (const quint64 sibling : conversation.siblingsOf(turn)) {
        emit m_book.turnChanged(conversation.id(), sibling);
        if (&conversation == &m_book.current() && conversation.isShown(sibling))
            emit branchesChanged(sibling);
    }
}

bool TurnController::remove(quint64 turn)
{
    Conversation* conversation = m_book.holding(turn);
    if (!conversation)
        return false;
    if (turn == m_turn)
        abandon();
    const std::vector<quint64> before = pathOf(*conversation);
    const quint64 parent = conversation->find(turn)->parent;
    m_removed = conversation->remove(turn);
    m_removedFrom = conversation->id();
    emit m_book.turnRemoved(m_removedFrom, turn);
    showFrom(*conversation, before);
    const std::vector<quint64> left = conversation->childrenOf(parent);
    if (!left.empty())
        noteSiblings(*conversation, left.front());
    m_book.noteChanged(*conversation);
    emit removalUndoable(turn);
    return true;
}

bool TurnController::undoRemove()
{
    Conversation* conversation = m_book.byId(m_removedFrom);
    const std::optional<Conversation::Removal> removal = std::exchange(m_removed, std::nullopt);
    if (!removal || !conversation)
        return false;
    const std::vector<quint64> before = pathOf(*conversation);
    conversation->restore(*removal);
    showFrom(*conversation, before);
    noteSiblings(*conversation, removal->turn.id);
    for (const quint64 child : removal->children)
        emit m_book.turnChanged(conversation->id(), child);
    m_book.noteChanged(*conversation);
    return true;
}

void TurnController::forgetRemoved()
{
    m_removed.reset();
}

quint64 TurnController::begin(Conversation& conversation, const Draft& draft,
                              const AnswerOptions& options, const QString& model)
{
    if (m_turn)
        abandon();
    const ChatRequest request = makeRequest(conversation, draft, options);
    Turn turn;
    turn.id = m_book.newId();
    turn.created = QDateTime::currentMSecsSinceEpoch();
    turn.question = draft.text;
    turn.media = draft.media;
    turn.options = options;
    turn.model = model;
    m_turn = turn.id;
    conversation.append(std::move(turn));
    m_book.noteChanged(conversation);
    emit started(m_turn);
    noteSiblings(conversation, m_turn);
    m_source.start(m_turn, request);
    return m_turn;
}

bool TurnController::resume(quint64 id)
{
    Conversation* conversation = m_book.holding(id);
    if (!conversation || m_turn || conversation->turns().empty() ||
        conversation->turns().back().id != id || !m_source.canResume())
        return false;
    Turn& turn = *conversation->find(id);
    if (turn.answer.isRunning() || turn.answer.isBlank())
        return false;
    Conversation before = *conversation;
    before.hideFrom(id);
    const ChatRequest request = makeRequest(before, turn.draft(), turn.options);
    Answer& answer = turn.answer;
    answer.state = Answer::State::Writing;
    answer.failure = {};
    answer.interrupted = false;
    answer.remarks.clear();
    m_turn = id;
    m_thinkingWatch.start();
    emit resumed(id);
    m_source.resume(id, request, {answer.thinking, !answer.thinking.isEmpty(), answer.text});
    return true;
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
    noteOver(id);
    emit finished(id);
}

void TurnController::noteOver(quint64 id)
{
    if (const Conversation* conversation = m_book.holding(id)) {
        emit m_book.turnChanged(conversation->id(), id);
        m_book.noteChanged(*conversation);
    }
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
    const int budget = turn.options.budget();
    answer.budgetReached = budget > 0 && answer.thinkingTokens >= budget; // until the result says
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
    noteOver(id);
    emit finished(id);
}

void TurnController::takeRemark(quint64 id, const QString& sentence)
{
    if (Turn* turn = running(id))
        turn->answer.remarks.append(sentence);
}

/// Another server has taken the question over.
void TurnController::takeSource(quint64 id, const QString& model, const QString& device,
                                const AnswerSource& source)
{
    if (Turn* turn = running(id)) {
        turn->model = model;
        turn->device = device;
        turn->answeredBy = source;
    }
}

void TurnController::takeFailure(quint64 id, const Failure& failure)
{
    Turn* turn = ended(id);
    if (!turn)
        return;
    endThinking(*turn);
    turn->answer.state = Answer::State::Failed;
    turn->answer.failure = failure;
    noteOver(id);
    emit failed(id, turn->answer.isBlank() ? turn->draft() : Draft());
}

} // namespace argali::gui
