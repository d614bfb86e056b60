#pragma once

#include <optional>

#include <QStackedWidget>

#include "gui/chat/engineworker.h"
#include "gui/chat/samples.h"

namespace argali::gui {

class ConversationBook;
class EmptyState;
class MediaLoader;
class Settings;
class TranscriptActions;
class TranscriptView;
class TurnController;
struct Turn;

/// What has been said in the chat that is open, as its transcript shows it, or what an empty chat
/// shows. What becomes of a turn is to be seen at once.
/// Thread: GUI.
class TranscriptPane final : public QStackedWidget {
    Q_OBJECT
public:
    TranscriptPane(Settings& settings, MediaLoader& loader, ConversationBook& book,
                   TurnController& turns, const QList<Sample>& samples, QWidget* parent);

    EmptyState* emptyState() const { return m_empty; }
    TranscriptView* transcript() const { return m_transcript; } ///< null until it was needed
    TranscriptActions* actions() const { return m_actions; } ///< null until the transcript is made
    TranscriptView* makeTranscript();
    bool isShowingTurns() const;
    /// loading: a model is on its way.
    void setModel(const std::optional<LoadedModel>& model, bool loading);
    /// Shows the chat that is open now, from its beginning.
    void showChat();

signals:
    void transcriptMade();                   ///< transcript() and actions() are there, and empty
    void announced(const QString& sentence); ///< for a screen reader

protected:
    void changeEvent(QEvent* event) override;

private:
    void followPath();
    void followAnswer();
    void showTurn(const Turn& turn);
    void showStart(quint64 turn);
    void showEnd(quint64 turn);
    bool isShown(quint64 turn) const;
    const Turn& turnOf(quint64 turn) const;

    Settings& m_settings;
    ConversationBook& m_book;
    TurnController& m_turns;
    EmptyState* const m_empty;
    TranscriptView* m_transcript = nullptr;
    TranscriptActions* m_actions = nullptr;
    bool m_modelIsOpen = false; ///< another one need not be offered after a failure
};

} // namespace argali::gui
