#pragma once

#include <optional>

#include <QPointer>
#include <QTimer>
#include <QWidget>

#include "gui/chat/answerspeed.h"
#include "gui/chat/chatoptions.h"
#include "gui/chat/composer.h"
#include "gui/chat/conversationbook.h"
#include "gui/chat/samples.h"

class QStackedWidget;
class QUrl;

namespace argali::gui {

class ElidedLabel;
class EmptyState;
class FindBar;
class FilmPreview;
class MediaLoader;
class RegionCard;
class ReplySource;
class TranscriptActions;
class TranscriptView;
class TurnController;

/// One chat as it is seen: the transcript, or what an empty chat shows, and the composer under it.
class ChatWidget final : public QWidget {
    Q_OBJECT
public:
    ChatWidget(Settings& settings, MediaLoader& loader, ReplySource& source, ConversationBook& book,
               TurnController& turns, const QList<Sample>& samples, QWidget* parent = nullptr);

    Composer* composer() const { return m_composer; }
    ChatOptions& options() { return m_options; } ///< of the chat that is open
    EmptyState* emptyState() const { return m_empty; }
    /// Null until it was needed.
    TranscriptView* transcript() const { return m_transcript; }
    /// Makes the transcript's page now, at best before the window is shown; takes a tenth of a
    /// second.
    TranscriptView* makeTranscript();

    /// Goes on where another one is: what is being written, what waits, what is searched.
    void takeOver(const ChatWidget& old);
    /// loading: a model is on its way.
    void setModel(const std::optional<LoadedModel>& model, bool loading);
    /// Sends what is in the composer, now or as soon as the model is ready.
    void send();
    void regenerateLast();
    /// Takes the last question up again to change it.
    void editLast();
    /// Stops the answer, or takes back what waits for the model. Returns whether there was
    /// anything.
    bool stop();
    bool isWaitingToSend() const { return m_sendWhenReady; }
    void ask(const Sample& sample);
    QString costText() const;
    /// All that was written and not sent: the composer's draft, and what stood there before an earlier
    /// question was taken up again.
    Draft unsent() const;
    /// The line to find a text in the chat; an empty chat has none.
    void openFind();
    FindBar* findBar() const { return m_find; }
    TranscriptActions* actions() const { return m_actions; } ///< null until the transcript is made
    /// Goes to a time in the film that a turn is about: in the composer when it is there, else in a
    /// window of its own.
    void showTime(quint64 turn, double seconds);
    /// Brings a turn of the open chat into sight.
    void scrollTo(quint64 turn);
    /// Draws places that an answer names on the picture it is about; none takes it away.
    /// kind: "box" or "point"; numbers: as PictureRegions::of()
    void showRegion(quint64 turn, const QString& kind, const QList<double>& numbers);
    RegionCard* regionCard() const { return m_region; }
    FilmPreview* preview() const; ///< Null until it was opened.

signals:
    void modelRequested();
    void linkActivated(const QUrl& url);
    void announced(const QString& sentence); ///< for a screen reader

protected:
    void changeEvent(QEvent* event) override;

private:
    void showConversation();
    void noteDevice(quint64 turn);
    bool isShown(quint64 turn) const;
    void regenerate(quint64 turn);
    void showTurn(const Turn& turn);
    void beginEdit(quint64 turn, const Draft& question);
    void endEdit();
    void sayEditing();
    void sayWaiting();
    void takeFailure(quint64 turn, const Draft& draft);
    void askForCost();
    void showCost();
    void showOptions();
    void learnSpeed(quint64 turn);
    void tellEarlier();
    void openPreview(const MediaFile& film, double seconds);

    Settings& m_settings;
    ReplySource& m_source;
    ConversationBook& m_book;
    TurnController& m_turns;
    ChatOptions m_options;
    std::optional<LoadedModel> m_model;
    bool m_loading = false;
    bool m_sendWhenReady = false;
    quint64 m_editing = 0; ///< turn whose question is being written anew; 0: none
    Draft m_editedFrom;    ///< as it was
    Draft m_setAside;      ///< what stood in the composer before
    FindBar* const m_find;
    QStackedWidget* const m_stack;
    EmptyState* const m_empty;
    TranscriptView* m_transcript = nullptr;
    TranscriptActions* m_actions = nullptr;
    Composer* const m_composer;
    QWidget* const m_costRow;
    ElidedLabel* const m_cost;
    AnswerSpeed m_speed;
    QPointer<FilmPreview> m_preview;
    RegionCard* const m_region;
    std::optional<RequestCost> m_knownCost;
    quint64 m_costQuestion = 0;
    QTimer m_costDelay;
};

} // namespace argali::gui
