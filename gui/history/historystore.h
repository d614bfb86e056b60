#pragma once

#include <functional>
#include <set>

#include <QObject>
#include <QThread>
#include <QTimer>

#include "gui/chat/conversationbook.h"
#include "gui/chat/turncontroller.h"
#include "gui/history/historyworker.h"

namespace argali::gui {

/// Keeps the chats of a book in a file: what is sent at once, what is being written at least every
/// saveDelay, the rest with it. Nothing here waits for the disk; what cannot be written is kept and
/// tried again.
/// Thread: GUI; the file is read and written by a thread of its own.
class HistoryStore final : public QObject {
    Q_OBJECT
public:
    HistoryStore(const QString& fileName, const QString& mediaFolder, ConversationBook& book,
                 TurnController& turns, QObject* parent = nullptr);
    ~HistoryStore() override; ///< Writes what is waiting.

    /// Begins to read; opened() follows.
    void open();
    bool isOpen() const { return m_isOpen; }
    bool isAllWritten() const
    {
        return !m_writing && m_heads.empty() && m_dirtyTurns.empty() && m_other.isEmpty();
    }
    HistoryDatabase::Access access() const { return m_access; }
    /// What is wrong with the history; none when all is well.
    std::optional<Failure> trouble() const { return m_trouble; }
    const QStringList& unkept() const { return m_unkept; } ///< Sent files that were not kept yet.
    /// Looks in titles and texts; found() follows, unless another search begins before.
    void search(const QString& words);
    /// Reads a chat of an earlier session without opening it; wasRead() or readFailed() follows.
    void read(quint64 conversation);
    /// Writes chats from elsewhere, whole or not at all; added() or addFailed() follows with the
    /// number that is returned. They are not in the book yet.
    quint64 add(const HistoryBatch& batch, const std::vector<StagedMedia>& media);
    const QString& mediaFolder() const { return m_mediaFolder; }
    /// Removes media that nothing has any more. Those of drafts stay.
    void purge();
    void flush();
    /// Removes everything that is kept on disk, for a book that was cleared; erased() follows.
    void erase();

    /// The media of what is being written, which no turn has yet.
    std::function<QStringList()> draftMedia;

    static constexpr std::chrono::milliseconds saveDelay{700};
    static constexpr std::chrono::milliseconds retryDelay{5000};

signals:
    /// The chats of earlier sessions are in the book.
    /// unopened: the one that was being opened when the program ended, or 0
    void opened(quint64 unopened);
    void troubleChanged();
    void wasRead(quint64 conversation, const std::vector<argali::gui::Turn>& turns,
                 const std::vector<quint64>& chosen);
    void readFailed(quint64 conversation, const argali::gui::Failure& failure);
    void added(quint64 number);
    void addFailed(quint64 number, const argali::gui::Failure& failure);
    void openFailed(quint64 conversation, const argali::gui::Failure& failure);
    void found(const QList<argali::gui::SearchHit>& hits);
    void allWritten();                    ///< Nothing is waiting.
    void erased(const QStringList& left); ///< Paths of what could not be removed.

private:
    void connectBook();
    void take(const HistoryFound& found);
    void takeErased(const HistoryFound& begun, const QStringList& left);
    void markTurn(quint64 conversation, quint64 turn, bool atOnce);
    void markHead(quint64 conversation);
    void later(std::chrono::milliseconds delay);
    HistoryBatch takeBatch();
    void writeEverything();
    void setTrouble(const std::optional<Failure>& trouble);

    ConversationBook& m_book;
    TurnController& m_turns;
    const QString m_mediaFolder;
    QThread m_thread;
    HistoryWorker* const m_worker; ///< lives in m_thread, which deletes it at its end
    QTimer m_timer;
    QTimer m_openedTimer;
    bool m_isOpen = false;
    HistoryDatabase::Access m_access = HistoryDatabase::Access::None;
    std::optional<Failure> m_trouble;
    bool m_isWriteTrouble = false; ///< it goes when writing succeeds
    QStringList m_unkept;
    quint64 m_search = 0;
    quint64 m_lastOpened = 0;
    quint64 m_batchNumber = 0;
    quint64 m_added = 0;
    bool m_writing = false;
    bool m_erasing = false;
    bool m_purgeWanted = false;

    // What is waiting, by its numbers; the texts are taken when it is written.
    std::set<quint64> m_heads;
    std::set<std::pair<quint64, quint64>> m_dirtyTurns; ///< chat and turn
    HistoryBatch m_other;                               ///< removals, restorations, folders
    HistoryBatch m_underway;
};

} // namespace argali::gui
