#include "gui/chat/transcriptpane.h"

#include <QEvent>
#include <QRegularExpression>

#include "gui/chat/emptystate.h"
#include "gui/chat/transcriptactions.h"
#include "gui/chat/transcriptview.h"
#include "gui/chat/turncontroller.h"
#include "gui/settings/settings.h"
#include "gui/theme.h"

namespace argali::gui {
namespace {

QString firstSentence(const QString& text)
{
    static const QRegularExpression end(QStringLiteral("[.!?。！？\\n]"));
    const qsizetype at = text.indexOf(end);
    return (at < 0 ? text : text.left(at + 1)).simplified().left(300);
}

} // namespace

TranscriptPane::TranscriptPane(Settings& settings, MediaLoader& loader, ConversationBook& book,
                               TurnController& turns, const QList<Sample>& samples, QWidget* parent)
    : QStackedWidget(parent),
      m_settings(settings),
      m_book(book),
      m_turns(turns),
      m_empty(new EmptyState(loader, samples, this))
{
    addWidget(m_empty);
    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key == settings::zoom.key && m_transcript)
            m_transcript->setZoom(m_settings.value(settings::zoom));
    });
    followPath();
    followAnswer();
}

/// Which turns are there.
void TranscriptPane::followPath()
{
    connect(&m_turns, &TurnController::removed, this, [this](quint64 id) {
        if (m_transcript)
            m_transcript->removeFrom(id);
        if (m_book.current().isEmpty() && !m_turns.isBusy())
            showChat();
    });
    connect(&m_turns, &TurnController::shown, this, [this](quint64 id) {
        setCurrentWidget(makeTranscript());
        showTurn(turnOf(id));
    });
    connect(&m_turns, &TurnController::branchesChanged, this, [this](quint64 id) {
        if (isShown(id) && m_actions)
            m_actions->showBranch(id);
    });
}

/// What becomes of the one that is under way.
void TranscriptPane::followAnswer()
{
    connect(&m_turns, &TurnController::started, this, &TranscriptPane::showStart);
    connect(&m_turns, &TurnController::resumed, this, [this](quint64 id) {
        if (!isShown(id))
            return;
        m_transcript->removeFrom(id); // it is the last one
        m_actions->show(turnOf(id));
    });
    connect(&m_turns, &TurnController::thinkingAppended, this,
            [this](quint64 id, const QString& text, int tokens) {
                if (isShown(id))
                    m_transcript->appendThinking(id, text, tokens);
            });
    connect(&m_turns, &TurnController::textAppended, this, [this](quint64 id, const QString& text) {
        if (isShown(id))
            m_transcript->appendText(id, text);
    });
    connect(&m_turns, &TurnController::textTakenBack, this, [this](quint64 id) {
        if (isShown(id))
            m_transcript->takeTextBack(id);
    });
    connect(&m_turns, &TurnController::rewritten, this, [this](quint64 id) {
        if (!isShown(id))
            return;
        m_transcript->removeFrom(id); // what is under way is the last one
        m_actions->show(turnOf(id));
    });
    connect(&m_turns, &TurnController::thinkingFinished, this, [this](quint64 id) {
        if (!isShown(id))
            return;
        const Answer& answer = turnOf(id).answer;
        m_transcript->setThinkingDone(id, answer.thinkingMs, answer.thinkingTokens,
                                      answer.budgetReached);
    });
    connect(&m_turns, &TurnController::finished, this, &TranscriptPane::showEnd);
    connect(&m_turns, &TurnController::failed, this, &TranscriptPane::showEnd);
}

TranscriptView* TranscriptPane::makeTranscript()
{
    if (m_transcript)
        return m_transcript;
    m_transcript = new TranscriptView(this);
    m_transcript->setTheme(Theme::of(palette()));
    m_transcript->setZoom(m_settings.value(settings::zoom));
    addWidget(m_transcript);
    m_actions = new TranscriptActions(*m_transcript, m_book);
    emit transcriptMade();
    return m_transcript;
}

bool TranscriptPane::isShowingTurns() const
{
    return currentWidget() != m_empty;
}

void TranscriptPane::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    m_modelIsOpen = model.has_value();
    m_empty->setModel(model, loading);
}

bool TranscriptPane::isShown(quint64 turn) const
{
    return m_book.current().isShown(turn);
}

const Turn& TranscriptPane::turnOf(quint64 turn) const
{
    return *m_book.current().find(turn);
}

void TranscriptPane::showChat()
{
    const Conversation& conversation = m_book.current();
    if (m_transcript)
        m_transcript->clear();
    if (conversation.isEmpty()) {
        setCurrentWidget(m_empty);
        return;
    }
    setCurrentWidget(makeTranscript());
    for (const Turn& turn : conversation.turns())
        showTurn(turn);
}

void TranscriptPane::showTurn(const Turn& turn)
{
    m_actions->show(turn);
    if (!turn.answer.isRunning())
        m_actions->showEnd(turn, m_modelIsOpen);
}

void TranscriptPane::showStart(quint64 id)
{
    if (!isShown(id))
        return;
    setCurrentWidget(makeTranscript());
    m_actions->show(turnOf(id));
}

void TranscriptPane::showEnd(quint64 id)
{
    if (!isShown(id))
        return;
    const Turn& turn = turnOf(id);
    m_actions->showEnd(turn, m_modelIsOpen);
    if (turn.answer.state == Answer::State::Failed)
        emit announced(turn.answer.failure.sentence());
    else if (!turn.answer.isBlank())
        emit announced(firstSentence(turn.answer.text));
}

void TranscriptPane::changeEvent(QEvent* event)
{
    QStackedWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_transcript)
        m_transcript->setTheme(Theme::of(palette()));
}

} // namespace argali::gui
