#pragma once

#include <string>

#include <QCoreApplication>
#include <QJsonObject>
#include <QList>
#include <QSize>
#include <QString>

#include "gui/chat/markdown.h"
#include "gui/chat/markdownblocks.h"

namespace argali::gui {

/// One turn as the transcript shows it, kept so that the page can be made again at any time, with
/// what the page knows of it already. Changes become commands for the page when takeCommands() is
/// called.
class TranscriptTurn {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::TranscriptTurn)
public:
    struct Picture {
        QString source; ///< a data: address
        QString name;   ///< of its file
        QString badge;
        bool film = false;
        QSize size; ///< in the page's pixels
    };
    struct Action {
        QString id;
        QString text;
    };

    TranscriptTurn(quint64 id, const QString& question, const QList<Picture>& pictures,
                   LiveSpans live = {})
        : m_id(id), m_question(question), m_pictures(pictures), m_live(live)
    {
    }

    quint64 id() const { return m_id; }
    LiveSpans live() const { return m_live; }
    const QString& question() const { return m_question; }
    QString text() const { return QString::fromStdString(m_text.blocks.text()); }

    void beginAnswer(const QString& model, const QString& source, int budget);
    void appendThinking(const QString& piece, int tokens);
    void appendText(const QString& piece);
    void takeTextBack(); ///< no text has been appended, after all
    void setThinkingDone(qint64 milliseconds, int tokens, bool budgetReached);
    void finish(const QString& statistics, const QString& note);
    void fail(const QString& sentence, const QString& details, const QList<Action>& actions);
    void setAnswerNowEnabled(bool enabled);
    /// It is one of `count` that were asked instead of one another. position: from 1
    void setBranch(int position, int count);

    /// A sentence takes the place of the badge of a picture or film.
    void setPictureNote(int index, const QString& sentence);

    /// Appends the commands that bring the page up to date, with commas between them, and stops
    /// after about `most` bytes. Returns whether something is left for the next time. next: the
    /// turn on the page before which a new one stands; 0 at the end
    bool takeCommands(std::string& commands, size_t most, quint64 next = 0);
    bool hasChanges() const;
    bool hasAction(const QString& id) const;
    bool hasPicture(int index) const { return index >= 0 && index < m_pictures.size(); }
    bool isOnPage() const { return m_questionSent; }
    /// The whole turn for a text browser: rich text with formulas as their source.
    QString toRichText() const;
    /// The page is empty again.
    void forgetPage();

private:
    enum class End { None, Finished, Failed };

    /// A text of the answer and how much of it the page has.
    struct Stream {
        MarkdownBlocks blocks;
        size_t sent = 0; ///< finished blocks on the page
        bool openSent = true;
        bool hasChanges() const { return sent < blocks.finishedCount() || !openSent; }
    };

    void add(std::string& commands, const QJsonObject& command) const;
    void takeStream(std::string& commands, size_t most, Stream& stream, const char* part);
    QJsonObject thinkingCommand() const;
    QJsonObject endCommand() const;

    const quint64 m_id;
    const QString m_question;
    QList<Picture> m_pictures;
    const LiveSpans m_live;
    bool m_hasAnswer = false;
    QString m_model;
    QString m_source;
    int m_budget = 0;
    Stream m_thinking;
    int m_thinkingTokens = 0;
    qint64 m_thinkingTime = 0; ///< milliseconds
    bool m_hasThinking = false;
    bool m_thinkingDone = false;
    bool m_budgetReached = false;
    bool m_answerNow = false;
    Stream m_text;
    End m_end = End::None;
    QString m_statistics;
    QString m_note;
    QString m_sentence;
    QString m_details;
    QList<Action> m_actions;
    int m_position = 1;
    int m_count = 1;

    bool m_questionSent = false;
    bool m_headSent = true;
    bool m_thinkingSent = true;
    bool m_endSent = true;
    bool m_branchSent = true;
    QList<int> m_notesToSend; ///< pictures whose badge has changed
};

} // namespace argali::gui
