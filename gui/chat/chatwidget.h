#pragma once

#include <optional>

#include <QWidget>

#include "gui/chat/chatoptions.h"
#include "gui/chat/composer.h"
#include "gui/chat/conversationbook.h"
#include "gui/chat/earlierquestion.h"
#include "gui/chat/samples.h"

class QUrl;

namespace argali::gui {

class EmptyState;
class FindBar;
class FilmPreview;
class MediaLoader;
class PointedMedia;
class QuestionCost;
class ReplySource;
class TranscriptActions;
class TranscriptPane;
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
    EmptyState* emptyState() const;
    TranscriptView* transcript() const; ///< Null until it was needed.
    /// Makes the transcript's page now, at best before the window is shown; takes a tenth of a
    /// second.
    TranscriptView* makeTranscript();

    /// Goes on where another one is: what is being written, what waits, what is searched.
    void takeOver(const ChatWidget& old);
    /// Pictures and films that are open in another window belong to this one.
    void takeDialogs(const ChatWidget& old);
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
    /// All that was written and not sent: the composer's draft, and what stood there before an
    /// earlier question was taken up again.
    Draft unsent() const;
    /// The line to find a text in the chat; an empty chat has none.
    void openFind();
    FindBar* findBar() const { return m_find; }
    TranscriptActions* actions() const; ///< null until the transcript is made
    /// Brings a turn of the open chat into sight.
    void scrollTo(quint64 turn);
    PointedMedia* media() const { return m_media; }
    FilmPreview* preview() const; ///< Null until it was opened.

signals:
    void modelRequested();
    void linkActivated(const QUrl& url);
    void announced(const QString& sentence); ///< for a screen reader

private:
    void layOut();
    void connectComposer();
    void connectBook();
    void connectTurns();
    void connectTranscript();
    void takeTranscript();
    void sendWhatWaited();
    void noteDevice(quint64 turn);
    void regenerate(quint64 turn);
    void sayWaiting();
    void giveBack(quint64 turn, const Draft& draft);
    void showThinking();
    void tellEarlier();
    void warnOfSwitch(const LoadedModel& model);
    void takeWarning(const ChatWidget& old);

    ReplySource& m_source;
    ConversationBook& m_book;
    TurnController& m_turns;
    ChatOptions m_options;
    std::optional<LoadedModel> m_model;
    std::optional<LoadedModel> m_answering; ///< the model before, also while one is loaded
    QString m_warning;                      ///< what of the chat it cannot take
    bool m_loading = false;
    bool m_sendWhenReady = false;
    FindBar* const m_find;
    TranscriptPane* const m_pane;
    Composer* const m_composer;
    EarlierQuestion m_earlier;
    QuestionCost* const m_cost;
    PointedMedia* const m_media;
};

} // namespace argali::gui
