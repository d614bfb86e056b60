#pragma once

#include <QElapsedTimer>
#include <QObject>

#include "gui/chat/conversationbook.h"
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
    /// Asks a question again, as a sibling of the turn; what was there stays beside it.
    /// Returns the number of the new turn, 0 when there is no such turn.
    quint64 regenerate(quint64 turn, const AnswerOptions& options, const QString& model);
    /// Asks otherwise in the place of a turn; what was there stays beside it.
    /// Returns the number of the new turn, 0 when there is no such turn.
    quint64 edit(quint64 turn, const Draft& draft, const AnswerOptions& options,
                 const QString& model);
    /// Takes one turn out of its chat; those after it stay. undoRemove() puts it back.
    bool remove(quint64 turn);
    bool undoRemove();
    /// That undoRemove() puts back; 0: none.
    quint64 removedTurn() const { return m_removed ? m_removed->turn.id : 0; }
    void forgetRemoved(); ///< It cannot be undone any more.
    /// Shows the branch that stands step places beside this turn. Returns whether there is one.
    bool showSibling(quint64 turn, int step);
    /// Shows the branch that this turn is in.
    bool show(quint64 turn);
    /// Goes on with an answer that was broken off, from where it ends. Returns whether it can be.
    bool resume(quint64 turn);
    void stop(); ///< Returns at once; finished() follows, and what was written stays.

    bool isBusy() const { return m_turn != 0; }
    quint64 currentTurn() const { return m_turn; }

signals:
    /// This turn and those after it are not on the shown path any more. When others take their
    /// place, shown() follows for each.
    void removed(quint64 turn);
    void shown(quint64 turn);           ///< this turn now ends the shown path
    void removalUndoable(quint64 turn); ///< undoRemove() puts it back
    void branchesChanged(quint64 turn); ///< "n of m" of this turn on the shown path
    void started(quint64 turn);         ///< question and an empty answer are in the conversation
    void resumed(quint64 turn);         ///< its answer goes on
    /// The question is on its way to a server.
    void uploaded(quint64 turn, qint64 bytes, qint64 total);
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
    quint64 askBeside(quint64 turn, const Draft& draft, const AnswerOptions& options,
                      const QString& model);
    void showFrom(Conversation& conversation, const std::vector<quint64>& before);
    void noteSiblings(const Conversation& conversation, quint64 turn);
    void abandon();
    void noteOver(quint64 turn);
    Turn* running(quint64 turn);
    Turn* ended(quint64 turn);
    void takeThinking(quint64 turn, const QString& text, qint64 tokens);
    void takeText(quint64 turn, const QString& text);
    void takeTextBack(quint64 turn);
    void endThinking(Turn& turn);
    void takeResult(quint64 turn, const ChatResult& result);
    void takeFailure(quint64 turn, const Failure& failure);
    void takeRemark(quint64 turn, const QString& sentence);
    void takeSource(quint64 turn, const QString& model, const QString& device,
                    const AnswerSource& source);

    ConversationBook& m_book;
    ReplySource& m_source;
    std::optional<Conversation::Removal> m_removed;
    quint64 m_removedFrom = 0;     ///< its chat
    quint64 m_turn = 0;            ///< the one under way
    QElapsedTimer m_thinkingWatch; ///< since the first word
};

} // namespace argali::gui
