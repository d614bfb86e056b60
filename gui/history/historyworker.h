#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <QObject>

#include "gui/chat/conversationbook.h"
#include "gui/history/historydatabase.h"
#include "gui/history/mediakeeper.h"

namespace argali::gui {

/// What is to be written, in one transaction.
struct HistoryBatch {
    struct StoredTurn {
        quint64 conversation = 0;
        bool chosen = false;
        Turn turn;
    };
    struct StoredOptions {
        quint64 conversation = 0;
        AnswerOptions options;
    };
    std::vector<ConversationHead> heads;
    std::vector<StoredOptions> options; ///< of chats that are among the heads, or were before
    std::vector<StoredTurn> turns;
    std::vector<quint64> goneTurns;
    std::vector<quint64> removed;   ///< chats that can still be put back
    std::vector<quint64> restored;  ///< ... that were
    std::vector<quint64> forgotten; ///< ... that cannot
    std::optional<QList<ChatFolder>> folders;

    bool isEmpty() const
    {
        return heads.empty() && options.empty() && turns.empty() && goneTurns.empty() &&
               removed.empty() && restored.empty() && forgotten.empty() && !folders;
    }
};

/// A file that a batch brings along, in the folder of the media.
struct StagedMedia {
    QString file;   ///< where it lies until then; what the turns of the batch say
    QString sha256; ///< of its content
    QString name;   ///< to be kept under
};

/// What was found when the history was opened.
struct HistoryFound {
    HistoryDatabase::Access access = HistoryDatabase::Access::None;
    std::optional<Failure> failure;
    std::vector<ConversationHead> heads;
    QList<ChatFolder> folders;
    quint64 unopened = 0; ///< the chat that was being opened when the program ended
    QStringList unkept;   ///< sent files that are not kept yet
};

/// A place where searched words are.
struct SearchHit {
    quint64 conversation = 0;
    quint64 turn = 0;             ///< 0: in the title
    QString excerpt;              ///< plain text
    QList<QPair<int, int>> marks; ///< start and length of what was searched, in the excerpt
};

/// Reads and writes the history, all of it on one thread.
class HistoryWorker final : public QObject {
    Q_OBJECT
public:
    HistoryWorker(const QString& fileName, const QString& mediaFolder);
    ~HistoryWorker() override;

    void open();
    void write(const argali::gui::HistoryBatch& batch, quint64 number);
    /// As write(), of chats from elsewhere with their files; when it fails nothing of them stays.
    void add(argali::gui::HistoryBatch batch, const std::vector<argali::gui::StagedMedia>& media,
             quint64 number);
    void load(quint64 conversation);
    void read(quint64 conversation);       ///< The same, but it is not being opened.
    void noteOpened(quint64 conversation); ///< It was opened, and the program still lives.
    void search(const QString& words, quint64 ticket);
    /// Removes media that no turn has; what has one of these paths stays.
    void purge(const QStringList& inDrafts);
    /// Removes all chats, what was sent in them and every file they are in, and begins a new file.
    void erase();

    std::atomic<quint64> wantedSearch = 0; ///< earlier ones need no answer
    static constexpr int mostHits = 100;

signals:
    void opened(const argali::gui::HistoryFound& found);
    void written(quint64 number);
    void writeFailed(quint64 number, const argali::gui::Failure& failure);
    /// The file was damaged and a new one begun: everything that is in memory is to be written.
    void begunAnew(const argali::gui::Failure& failure);
    /// options: none when the chat is of before they were kept
    void loaded(quint64 conversation, const std::vector<argali::gui::Turn>& turns,
                const std::vector<quint64>& chosen,
                const std::optional<argali::gui::AnswerOptions>& options);
    void wasRead(quint64 conversation, const std::vector<argali::gui::Turn>& turns,
                 const std::vector<quint64>& chosen);
    void readFailed(quint64 conversation, const argali::gui::Failure& failure);
    void loadFailed(quint64 conversation, const argali::gui::Failure& failure);
    void found(quint64 ticket, const QList<argali::gui::SearchHit>& hits);
    /// begun: the new file; left: paths of what could not be removed
    void erased(const argali::gui::HistoryFound& begun, const QStringList& left);

private:
    void readHeads(HistoryFound& found);
    void writeAll(const HistoryBatch& batch);
    void writeTurn(const HistoryBatch::StoredTurn& stored);
    void writeMedia(const Turn& turn);
    void noteKept(const KeptMedia& media);
    void removeUnused(const QStringList& inDrafts);
    void readTurns(quint64 conversation, std::vector<Turn>& turns, std::vector<quint64>& chosen);
    std::optional<AnswerOptions> readOptions(quint64 conversation);
    QList<SearchHit> searchAll(const QStringList& terms);
    static Failure unreadable(const SqlError& error);
    void damaged(const SqlError& error);

    HistoryDatabase m_database;
    MediaKeeper m_media;
    QStringList m_unkept; ///< paths that the batch under way brought
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::HistoryFound)
Q_DECLARE_METATYPE(argali::gui::SearchHit)
