#pragma once

#include <QObject>

#include "gui/chat/answersource.h"

namespace argali::gui {

class RemoteReplySource;
class ServerBook;
class SourceChoice;

/// Brings together what is known of servers, what is chosen among it and what answers: the models
/// that are offered follow the checks, the server that was chosen is looked at, but not while it
/// answers, and what it refuses is remembered.
/// Thread: GUI.
class ServerOffers final : public QObject {
    Q_OBJECT
public:
    /// All of them must outlive this.
    ServerOffers(ServerBook& servers, SourceChoice& choice, RemoteReplySource& remote,
                 QObject* parent = nullptr);

private:
    void offer();

    ServerBook& m_servers;
    SourceChoice& m_choice;
    AnswerSource m_chosen; ///< what the servers were told of last
};

} // namespace argali::gui
