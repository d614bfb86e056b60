#include "gui/history/historycontrol.h"

#include <utility>

#include "gui/chat/conversationlist.h"
#include "gui/chat/turncontroller.h"
#include "gui/displayname.h"
#include "gui/history/historystore.h"
#include "gui/history/undoline.h"
#include "gui/statusline.h"

namespace argali::gui {

HistoryControl::HistoryControl(const WindowParts& parts, ConversationList* list, StatusLine* status,
                               UndoLine* undo, QWidget* window)
    : QObject(window),
      m_parts(parts),
      m_list(list),
      m_status(status),
      m_undo(undo),
      m_window(window)
{
    connect(list, &ConversationList::opened, this, &HistoryControl::openHit);
    connect(list, &ConversationList::removeRequested, this, &HistoryControl::removeChat);
    connect(&parts.turns, &TurnController::removalUndoable, this, &HistoryControl::offerTurnBack);
    // Another window may have been here before.
    if (const Conversation* gone = parts.book.removable())
        offerChatBack(*gone);
    else if (parts.turns.removedTurn())
        offerTurnBack();
    connect(&parts.book, &ConversationBook::switched, this,
            [this] { showTurn(std::exchange(m_wantedTurn, 0)); });
    if (!parts.history)
        return;
    connect(list, &ConversationList::searchRequested, parts.history, &HistoryStore::search);
    connect(parts.history, &HistoryStore::found, list, &ConversationList::showHits);
    connect(parts.history, &HistoryStore::troubleChanged, this, &HistoryControl::showTrouble);
    connect(parts.history, &HistoryStore::openFailed, this,
            [this](quint64, const Failure& failure) {
                m_status->setMessage(failure.sentence(), true);
                m_status->setDetails(failure.details());
            });
    connect(parts.history, &HistoryStore::opened, this, &HistoryControl::takeHistory);
    if (parts.history->trouble())
        showTrouble();
}

void HistoryControl::openHit(quint64 chat, quint64 turn)
{
    const int index = m_parts.book.indexOf(chat);
    if (index < 0)
        return;
    m_wantedTurn = turn;
    if (index == m_parts.book.currentIndex() && turn) {
        m_wantedTurn = 0;
        showTurn(turn);
    }
    m_parts.book.open(index);
}

void HistoryControl::showTurn(quint64 turn)
{
    if (!turn || !m_parts.book.current().find(turn))
        return;
    if (!m_parts.book.current().isShown(turn))
        m_parts.turns.show(turn);
    emit turnWanted(turn);
}

void HistoryControl::removeChat(quint64 id)
{
    const int index = m_parts.book.indexOf(id);
    if (index < 0)
        return;
    const Conversation& chat = m_parts.book.at(index);
    if (chat.isEmpty() && chat.draft.isEmpty() && index != m_parts.book.currentIndex()) {
        m_parts.book.remove(index); // nothing is lost
        m_parts.book.forgetRemoved();
        return;
    }
    const quint64 running = m_parts.turns.currentTurn();
    if (running && chat.find(running))
        m_parts.turns.stop();
    m_parts.book.remove(index);
    if (const Conversation* gone = m_parts.book.removable())
        offerChatBack(*gone);
}

void HistoryControl::offerChatBack(const Conversation& chat)
{
    const QString title =
        chat.isEmpty() ? ConversationList::newChatTitle() : displayName(chat.title());
    m_undo->offer(
        tr("“%1” was deleted.").arg(title), [this] { m_parts.book.undoRemove(); },
        [this, id = chat.id()] { // unless another one has taken its place
            const Conversation* gone = m_parts.book.removable();
            if (gone && gone->id() == id)
                m_parts.book.forgetRemoved();
        });
}

void HistoryControl::offerTurnBack()
{
    m_undo->offer(
        tr("The question and its answer were deleted."), [this] { m_parts.turns.undoRemove(); },
        [this, turn = m_parts.turns.removedTurn()] {
            if (m_parts.turns.removedTurn() != turn)
                return;
            m_parts.turns.forgetRemoved();
            if (m_parts.history)
                m_parts.history->purge();
        });
}

void HistoryControl::showTrouble()
{
    const std::optional<Failure> trouble = m_parts.history->trouble();
    m_list->setNotice(trouble ? trouble->sentence() : QString(),
                      trouble ? trouble->details() : QString());
    // Once is enough: under the list, which stays, or here while the list is closed.
    if (trouble && m_list->isHidden()) {
        m_status->setMessage(trouble->sentence(), true);
        m_status->setDetails(trouble->details());
        m_saidInStatus = true;
    } else if (std::exchange(m_saidInStatus, false)) {
        m_status->setIdle();
    }
}

void HistoryControl::takeHistory(quint64 unopened)
{
    const Conversation* chat = m_parts.book.byId(unopened);
    if (chat && !m_parts.history->trouble())
        m_status->setMessage(
            tr("Argali ended while it was opening “%1”. This chat was left closed; you can open it "
               "from the list.")
                .arg(displayName(chat->title())),
            true);
}

} // namespace argali::gui
