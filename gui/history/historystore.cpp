#include "gui/history/historystore.h"

#include <utility>

#include <QFileInfo>

namespace argali::gui {
namespace {

constexpr quint64 firstAdded = quint64(1) << 62; // beyond the numbers of what the book brings

} // namespace

using Access = HistoryDatabase::Access;

HistoryStore::HistoryStore(const QString& fileName, const QString& mediaFolder,
                           ConversationBook& book, TurnController& turns, QObject* parent)
    : QObject(parent),
      m_book(book),
      m_turns(turns),
      m_mediaFolder(QFileInfo(mediaFolder).absoluteFilePath()),
      m_worker(new HistoryWorker(fileName, mediaFolder))
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &HistoryStore::flush);
    m_openedTimer.setSingleShot(true);
    m_openedTimer.setInterval(3000); // shown, and the program still lives
    connect(&m_openedTimer, &QTimer::timeout, this, [this] {
        QMetaObject::invokeMethod(
            m_worker, [worker = m_worker, id = m_lastOpened] { worker->noteOpened(id); });
    });

    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    connect(m_worker, &HistoryWorker::opened, this, &HistoryStore::take);
    connect(m_worker, &HistoryWorker::written, this, [this](quint64 number) {
        if (number >= firstAdded)
            emit added(number);
        if (number != m_batchNumber)
            return;
        m_writing = false;
        m_underway = {};
        if (m_isWriteTrouble)
            setTrouble(std::nullopt);
        if (!isAllWritten()) {
            later(std::chrono::milliseconds(0));
            return;
        }
        if (m_purgeWanted)
            purge();
        emit allWritten();
    });
    connect(m_worker, &HistoryWorker::writeFailed, this,
            [this](quint64 number, const Failure& failure) {
                if (number >= firstAdded)
                    emit addFailed(number, failure);
                if (number != m_batchNumber)
                    return;
                // What was not written waits again; what has changed since is newer anyway.
                m_writing = false;
                for (const ConversationHead& head : m_underway.heads)
                    m_heads.insert(head.id);
                for (const auto& stored : m_underway.turns)
                    m_dirtyTurns.insert({stored.conversation, stored.turn.id});
                const auto again = [](std::vector<quint64>& now, std::vector<quint64>& old) {
                    now.insert(now.begin(), old.begin(), old.end());
                };
                again(m_other.goneTurns, m_underway.goneTurns);
                again(m_other.removed, m_underway.removed);
                again(m_other.restored, m_underway.restored);
                again(m_other.forgotten, m_underway.forgotten);
                if (!m_other.folders)
                    m_other.folders = m_underway.folders;
                m_underway = {};
                if (!m_trouble || m_isWriteTrouble) {
                    setTrouble(failure);
                    m_isWriteTrouble = true;
                }
                later(retryDelay);
            });
    connect(m_worker, &HistoryWorker::begunAnew, this, [this](const Failure& failure) {
        setTrouble(failure);
        writeEverything();
    });
    connect(m_worker, &HistoryWorker::loaded, this,
            [this](quint64 id, const std::vector<Turn>& read, const std::vector<quint64>& chosen,
                   const std::optional<AnswerOptions>& options) {
                m_lastOpened = id;
                m_book.fill(id, read, chosen, options);
                m_openedTimer.start();
            });
    connect(m_worker, &HistoryWorker::loadFailed, this, [this](quint64 id, const Failure& failure) {
        m_book.fillFailed(id);
        emit openFailed(id, failure);
    });
    connect(m_worker, &HistoryWorker::wasRead, this, &HistoryStore::wasRead);
    connect(m_worker, &HistoryWorker::readFailed, this, &HistoryStore::readFailed);
    connect(m_worker, &HistoryWorker::found, this,
            [this](quint64 ticket, const QList<SearchHit>& hits) {
                if (ticket == m_search)
                    emit found(hits);
            });
    connect(m_worker, &HistoryWorker::erased, this, &HistoryStore::takeErased);
    connectBook();
    m_thread.setObjectName(QStringLiteral("history"));
    m_thread.start();
}

