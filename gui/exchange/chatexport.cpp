#include "gui/exchange/chatexport.h"

#include <algorithm>
#include <utility>

#include "gui/exchange/formulapage.h"
#include "gui/history/historystore.h"

namespace argali::gui {

/// Has the writer, on its thread. Exceptions end here.
class ChatExport::Worker final : public QObject {
    Q_OBJECT
public:
    void begin(const QString& path, bool isFolder, const ExportOptions& options,
               const std::stop_token& stop)
    {
        attempt([&] {
            m_writer = std::make_unique<ExportWriter>(path, isFolder, options, stop);
            m_writer->begin();
            emit written();
        });
    }
    void prepare(const ExchangedChat& chat)
    {
        attempt([&] { emit prepared(m_writer->formulasOf(chat)); });
    }
    void add(const ExchangedChat& chat, const FormulaTable& formulas)
    {
        attempt([&] {
            m_writer->add(chat, formulas);
            emit written();
        });
    }
    void finish()
    {
        attempt([&] {
            const ExportResult result = m_writer->finish();
            m_writer.reset();
            emit finished(result);
        });
    }
    void giveUp(quint64 job)
    {
        m_writer.reset();
        emit gaveUp(job);
    }

signals:
    void written();
    void prepared(const QList<argali::gui::Formula>& formulas);
    void finished(const argali::gui::ExportResult& result);
    void gaveUp(quint64 job);
    void failed(const argali::gui::Failure& failure);

private:
    template <class Work> void attempt(const Work& work)
    {
        try {
            work();
        } catch (const ExportError& error) {
            m_writer.reset();
            emit failed(error.failure());
        } catch (const std::exception& error) {
            m_writer.reset();
            emit failed(Failure::from(error));
        }
    }

    std::unique_ptr<ExportWriter> m_writer;
};

ChatExport::ChatExport(ConversationBook& book, HistoryStore* history, FormulaPage* formulas,
                       QObject* parent)
    : QObject(parent), m_book(book), m_history(history), m_formulas(formulas), m_worker(new Worker)
{
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    connect(m_worker, &Worker::written, this, &ChatExport::next);
    connect(m_worker, &Worker::prepared, this, [this](const QList<Formula>& wanted) {
        if (m_stop.stop_requested())
            return; // stopped() is under way
        if (m_formulas && !wanted.isEmpty())
            m_formulas->render(wanted);
        else
            write({});
    });
    connect(m_worker, &Worker::finished, this, [this](ExportResult result) {
        result.unread = m_unread;
        end();
        if (m_stop.stop_requested() && result.path.isEmpty())
            emit stopped();
        else
            emit finished(result);
    });
    connect(m_worker, &Worker::gaveUp, this, [this](quint64 job) {
        if (job != m_job || !m_busy) // it had come to its end already
            return;
        const bool wasStopped = m_stop.stop_requested();
        end();
        if (wasStopped)
            emit stopped();
        else
            emit failed(m_whyUnread);
    });
    connect(m_worker, &Worker::failed, this, [this](const Failure& failure) {
        end();
        emit failed(failure);
    });
    if (formulas)
        connect(formulas, &FormulaPage::rendered, this, [this](const FormulaTable& table) {
            if (m_busy && !m_stop.stop_requested())
                write(table);
        });
    if (history) {
        connect(
            history, &HistoryStore::wasRead, this,
            [this](quint64 id, const std::vector<Turn>& turns, const std::vector<quint64>& chosen) {
                if (id != m_reading)
                    return;
                m_reading = 0;
                if (const Conversation* chat = m_book.byId(id))
                    take({chat->head(), folderName(chat->head().folder), turns, chosen});
                else
                    next(); // it was deleted meanwhile
            });
        connect(history, &HistoryStore::readFailed, this,
                [this](quint64 id, const Failure& failure) {
                    if (id != m_reading)
                        return;
                    m_reading = 0;
                    ++m_unread;
                    m_whyUnread = failure;
                    next();
                });
    }
    m_thread.setObjectName(QStringLiteral("export"));
    m_thread.start();
}

ChatExport::~ChatExport()
{
    m_stop.request_stop();
    m_thread.quit();
    m_thread.wait(); // it looks at the stop every megabyte and every turn
}

void ChatExport::start(const QList<quint64>& chats, const ExportOptions& options,
                       const QString& path, bool isFolder)
{
    m_stop = std::stop_source();
    m_busy = true;
    ++m_job;
    m_chats = chats;
    m_next = 0;
    m_wrote = false;
    m_unread = 0;
    m_whyUnread =
        Failure::withSentence(Error::Code::Missing, tr("There is no chat to export any more."));
    QMetaObject::invokeMethod(m_worker, [=, worker = m_worker, stop = m_stop.get_token()] {
        worker->begin(path, isFolder, options, stop);
    });
}

void ChatExport::cancel()
{
    m_stop.request_stop();
    if (!m_busy)
        return;
    if (m_formulas)
        m_formulas->stop();
    // Behind what the worker is at, which ends early and comes to next(); that asks nothing more.
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, job = m_job] { worker->giveUp(job); });
}

void ChatExport::next()
{
    if (!m_busy || m_stop.stop_requested())
        return;
    emit progressed(m_next, m_chats.size());
    while (m_next < m_chats.size()) {
        const quint64 id = m_chats.at(m_next++);
        const Conversation* chat = m_book.byId(id);
        if (!chat || chat->isEmpty())
            continue;
        if (!chat->isLoaded()) {
            if (!m_history)
                continue;
            m_reading = id;
            m_history->read(id);
            return;
        }
        take(exchangedChat(*chat, folderName(chat->head().folder)));
        return;
    }
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, wrote = m_wrote, job = m_job] {
        if (wrote)
            worker->finish();
        else
            worker->giveUp(job);
    });
}

void ChatExport::take(const ExchangedChat& chat)
{
    if (!m_busy || m_stop.stop_requested())
        return;
    m_current = chat;
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, chat] { worker->prepare(chat); });
}

void ChatExport::write(const FormulaTable& formulas)
{
    m_wrote = true;
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, chat = std::exchange(m_current, {}),
                                         formulas] { worker->add(chat, formulas); });
}

void ChatExport::end()
{
    m_busy = false;
    m_reading = 0;
    m_current = {};
    m_chats.clear();
}

QString ChatExport::folderName(quint64 folder) const
{
    for (const ChatFolder& each : m_book.folders()) {
        if (each.id == folder)
            return each.name;
    }
    return {};
}

} // namespace argali::gui

#include "chatexport.moc"
