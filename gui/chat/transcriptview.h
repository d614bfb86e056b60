#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <QElapsedTimer>
#include <QImage>
#include <QRectF>
#include <QTimer>
#include <QUrl>
#include <QWidget>

#include "gui/chat/pagestart.h"
#include "gui/chat/transcriptfeed.h"
#include "gui/chat/transcriptrequests.h"
#include "gui/theme.h"

class QStackedLayout;
class QWebEngineView;

namespace argali::gui {

class PlainTranscript;
class TranscriptPage;
class TranscriptProfile;

/// The transcript of a chat: questions, thinking and answers, on a web page of the program's own
/// that has neither network nor scripts from outside. It keeps all it was told, so everything may
/// be called before the page is loaded, and the page is made again when its process dies; while
/// there is none that answers, the same is shown as plain rich text. Calls for a turn that is not
/// there do nothing. Thread: GUI. Never waits for the page, and changes it at most every 30 ms.
class TranscriptView final : public QWidget {
    Q_OBJECT
public:
    struct Attachment {
        QImage thumbnail;
        QString badge; ///< its size, or length and frames
        bool film = false;
        QString name = {}; ///< of its file
    };
    /// A place in a picture that an answer names; parts of its width and height, 0 to 1.
    struct Region {
        QString name;
        QRectF area; ///< without size for a point
        bool isPoint = false;
    };
    struct AnswerHead {
        QString model;
        QString source; ///< "from this picture"
    };
    using Action = TranscriptTurn::Action;

    /// Settles the page's scheme and sandbox.
    /// Thread: before the application object is made.
    static void prepare();

    explicit TranscriptView(QWidget* parent = nullptr,
                            const PageStart& start = PageStart::fromEnvironment());
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
    /// The turn is one of count that were asked instead of one another; arrows lead from one to the
    /// next where branchRequested() is connected. position: from 1
    void setBranch(quint64 turn, int position, int count);
    /// Removes that turn and all after it.
    void removeFrom(quint64 turn);
    void setTheme(const Theme& theme);
    void setZoom(int percent); ///< of page and plain text
    /// Whether thinking that runs shows "Answer now".
    void setAnswerNowEnabled(bool enabled);
    void scrollToEnd();
    /// Brings the beginning of a turn into sight, once it is on the page; what grows below does not
    /// scroll it away.
    void scrollTo(quint64 turn);
    /// A sentence takes the place of what stands on a picture or film.
    void setPictureNote(quint64 turn, int index, const QString& sentence);
    /// Marks the next place of a text, or the one before, and all others; found() follows. An empty
    /// text ends it.
    void findText(const QString& text, bool backward = false);

    /// The source of an answer, for copies.
    QString plainText(quint64 turn) const;
    /// The answer of a turn as it stands on the page, formulas as their source, after all that was
    /// said so far; the whole transcript for turn 0.
    void domText(quint64 turn, const std::function<void(const QString&)>& then);

    bool isReady() const { return m_feed.isReady(); }
    /// No page can be had, and rich text stands in its place.
    bool isPlain() const;
    /// For tests and for pictures of the window; null where no page was made.
    TranscriptPage* page() const { return m_page.get(); }
    TranscriptProfile* profile() const { return m_profile.get(); }
    QWebEngineView* webView() const { return m_view; }
    PlainTranscript* plain() const { return m_plain; }

signals:
    void linkActivated(const QUrl& url); ///< http, https or mailto; nothing was opened yet
    void copyRequested(quint64 turn);
    void copyQuestionRequested(quint64 turn);
    void regenerateRequested(quint64 turn);
    // These have buttons where something is connected to them.
    void editRequested(quint64 turn, const QString& question);
    void deleteRequested(quint64 turn);
    void branchRequested(quint64 turn, int step); ///< -1: to the earlier one
    void pictureActivated(quint64 turn, int index);
    void timeActivated(quint64 turn, double seconds);
    void regionActivated(quint64 turn, const argali::gui::TranscriptView::Region& region);
    void regionHovered(quint64 turn, const argali::gui::TranscriptView::Region& region);
    void regionLeft(quint64 turn);
    void answerNowRequested(quint64 turn);
    void actionRequested(quint64 turn, const QString& id);
    void found(int active, int count); ///< active: from 1
    void ready();
    /// The page did not answer in time, and this process cannot draw it in another way; in one with
    /// ARGALI_TRANSCRIPT=software it may.
    void softwareRenderingNeeded();

protected:
    void changeEvent(QEvent* event) override;
    void connectNotify(const QMetaMethod& signal) override;
    void disconnectNotify(const QMetaMethod& signal) override;

private:
    enum class Trouble { None, Slow, Dying };

    TranscriptTurn* find(quint64 turn) const;
    void changed(quint64 turn);
    void makePage();
    void startPage();
    void takePage();
    void recover();
    void makePlain();
    void showPlain(Trouble trouble);
    std::string lookCommand() const;

    const PageStart m_start;
    std::unique_ptr<TranscriptProfile> m_profile; // outlives its page
    std::unique_ptr<TranscriptPage> m_page;
    QStackedLayout* const m_stack;
    QWebEngineView* m_view = nullptr;
    PlainTranscript* m_plain = nullptr; ///< made when it is needed
    Trouble m_trouble = Trouble::None;
    QTimer m_startLimit;
    std::vector<std::unique_ptr<TranscriptTurn>> m_turns;
    Theme m_theme;
    int m_zoom = 100; ///< per cent
    bool m_answerNow = false;
    TranscriptFeed m_feed;
    TranscriptRequests m_requests;
    int m_deaths = 0;
    QElapsedTimer m_lastDeath;
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::TranscriptView::Region)