HistoryStore::~HistoryStore()
{
    // What is under way is written, and then what has come since.
    QMetaObject::invokeMethod(m_worker,
                              [worker = m_worker, batch = takeBatch(), last = m_lastOpened] {
                                  worker->noteOpened(last);
                                  if (!batch.isEmpty())
                                      worker->write(batch, 0);
                              });
    QMetaObject::invokeMethod(m_worker, [this] { m_thread.quit(); });
    m_thread.wait();
}

void HistoryStore::connectBook()
{
    ConversationBook& book = m_book;
    connect(&book, &ConversationBook::loadRequested, this, [this](quint64 id) {
        QMetaObject::invokeMethod(m_worker, [worker = m_worker, id] { worker->load(id); });
    });
    connect(&book, &ConversationBook::headChanged, this, &HistoryStore::markHead);
    connect(&book, &ConversationBook::optionsChanged, this, [this](quint64 chat) {
        m_heads.insert(chat); // they go with it
        later(saveDelay);
    });
    connect(&book, &ConversationBook::turnChanged, this,
            [this](quint64 chat, quint64 turn) { markTurn(chat, turn, true); });
    connect(&book, &ConversationBook::turnRemoved, this, [this](quint64 chat, quint64 turn) {
        m_dirtyTurns.erase({chat, turn});
        m_other.goneTurns.push_back(turn);
        later(std::chrono::milliseconds(0));
    });
    connect(&book, &ConversationBook::removed, this, [this](quint64 chat) {
        std::erase(m_other.restored, chat);
        m_other.removed.push_back(chat);
        later(std::chrono::milliseconds(0));
    });
    connect(&book, &ConversationBook::restored, this, [this](quint64 chat) {
        std::erase(m_other.removed, chat);
        m_other.restored.push_back(chat);
        later(std::chrono::milliseconds(0));
    });
    connect(&book, &ConversationBook::forgotten, this, [this](quint64 chat) {
        m_heads.erase(chat);
        std::erase_if(m_dirtyTurns, [&](const auto& dirty) { return dirty.first == chat; });
        m_other.forgotten.push_back(chat);
        later(std::chrono::milliseconds(0));
        purge();
    });
    connect(&book, &ConversationBook::foldersChanged, this, [this] {
        m_other.folders = m_book.folders();
        later(std::chrono::milliseconds(0));
    });
    const auto grows = [this](quint64 turn) {
        if (const Conversation* chat = m_book.holding(turn))
            markTurn(chat->id(), turn, false);
    };
    connect(&m_turns, &TurnController::textAppended, this, grows);
    connect(&m_turns, &TurnController::thinkingAppended, this, grows);
    connect(&m_turns, &TurnController::textTakenBack, this, grows);
}

void HistoryStore::open()
{
    QMetaObject::invokeMethod(m_worker, [worker = m_worker] { worker->open(); });
}

void HistoryStore::take(const HistoryFound& found)
{
    if (m_erasing)
        return; // these are being removed
    m_isOpen = true;
    m_access = found.access;
    m_unkept = found.unkept;
    m_book.addEarlier(found.heads, found.folders);
    if (found.failure) // else it would take the place of what is being said of the model
        setTrouble(found.failure);
    if (!isAllWritten())
        later(std::chrono::milliseconds(0));
    emit opened(found.unopened);
    purge();
}

void HistoryStore::setTrouble(const std::optional<Failure>& trouble)
{
    m_trouble = trouble;
    m_isWriteTrouble = false;
    emit troubleChanged();
}

void HistoryStore::markHead(quint64 conversation)
{
    m_heads.insert(conversation);
    later(std::chrono::milliseconds(0));
}

void HistoryStore::markTurn(quint64 conversation, quint64 turn, bool atOnce)
{
    m_heads.insert(conversation);
    m_dirtyTurns.insert({conversation, turn});
    later(atOnce ? std::chrono::milliseconds(0) : saveDelay);
}

