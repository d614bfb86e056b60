#pragma once

#include <QPointer>
#include <QWidget>

#include "gui/widgets/statusdot.h"

namespace argali::gui {

class Button;
class ElidedLabel;
class ServerConnection;

/// How it stands with a server: a dot, the sentence, and "Check now".
class ConnectionLabel final : public QWidget {
    Q_OBJECT
public:
    explicit ConnectionLabel(QWidget* parent = nullptr);

    /// Null: none, and nothing is shown.
    void setConnection(ServerConnection* connection);
    ServerConnection* connection() const { return m_connection; }
    QString text() const;
    StatusDot::State dot() const { return m_dot->state(); }
    Button* checkNow() const { return m_check; }

private:
    void showState();

    QPointer<ServerConnection> m_connection;
    StatusDot* const m_dot;
    ElidedLabel* const m_words;
    Button* const m_check;
};

/// The colour that belongs to the state of a server.
StatusDot::State dotFor(const ServerConnection& connection);

} // namespace argali::gui
