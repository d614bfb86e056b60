#pragma once

#include <QElapsedTimer>
#include <QObject>

#include "gui/chat/conversation.h"
#include "gui/chat/replysource.h"

namespace argali::gui {

/// One turn from send to stored answer: writes what comes from the reply source into the
/// conversation that asked, and says what changed. Signals of turns that are over are ignored.
/// Thread: GUI.
class TurnController final : public QObject {
    Q_OBJECT
public:
    TurnController(ConversationBook& book, ReplySource& source, QObject* parent = nullptr);

    /// Asks in the current conversation. A failed turn without an answer at its end is replaced.
    /// Returns the number of the new turn.
    quint64 send(const Draft& draft, const AnswerOptions& options, const QString& model);
    /// Asks a question again. The last one is replaced; an earlier one is asked in a copy of the
    /// chat up to there, so that nothing is lost.
    /// Returns the number of the new turn, 0 when there is no such turn.
    quint64 regenerate(quint64 turn, const AnswerOptions& options, const QString& model);
    void stop(); ///< Returns at once; finished() follows, and what was written stays.

    bool isBusy() const { return m_turn != 0; }
    quint64 currentTurn() const { return m_turn; }

signals:
    /// This turn and those after it are gone from the current conversation.
    void removed(quint64 turn);
    void started(quint64 turn); ///< question and an empty answer are in the conversation
    void thinkingAppended(quint64 turn, const QString& text, int tokens);
    void textAppended(quint64 turn, const QString& text);
    void textTakenBack(quint64 turn); ///< the answer has no text again; it was thinking
    /// The whole answer differs from what was appended; finished() follows.
    void rewritten(quint64 turn);
    void thinkingFinished(quint64 turn);
    void progressed(quint64 turn, const argali::Progress& progress);
    void finished(quint64 turn);
    /// draft: the question, to be given back to the composer; empty when part of an answer is
    /// there.
    void failed(quint64 turn, const argali::gui::Draft& draft);

private:
    quint64 begin(Conversation& conversation, const Draft& draft, const AnswerOptions& options,
                  const QString& model);
    void abandon();
    Turn* running(quint64 turn);
    Turn* ended(quint64 turn);
    void takeThinking(quint64 turn, const QString& text, qint64 tokens);
    void takeText(quint64 turn, const QString& text);
    void takeTextBack(quint64 turn);
    void endThinking(Turn& turn);
    void takeResult(quint64 turn, const ChatResult& result);
    void takeFailure(quint64 turn, const Failure& failure);

    ConversationBook& m_book;
    ReplySource& m_source;
    quint64 m_next = 1;
    quint64 m_turn = 0; ///< the one under way
    QElapsedTimer m_thinkingWatch; ///< since the first word
};

} // namespace argali::gui
