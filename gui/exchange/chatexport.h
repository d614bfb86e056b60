#pragma once

#include <stop_token>

#include <QObject>
#include <QThread>

#include "gui/chat/conversationbook.h"
#include "gui/exchange/exportwriter.h"

namespace argali::gui {

class FormulaPage;
class HistoryStore;

/// Exports chats, one after the other, so that only one is in memory: those that are loaded as they
/// are now, the others from the store, without opening them. One of finished(), failed() and
/// stopped() follows each start.
/// Thread: GUI; files are written by a thread of its own.
class ChatExport final : public QObject {
    Q_OBJECT
public:
    /// history, formulas: may be null
    ChatExport(ConversationBook& book, HistoryStore* history, FormulaPage* formulas,
               QObject* parent = nullptr);
    ~ChatExport() override;

    /// path: of the file for one chat, of a new folder for several
    void start(const QList<quint64>& chats, const ExportOptions& options, const QString& path,
               bool isFolder);
    void cancel(); ///< stopped() follows, and nothing stays on disk.
    bool isBusy() const { return m_busy; }

signals:
    void progressed(qint64 done, qint64 total); ///< *Units*: chats
    void finished(const argali::gui::ExportResult& result);
    void failed(const argali::gui::Failure& failure);
    void stopped();

private:
    class Worker;
    void next();
    void take(const ExchangedChat& chat);
    void write(const FormulaTable& formulas);
    void end();
    QString folderName(quint64 folder) const;

    ConversationBook& m_book;
    HistoryStore* const m_history;
    FormulaPage* const m_formulas;
    QThread m_thread;
    Worker* const m_worker; ///< lives in m_thread, which deletes it at its end
    std::stop_source m_stop;
    bool m_busy = false;
    quint64 m_job = 0;
    QList<quint64> m_chats;
    qsizetype m_next = 0;
    quint64 m_reading = 0; ///< the chat that the store reads
    bool m_wrote = false;  ///< at least one chat
    int m_unread = 0;
    Failure m_whyUnread;
    ExchangedChat m_current; ///< while its formulas are made
};

} // namespace argali::gui
