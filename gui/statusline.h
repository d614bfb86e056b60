#pragma once

#include <optional>

#include <QElapsedTimer>
#include <QWidget>

#include "gui/chat/engineworker.h"

class QHBoxLayout;
class QLabel;

namespace argali::gui {

class ConnectionLabel;
class ElidedLabel;
class ServerConnection;
class StatusDot;
class ThinBar;

/// The line at the bottom: at the start what is going on, in words with one thin bar; at the end
/// device, memory and model.
class StatusLine final : public QWidget {
    Q_OBJECT
public:
    explicit StatusLine(QWidget* parent = nullptr);

    void setIdle();
    /// A sentence in place of "Ready", until the next change.
    void setMessage(const QString& message, bool bad = false);
    void setDetails(const QString& details); ///< Tooltip of the message.
    void setProgress(const Progress& progress);
    /// A question is on its way to a server; bytes == total: it waits for the answer.
    void setSending(qint64 bytes, qint64 total);
    void setThinking(int budget); ///< What comes next is thinking, of so many tokens at most.
    void setWriting();            ///< What comes next is the answer.
    void setStopping();
    void setModel(const std::optional<LoadedModel>& model, bool loading);
    /// How it stands with a server, in place of device, memory and model; null: those again.
    void setConnection(ServerConnection* connection);

    /// Stands before what the line says of the model, while the widget is not hidden.
    void addNotice(QWidget* notice);

    QString phaseText() const;
    QString message() const; ///< Of setMessage(), while it stands and says something bad.
    QString modelText() const;
    ConnectionLabel* connection() const { return m_connection; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void showPhase(const QString& words, qint64 done, qint64 total, bool running);
    void showSpeed(qint64 tokens);
    void fitWidth();

    QHBoxLayout* const m_row;
    ElidedLabel* const m_phase;
    ThinBar* const m_bar;
    QLabel* const m_speed;
    QLabel* const m_stops;
    ElidedLabel* const m_device;
    QLabel* const m_memory;
    StatusDot* const m_dot;
    QLabel* const m_model;
    ConnectionLabel* const m_connection;
    bool m_isBad = false; ///< the phase is a message
    bool m_isThinking = false;
    int m_budget = 0;
    bool m_stopping = false;
    bool m_running = false;
    bool m_hasModel = false;
    QElapsedTimer m_since; // of the first token of an answer
    qint64 m_firstTokens = 0;
};

} // namespace argali::gui
