#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <QCoreApplication>
#include <QString>

#include "engine/engine.h"
#include "gui/chat/answersource.h"
#include "gui/chat/attachment.h"
#include "gui/failure.h"
#include "gui/settings/answeroptions.h"

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
    bool interrupted = false;                       ///< the program ended while it was written
    Usage usage;
    Timings timings;
    Failure failure;     ///< when Failed
    QStringList remarks; ///< further sentences about it, in the language of the user at the time

    bool isRunning() const { return state != State::Finished && state != State::Failed; }
    /// Nothing that a later turn could refer to.
    bool isBlank() const { return text.trimmed().isEmpty(); }
    /// "236 tokens · 241 tok/s · first word 0.21 s"; empty while it runs.
    QString statistics() const;
    /// Why the answer ends where it ends, when that is not its natural end, and what to do.
    /// asked: how it was to be made
    QString note(const AnswerOptions& asked) const;
};

/// A question with its answer.
struct Turn {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::Turn)
public:
    quint64 id = 0;     ///< later turns have larger ones
    quint64 parent = 0; ///< the turn it goes on from; 0: the first one
    qint64 created = 0; ///< ms since 1970, UTC
    QString question;
    QList<MediaFile> media;
    AnswerOptions options;
    QString model;  ///< name of the model that answered
    QString device; ///< and what it ran on
    AnswerSource answeredBy;
    Answer answer;

    /// "from this picture", "from 8 frames"; empty without media.
    QString source() const;
    /// The model that answered, with its adapter.
    QString answerer() const;
    Draft draft() const { return {question, media}; }
};

/// What a list shows of a chat whose turns need not be in memory.
struct ConversationHead {
    quint64 id = 0;
    QString title;   ///< given by the user; empty: the heading
    QString heading; ///< first line of the first question, or the name of its first file
    std::optional<MediaFile::Kind> media; ///< film, picture or text: what the first message has
    quint64 folder = 0;                   ///< 0: none
    bool pinned = false;
    qint64 created = 0; ///< ms since 1970, UTC
    qint64 changed = 0; ///< when it was last written in
};

/// One chat, as data: a tree of turns, of which one path is shown. Asking again or asking otherwise
/// makes a sibling; what was there stays beside it.
/// Thread: GUI.
class Conversation final {
public:
    /// Where a turn stands among those that go on from the same place: number of count.
    struct Branch {
        int number = 1;
        int count = 1;
    };
    /// A turn that was taken out, and what is needed to put it back.
    struct Removal {
        Turn turn;
        std::vector<quint64> children;
        quint64 chosen = 0; ///< the child that was shown
    };

    Conversation() = default;
    explicit Conversation(ConversationHead head, bool loaded = false)
        : m_head(std::move(head)), m_loaded(loaded)
    {
    }
    const ConversationHead& head() const { return m_head; }
    ConversationHead& head() { return m_head; }
    quint64 id() const { return m_head.id; }
    /// The title the user gave, else the first line of the first question, or the name of its first
    /// file.
    QString title() const;
    std::optional<MediaFile::Kind> firstMedia() const;
    /// Whether its turns are here. They are read when it is opened.
    bool isLoaded() const { return m_loaded; }
    /// Takes the turns that were read. What does not fit together is shown as well as it can be.
    /// A chat of before options were kept takes those of its last turn.
    /// chosen: of each group of siblings the one that is shown; a later one wins
    void fill(std::vector<Turn> turns, const std::vector<quint64>& chosen);

    const std::vector<Turn>& turns() const { return m_turns; } ///< the shown path
    bool isEmpty() const { return m_loaded && m_turns.empty(); }
    /// Also one that is not shown.
    Turn* find(quint64 id);
    const Turn* find(quint64 id) const;
    bool isShown(quint64 id) const;
    bool isChosen(quint64 id) const; ///< Its siblings are not shown when its parent is.
    /// Every turn, in the order in which they were made.
    std::vector<const Turn*> allTurns() const;

    /// Goes on from the end of the shown path.
    Turn& append(Turn turn);
    /// Shortens the shown path to the turns before this one; nothing is taken out.
    void hideFrom(quint64 id);
    Branch branchOf(quint64 id) const;
    /// The sibling step places on; 0 when there is none.
    quint64 siblingOf(quint64 id, int step) const;
    std::vector<quint64> siblingsOf(quint64 id) const;     ///< itself included, oldest first
    std::vector<quint64> childrenOf(quint64 parent) const; ///< oldest first; 0: the first turns
    /// Makes the path go through this turn, and on as it last went on from there.
    bool show(quint64 id);
    /// Takes one turn out; those after it go on from the one before.
    std::optional<Removal> remove(quint64 id);
    void restore(const Removal& removal);
    /// Takes this turn and all that go on from it out. Returns which.
    std::vector<quint64> removeFrom(quint64 id);

    Draft draft; ///< what was being written when another chat was opened
    /// How answers are made here; none: as the defaults say, since nobody has chosen otherwise.
    std::optional<AnswerOptions> options;
    /// Who was chosen to answer here; none: who answered last.
    std::optional<AnswerSource> chosenSource;
    /// Who is to answer here; none: nobody has answered yet.
    std::optional<AnswerSource> source() const;

private:
    void layPath();

    ConversationHead m_head;
    bool m_loaded = true;
    std::vector<Turn> m_turns;
    std::map<quint64, Turn> m_hidden;
    std::map<quint64, quint64> m_chosen; ///< parent to the child that is shown
};

/// The request that continues a conversation with a question: thinking is left out of what went
/// before, and so are turns without an answer.
ChatRequest makeRequest(const Conversation& conversation, const Draft& question,
                        const AnswerOptions& options);

} // namespace argali::gui
