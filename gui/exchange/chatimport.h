#pragma once

#include <stop_token>

#include <QObject>
#include <QStringList>
#include <QThread>

#include "gui/chat/conversationbook.h"
#include "gui/exchange/chatjson.h"
#include "gui/history/historyworker.h"

namespace argali::gui {

class HistoryStore;

/// What became of an import.
struct ImportResult {
    QList<quint64> chats;    ///< the new ones
    QList<Failure> failures; ///< of files that were not imported
    int missing = 0;         ///< pictures and films that were not there, or not what was sent
    int elsewhere = 0;       ///< films that are too large to be copied
    int repaired = 0;        ///< places that did not fit together
};

/// Imports chats that were exported as JSON, one file after the other: each whole or not at all,
/// under new numbers, so that nothing that is there is touched. finished() follows each start, also
/// one that was cancelled, with what was imported until then.
/// Thread: GUI; files are read by a thread of its own, and written by the history's.
class ChatImport final : public QObject {
    Q_OBJECT
public:
    ChatImport(ConversationBook& book, HistoryStore& history, QObject* parent = nullptr);
    ~ChatImport() override;

    void start(const QStringList& files);
    void cancel();
    bool isBusy() const { return m_busy; }

    static constexpr qsizetype mostFiles = 10'000;

signals:
    void progressed(qint64 done, qint64 total); ///< *Units*: files
    void finished(const argali::gui::ImportResult& result);

private:
    class Worker;
    void next();
    void add(const ReadChat& read, const std::vector<StagedMedia>& media);
    void fail(const Failure& failure);

    ConversationBook& m_book;
    HistoryStore& m_history;
    QThread m_thread;
    Worker* const m_worker; ///< lives in m_thread, which deletes it at its end
    std::stop_source m_stop;
    bool m_busy = false;
    QStringList m_files;
    qsizetype m_next = 0;
    quint64 m_adding = 0; ///< number of what the history writes
    ConversationHead m_head;
    quint64 m_newFolder = 0; ///< made for the chat that is being added
    ImportResult m_result;
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::ImportResult)