void HistoryStore::later(std::chrono::milliseconds delay)
{
    // An earlier appointment stands, so that steady writing is saved too.
    if (!m_timer.isActive() || m_timer.remainingTimeAsDuration() > delay)
        m_timer.start(delay);
}

void HistoryStore::flush()
{
    if (m_writing || m_erasing || !m_isOpen || m_access != Access::Full)
        return; // written() comes back to it
    const HistoryBatch batch = takeBatch();
    if (batch.isEmpty())
        return;
    m_writing = true;
    m_underway = batch;
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, batch, number = ++m_batchNumber] {
        worker->write(batch, number);
    });
}

/// Takes what is waiting out, with the texts as they are now.
HistoryBatch HistoryStore::takeBatch()
{
    HistoryBatch batch = std::exchange(m_other, {});
    const auto heads = std::exchange(m_heads, {});
    const auto turns = std::exchange(m_dirtyTurns, {});
    for (const quint64 id : heads) {
        const Conversation* chat = m_book.byId(id);
        if (!chat || chat->isEmpty()) // one without a turn is a draft
            continue;
        batch.heads.push_back(chat->head());
        if (chat->options)
            batch.options.push_back({id, *chat->options});
    }
    for (const auto& [id, turn] : turns) {
        const Conversation* chat = m_book.byId(id);
        if (const Turn* found = chat ? chat->find(turn) : nullptr)
            batch.turns.push_back({id, chat->isChosen(turn), *found});
    }
    return batch;
}

/// After a damaged file was put aside: what is in memory is all there is.
void HistoryStore::writeEverything()
{
    m_other.folders = m_book.folders();
    for (int i = 0; i < m_book.count(); ++i) {
        const Conversation& chat = m_book.at(i);
        if (!chat.isLoaded())
            continue;
        m_heads.insert(chat.id());
        for (const Turn* turn : chat.allTurns())
            m_dirtyTurns.insert({chat.id(), turn->id});
    }
    later(std::chrono::milliseconds(0));
}

void HistoryStore::search(const QString& words)
{
    m_worker->wantedSearch = ++m_search;
    QMetaObject::invokeMethod(
        m_worker, [worker = m_worker, words, ticket = m_search] { worker->search(words, ticket); });
}

void HistoryStore::read(quint64 conversation)
{
    QMetaObject::invokeMethod(m_worker,
                              [worker = m_worker, conversation] { worker->read(conversation); });
}

quint64 HistoryStore::add(const HistoryBatch& batch, const std::vector<StagedMedia>& media)
{
    const quint64 number = firstAdded + m_added++;
    QMetaObject::invokeMethod(
        m_worker, [worker = m_worker, batch, media, number] { worker->add(batch, media, number); });
    return number;
}

void HistoryStore::erase()
{
    m_timer.stop();
    m_openedTimer.stop();
    m_lastOpened = 0;
    ++m_batchNumber; // what is under way is written, and then removed
    m_writing = false;
    m_purgeWanted = false;
    m_underway = {};
    m_heads.clear();
    m_dirtyTurns.clear();
    m_other = {};
    m_unkept.clear();
    m_worker->wantedSearch = ++m_search;
    m_erasing = true;
    QMetaObject::invokeMethod(m_worker, [worker = m_worker] { worker->erase(); });
}

void HistoryStore::takeErased(const HistoryFound& begun, const QStringList& left)
{
    m_erasing = false;
    m_isOpen = true;
    m_access = begun.access;
    if (m_trouble || begun.failure)
        setTrouble(begun.failure);
    later(std::chrono::milliseconds(0)); // what was asked meanwhile
    emit erased(left);
}

void HistoryStore::purge()
{
    flush();
    m_purgeWanted = m_writing; // then after it
    if (m_purgeWanted)
        return;
    if (m_erasing)
        return; // nothing is left anyway
    const QStringList kept = draftMedia ? draftMedia() : QStringList();
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, kept] { worker->purge(kept); });
}

} // namespace argali::gui
