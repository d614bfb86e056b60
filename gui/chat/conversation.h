#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <QCoreApplication>
#include <QObject>
#include <QString>

#include "engine/engine.h"
#include "gui/chat/attachment.h"
#include "gui/failure.h"
#include "gui/settings/settings.h"

namespace argali::gui {

/// An answer as far as it has come.
struct Answer {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::Answer)
public:
    enum class State { Waiting, Thinking, Writing, Finished, Failed };
    State state = State::Waiting;
    QString thinking;
    QString text;
    int thinkingTokens = 0;
    qint64 thinkingMs = 0;
    bool thinkingDone = false;
    bool budgetReached = false;
    FinishReason finishReason = FinishReason::Stop; ///< when Finished
    bool contextReached = false;                    ///< it ends where the context ends
    Usage usage;
    Timings timings;
    Failure failure; ///< when Failed

    bool isRunning() const { return state != State::Finished && state != State::Failed; }
    /// Nothing that a later turn could refer to.
    bool isBlank() const { return text.trimmed().isEmpty(); }
    /// "236 tokens · 241 tok/s · first word 0.21 s"; empty while it runs.
    QString statistics() const;
    /// Why the answer ends where it ends, when that is not its natural end.
    QString note() const;
};

/// A question with its answer.
struct Turn {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::Turn)
public:
    quint64 id = 0;
    QString question;
    QList<MediaFile> media;
    AnswerOptions options;
    QString model;  ///< name of the model that answered
    QString device; ///< and what it ran on
    Answer answer;

    /// "from this picture", "from 8 frames"; empty without media.
    QString source() const;
    Draft draft() const { return {question, media}; }
};

/// One chat, as data.
/// Thread: GUI.
class Conversation final {
public:
    Conversation() = default;
    /// First line of the first question, or the name of its first file.
    QString title() const;
    /// Film, picture or text: what the first message has.
    std::optional<MediaFile::Kind> firstMedia() const;

    const std::vector<Turn>& turns() const { return m_turns; }
    bool isEmpty() const { return m_turns.empty(); }
    Turn* find(quint64 id);
    const Turn* find(quint64 id) const;
    Turn& append(Turn turn);
    /// Takes this turn and all after it out.
    void removeFrom(quint64 id);
    /// A copy of the turns before this one.
    std::unique_ptr<Conversation> forkBefore(quint64 id) const;

    Draft draft; ///< what was being written when another chat was opened

private:
    std::vector<Turn> m_turns;
};

/// The request that continues a conversation with a question: thinking is left out of what went
/// before, and so are turns without an answer.
ChatRequest makeRequest(const Conversation& conversation, const Draft& question,
                        const AnswerOptions& options);

/// The chats of this session, newest first. Never empty: there is always a current one.
/// Thread: GUI.
class ConversationBook final : public QObject {
    Q_OBJECT
public:
    explicit ConversationBook(QObject* parent = nullptr);

    int count() const { return int(m_conversations.size()); }
    Conversation& at(int index) const { return *m_conversations.at(size_t(index)); }
    Conversation& current() const { return *m_current; }
    int currentIndex() const { return indexOf(*m_current); }
    int indexOf(const Conversation& conversation) const;
    /// The conversation that has this turn, or null.
    Conversation* holding(quint64 turn) const;

    /// Opens an empty chat; an empty one that is already there is used again.
    void startNew();
    void add(std::unique_ptr<Conversation> conversation); ///< becomes the current one
    void open(int index);
    void remove(int index);
    void noteChanged(const Conversation& conversation) { emit changed(indexOf(conversation)); }

signals:
    void aboutToSwitch(); ///< the current chat is still the old one
    void switched();
    void listChanged();
    void changed(int index); ///< title or state of one

private:
    std::vector<std::unique_ptr<Conversation>> m_conversations;
    Conversation* m_current = nullptr;
};

} // namespace argali::gui
