#pragma once

#include <QObject>

#include "gui/chat/engineworker.h"

namespace argali::gui {

class ConversationBook;
class ShownModel;
class StatusLine;
class TurnController;

/// Tells the status line how far the running answer is.
/// Thread: GUI.
class TurnStatus final : public QObject {
    Q_OBJECT
public:
    /// model: while one is loaded, the line is its own
    TurnStatus(TurnController& turns, ConversationBook& book, const ShownModel& model,
               StatusLine& status, QObject* parent);

private:
    void showFailure(quint64 turn);

    TurnController& m_turns;
    ConversationBook& m_book;
    StatusLine& m_status;
};

} // namespace argali::gui
