#include "gui/turnstatus.h"

#include "gui/chat/conversationbook.h"
#include "gui/chat/turncontroller.h"
#include "gui/models/shownmodel.h"
#include "gui/statusline.h"

namespace argali::gui {

TurnStatus::TurnStatus(TurnController& turns, ConversationBook& book, const ShownModel& model,
                       StatusLine& status, QObject* parent)
    : QObject(parent), m_turns(turns), m_book(book), m_status(status)
{
    connect(&turns, &TurnController::started, this, [this] { m_status.setIdle(); });
    connect(&turns, &TurnController::progressed, this,
            [this](quint64, const Progress& progress) { m_status.setProgress(progress); });
    connect(&turns, &TurnController::uploaded, this,
            [this](quint64, qint64 bytes, qint64 total) { m_status.setSending(bytes, total); });
    connect(&turns, &TurnController::thinkingAppended, this, [this](quint64 id) {
        const Conversation* conversation = m_book.holding(id);
        m_status.setThinking(conversation ? conversation->find(id)->options.budget() : 0);
    });
    connect(&turns, &TurnController::thinkingFinished, this, [this] { m_status.setWriting(); });
    connect(&turns, &TurnController::finished, this, [this, &model] {
        if (!m_turns.isBusy() && !model.isLoading())
            m_status.setIdle();
    });
    connect(&turns, &TurnController::failed, this, &TurnStatus::showFailure);
}

void TurnStatus::showFailure(quint64 turn)
{
    // Where the chat is seen, the sentence stands in the answer's place.
    const Conversation* conversation = m_book.holding(turn);
    if (!conversation || conversation == &m_book.current())
        m_status.setIdle();
    else
        m_status.setMessage(conversation->find(turn)->answer.failure.sentence(), true);
}

} // namespace argali::gui
