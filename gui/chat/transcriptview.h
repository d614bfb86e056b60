#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <QElapsedTimer>
#include <QImage>
#include <QTimer>
#include <QUrl>
#include <QWidget>

#include "gui/chat/transcriptturn.h"
#include "gui/theme.h"

class QJsonArray;
class QJsonObject;
class QLabel;
class QPushButton;
class QStackedLayout;
class QVariant;
class QWebEngineView;

namespace argali::gui {

class TranscriptPage;
class TranscriptProfile;

/// The transcript of a chat: questions, thinking and answers, on a web page of the program's own
/// that has neither network nor scripts from outside. It keeps all it was told, so everything may
/// be called before the page is loaded, and the page is made again when its process dies. Calls for
/// a turn that is not there do nothing. Thread: GUI. Never waits for the page, and changes it at
/// most every 30 ms.
class TranscriptView final : public QWidget {
    Q_OBJECT
public:
    struct Attachment {
        QImage thumbnail;
        QString badge; ///< its size, or length and frames
        bool film = false;
    };
    struct AnswerHead {
        QString model;
        QString source; ///< "from this picture"
    };
    using Action = TranscriptTurn::Action;

    /// Settles the page's scheme and sandbox.
    /// Thread: before the application object is made.
    static void prepare();

    explicit TranscriptView(QWidget* parent = nullptr);
    ~TranscriptView() override;

    void clear();
    /// A question of that turn; what the transcript has from the turn on is removed first.
    void addQuestion(quint64 turn, const QString& text, const QList<Attachment>& attachments);
    /// thinkingBudget: 0 for none. *Units*: tokens.
    void beginAnswer(quint64 turn, const AnswerHead& head, int thinkingBudget);
    /// tokens: of all the thinking so far.
    void appendThinking(quint64 turn, const QString& text, int tokens);
    void appendText(quint64 turn, const QString& text);
    void takeTextBack(quint64 turn); ///< no text was appended, after all
    void setThinkingDone(quint64 turn, qint64 milliseconds, int tokens, bool budgetReached);
    /// note: a sentence under the answer, such as that it was stopped; may be empty.
    void finishAnswer(quint64 turn, const QString& statistics, const QString& note);
    /// A sentence in the answer's place, under what was written; details are folded.
    void failAnswer(quint64 turn, const QString& sentence, const QString& details,
                    const QList<Action>& actions);
    /// Removes that turn and all after it.
    void removeFrom(quint64 turn);
    void setTheme(const Theme& theme);
    /// Whether thinking that runs shows "Answer now".
    void setAnswerNowEnabled(bool enabled);
    void scrollToEnd();

    /// The source of an answer, for copies.
    QString plainText(quint64 turn) const;
    /// The answer of a turn as it stands on the page, formulas as their source, after all that was
    /// said so far; the whole transcript for turn 0.
    void domText(quint64 turn, const std::function<void(const QString&)>& then);

    bool isReady() const { return m_ready; }
    /// For tests and for pictures of the window.
    TranscriptPage* page() const { return m_page.get(); }
    TranscriptProfile* profile() const { return m_profile.get(); }
    QWebEngineView* webView() const { return m_view; }

signals:
    void linkActivated(const QUrl& url); ///< http, https or mailto; nothing was opened yet
    void copyRequested(quint64 turn);
    void regenerateRequested(quint64 turn);
    void answerNowRequested(quint64 turn);
    void actionRequested(quint64 turn, const QString& id);
    void ready();

protected:
    void changeEvent(QEvent* event) override;

private:
    TranscriptTurn* find(quint64 turn);
    void changed();
    void flush();
    void send(const std::string& commands, qint64 spent);
    void fillPage();
    void recover();
    void giveUp();
    void takeEvents(const QJsonArray& events);
    void takeEvent(const QJsonObject& event);
    QByteArray lookCommand() const;

    const std::unique_ptr<TranscriptProfile> m_profile; // outlives its page
    const std::unique_ptr<TranscriptPage> m_page;
    QStackedLayout* const m_stack;
    QWebEngineView* const m_view;
    QWidget* const m_broken; ///< stands in the page's place when it keeps dying
    QLabel* const m_brokenText;
    QPushButton* const m_brokenButton;
    std::vector<std::unique_ptr<TranscriptTurn>> m_turns;
    std::string m_commands; ///< not of a turn: removals, theme
    Theme m_theme;
    bool m_answerNow = false;
    bool m_ready = false;
    bool m_waiting = false; ///< the page has commands that it has not confirmed
    int m_generation = 0;   ///< of the page; confirmations of an earlier one do not count
    QTimer m_flushTimer;
    std::chrono::milliseconds m_pause;
    std::vector<std::function<void()>> m_whenReady;
    int m_deaths = 0;
    QElapsedTimer m_lastDeath;
};

} // namespace argali::gui
