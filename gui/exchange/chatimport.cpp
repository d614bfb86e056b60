#include "gui/exchange/chatimport.h"

#include <utility>

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QHash>

#include "gui/exchange/mediastage.h"
#include "gui/exchange/regularfile.h"
#include "gui/history/historystore.h"

namespace argali::gui {

/// Reads files and copies media, on its thread. Exceptions end here.
class ChatImport::Worker final : public QObject {
    Q_OBJECT
public:
    explicit Worker(const QString& mediaFolder) : m_mediaFolder(mediaFolder) {}

    void read(const QString& path, const std::stop_token& stop)
    {
        m_stage.reset();
        try {
            readFile(path, stop);
        } catch (const ExportError& error) {
            emit failed(error.failure());
        } catch (const std::exception& error) {
            emit failed(Failure::from(error));
        }
    }
    void forget() { m_stage.reset(); } ///< What was not kept by now is not needed.

signals:
    void ready(const argali::gui::ReadChat& read,
               const std::vector<argali::gui::StagedMedia>& media, int missing, int elsewhere);
    void failed(const argali::gui::Failure& failure);
    void stopped();

private:
    void readFile(const QString& path, const std::stop_token& stop)
    {
        const QFileInfo info(path);
        QFile file;
        if (!openRegular(file, path, Links::Follow)) {
            emit failed(Failure::withSentence(
                Error::Code::Missing,
                tr("“%1” cannot be read. Check that it is still there.").arg(info.fileName()),
                path));
            return;
        }
        const QByteArray json = file.read(chatjson::largestFile + 1);
        if (json.size() > chatjson::largestFile) {
            emit failed(Failure::withSentence(
                Error::Code::Unsupported,
                tr("“%1” is larger than a chat can be. Nothing of it was imported.")
                    .arg(info.fileName()),
                QStringLiteral("more than %1 bytes").arg(chatjson::largestFile)));
            return;
        }
        Result<ReadChat> result = readChat(json, info.fileName(), stop);
        if (!result && !stop.stop_requested()) {
            emit failed(result.failure());
            return;
        }
        if (!stop.stop_requested()) {
            ReadChat read = *result;
            m_stage = std::make_unique<MediaStage>(m_mediaFolder);
            m_stage->take(read, info.absolutePath(), stop);
            if (!stop.stop_requested()) {
                emit ready(read, m_stage->media(), m_stage->missing(), m_stage->elsewhere());
                return;
            }
        }
        m_stage.reset();
        emit stopped();
    }

    const QString m_mediaFolder;
    std::unique_ptr<MediaStage> m_stage; ///< until the history has taken its files
};

ChatImport::ChatImport(ConversationBook& book, HistoryStore& history, QObject* parent)
    : QObject(parent), m_book(book), m_history(history), m_worker(new Worker(history.mediaFolder()))
{
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    connect(m_worker, &Worker::ready, this,
            [this](const ReadChat& read, const std::vector<StagedMedia>& media, int missing,
                   int elsewhere) {
                m_result.missing += missing;
                m_result.elsewhere += elsewhere;
                m_result.repaired += read.repaired;
                add(read, media);
            });
    connect(m_worker, &Worker::failed, this, &ChatImport::fail);
    connect(m_worker, &Worker::stopped, this, &ChatImport::next);
    connect(&history, &HistoryStore::added, this, [this](quint64 number) {
        if (number != std::exchange(m_adding, number == m_adding ? 0 : m_adding))
            return;
        m_newFolder = 0;
        m_book.addEarlier({m_head}, {});
        m_result.chats.append(m_head.id);
        next();
    });
    connect(
        &history, &HistoryStore::addFailed, this, [this](quint64 number, const Failure& failure) {
            if (number != std::exchange(m_adding, number == m_adding ? 0 : m_adding))
                return;
            if (const quint64 folder = std::exchange(m_newFolder, 0))
                m_book.removeFolder(folder);
            fail(Failure::withSentence(
                failure.code(),
                tr("“%1” could not be saved: check the free space, and whether your chats can be "
                   "written to. Nothing of it was imported.")
                    .arg(m_head.title.isEmpty() ? m_head.heading : m_head.title),
                failure.details()));
        });
    m_thread.setObjectName(QStringLiteral("import"));
    m_thread.start();
}

ChatImport::~ChatImport()
{
    m_stop.request_stop();
    m_thread.quit();
    m_thread.wait(); // it looks at the stop every megabyte and every turn
}

void ChatImport::start(const QStringList& files)
{
    m_stop = std::stop_source();
    m_busy = true;
    m_files = files.mid(0, mostFiles);
    m_next = 0;
    m_result = {};
    if (!m_history.isOpen() || m_history.access() != HistoryDatabase::Access::Full) {
        m_files.clear();
        m_result.failures.append(Failure::withSentence(
            Error::Code::Missing,
            tr("Nothing can be imported while your chats cannot be written to.")));
    }
    QMetaObject::invokeMethod(this, &ChatImport::next, Qt::QueuedConnection);
}

void ChatImport::cancel()
{
    m_stop.request_stop(); // the file that is being read ends early, one that is written is whole
}

void ChatImport::next()
{
    QMetaObject::invokeMethod(m_worker, [worker = m_worker] { worker->forget(); });
    if (m_next >= m_files.size() || m_stop.stop_requested()) {
        m_busy = false;
        m_files.clear();
        emit finished(std::exchange(m_result, {}));
        return;
    }
    emit progressed(m_next, m_files.size());
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, path = m_files.at(m_next++),
                                         stop = m_stop.get_token()] { worker->read(path, stop); });
}

void ChatImport::fail(const Failure& failure)
{
    m_result.failures.append(failure);
    next();
}

/// Gives everything its number and has it written.
void ChatImport::add(const ReadChat& read, const std::vector<StagedMedia>& media)
{
    HistoryBatch batch;
    m_head = read.chat.head;
    m_head.id = m_book.newId();
    if (!read.chat.folder.isEmpty()) {
        for (const ChatFolder& folder : m_book.folders()) {
            if (folder.name == read.chat.folder)
                m_head.folder = folder.id;
        }
        if (m_head.folder == 0)
            m_head.folder = m_newFolder = m_book.addFolder(read.chat.folder);
    }
    Conversation conversation(m_head);
    conversation.fill(read.chat.turns, read.chat.chosen);
    conversation.head().title.clear();
    m_head.heading = cleanName(conversation.title());
    m_head.media = conversation.firstMedia();
    const std::set<quint64> chosen = chosenTurns(conversation);
    QHash<quint64, quint64> numbers;
    for (const Turn* each : conversation.allTurns()) { // parents first
        Turn turn = *each;
        turn.id = m_book.newId();
        numbers.insert(each->id, turn.id);
        turn.parent = numbers.value(each->parent);
        batch.turns.push_back({m_head.id, chosen.contains(each->id), std::move(turn)});
    }
    batch.heads.push_back(m_head);
    m_adding = m_history.add(batch, media);
}

} // namespace argali::gui

#include "chatimport.moc"
