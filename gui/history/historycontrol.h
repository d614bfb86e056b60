#pragma once

#include <QObject>
#include <QTimer>

#include "gui/mainwindow.h"

namespace argali::gui {

class UndoLine;

/// What the list of chats can do: opening, searching, deleting with undo, and saying what is wrong
/// with the history.
class HistoryControl final : public QObject {
    Q_OBJECT
public:
    HistoryControl(const WindowParts& parts, ConversationList* list, StatusLine* status,
                   UndoLine* undo, QWidget* window);

    /// The history was read: says what is wrong with it.
    void takeHistory(quint64 unopened);
    /// Deletes a chat and offers to undo that.
    void removeChat(quint64 id);

signals:
    /// A place that was searched is in this turn of the open chat.
    void turnWanted(quint64 turn);

private:
    void showTurn(quint64 turn);
    void offerChatBack(const Conversation& chat);
    void offerTurnBack();
    void showTrouble();
    void openHit(quint64 chat, quint64 turn);

    WindowParts m_parts;
    ConversationList* const m_list;
    StatusLine* const m_status;
    UndoLine* const m_undo;
    QWidget* const m_window;
    quint64 m_wantedTurn = 0;    ///< to be shown once its chat is open
    bool m_saidInStatus = false; ///< the trouble, while the list that says it is closed
};

} // namespace argali::gui
