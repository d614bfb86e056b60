#include "gui/history/historyworker.h"

#include <utility>

#include <QBuffer>
#include <QCoreApplication>
#include <QFileInfo>
#include <QHash>
#include <QJsonDocument>

#include "gui/history/turnjson.h"

namespace argali::gui {
namespace {

constexpr int longestOptions = 1'000'000; // characters of JSON

enum StoredState { Finished = 3, Failed = 4, Interrupted = 5 };

struct WorkerWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::HistoryWorker)
};

qlonglong number(quint64 id)
{
    return qlonglong(id); // the driver writes other kinds as text
}

/// A null string would be a NULL.
QString text(const QString& value)
{
    return value.isNull() ? QLatin1String("") : value;
}

QString json(const QJsonObject& object)
{
    return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

QJsonObject objectIn(const QString& json)
{
    return QJsonDocument::fromJson(json.toUtf8()).object();
}

QByteArray encoded(const QImage& thumbnail)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    if (!thumbnail.isNull() && buffer.open(QIODevice::WriteOnly))
        thumbnail.save(&buffer, thumbnail.hasAlphaChannel() ? "PNG" : "JPEG", 85);
    return bytes;
}

int stateOf(const Answer& answer)
{
    return answer.interrupted ? int(Interrupted) : int(answer.state);
}

} // namespace

HistoryWorker::HistoryWorker(const QString& fileName, const QString& mediaFolder)
    : m_database(fileName), m_media(mediaFolder)
{
    connect(&m_media, &MediaKeeper::kept, this, &HistoryWorker::noteKept);
}

HistoryWorker::~HistoryWorker() = default;

void HistoryWorker::open()
{
    HistoryFound found;
    found.failure = m_database.open();
    for (int attempt = 0; attempt < 2; ++attempt) {
        found.access = m_database.access();
        if (found.access == HistoryDatabase::Access::None)
            break;
        try {
            readHeads(found);
            break;
        } catch (const SqlError& error) {
            found.heads.clear();
            found.folders.clear();
            if (found.access == HistoryDatabase::Access::Full && attempt == 0) {
                found.failure = m_database.setAside(error.text());
                continue;
            }
            m_database.close();
            found.access = HistoryDatabase::Access::None;
            found.failure = Failure(Error::Code::Internal, error.text());
        }
    }
    emit opened(found);
    for (const QString& path : found.unkept)
        m_media.keep(path);
}

void HistoryWorker::readHeads(HistoryFound& found)
{
    if (found.access == HistoryDatabase::Access::Full) {
        m_database.run(QStringLiteral("DELETE FROM conversations WHERE removed OR id NOT IN "
                                      "(SELECT conversation FROM turns)"));
        // What was being written when the program ended is as far as it came.
        m_database.run(QStringLiteral("UPDATE turns SET state=5 WHERE state<3"));
        QSqlQuery last =
            m_database.run(QStringLiteral("SELECT value FROM state WHERE key='opening'"));
        if (last.next())
            found.unopened = last.value(0).toULongLong();
        last.finish();
        m_database.run(QStringLiteral("DELETE FROM state WHERE key='opening'"));
        QSqlQuery unkept = m_database.run(
            QStringLiteral("SELECT DISTINCT path FROM turn_media WHERE sha256 IS NULL"));
        while (unkept.next())
            found.unkept.append(unkept.value(0).toString());
    }
    QSqlQuery folders =
        m_database.run(QStringLiteral("SELECT id, name FROM folders ORDER BY position"));
    while (folders.next())
        found.folders.append(
            {folders.value(0).toULongLong(), cleanName(folders.value(1).toString())});
    QSqlQuery heads = m_database.run(QStringLiteral(
        "SELECT id, title, heading, media, folder, pinned, created, changed FROM conversations "
        "WHERE NOT removed ORDER BY changed DESC, id DESC"));
    while (heads.next()) {
        ConversationHead head;
        head.id = heads.value(0).toULongLong();
        head.title = cleanName(heads.value(1).toString());
        head.heading = cleanName(heads.value(2).toString());
        const int media = heads.value(3).toInt();
        if (media >= 0)
            head.media = media == 1 ? MediaFile::Kind::Film : MediaFile::Kind::Picture;
        head.folder = heads.value(4).toULongLong();
        head.pinned = heads.value(5).toBool();
        head.created = heads.value(6).toLongLong();
        head.changed = heads.value(7).toLongLong();
        if (head.id != 0)
            found.heads.push_back(std::move(head));
    }
}

void HistoryWorker::damaged(const SqlError& error)
{
    emit begunAnew(m_database.setAside(error.text()));
}

void HistoryWorker::write(const HistoryBatch& batch, quint64 batchNumber)
{
    if (m_database.access() != HistoryDatabase::Access::Full) {
        emit written(batchNumber); // it has been said that nothing is kept
        return;
    }
    m_unkept.clear();
    try {
        m_database.begin();
        writeAll(batch);
        m_database.commit();
        emit written(batchNumber);
    } catch (const SqlError& error) {
        m_database.rollBack();
        if (error.meansDamage())
            damaged(error);
        emit writeFailed(batchNumber, HistoryDatabase::writeFailure(error));
        return;
    }
    for (const QString& path : std::exchange(m_unkept, {}))
        m_media.keep(path);
}

void HistoryWorker::add(HistoryBatch batch, const std::vector<StagedMedia>& media, quint64 number)
{
    QHash<QString, QString> places;
    QStringList brought;
    const auto giveUp = [&](const SqlError& error) {
        for (const QString& sum : brought)
            m_media.remove(sum);
        emit writeFailed(number, HistoryDatabase::writeFailure(error));
    };
    if (m_database.access() != HistoryDatabase::Access::Full) {
        giveUp(SqlError(8, QStringLiteral("the history is not open for writing")));
        return;
    }
    for (const StagedMedia& each : media) {
        bool isNew = false;
        const QString place = m_media.take(each.file, each.sha256, each.name, isNew);
        if (isNew)
            brought.append(each.sha256);
        if (place.isEmpty()) {
            giveUp(SqlError(8, each.name + QStringLiteral(" cannot be kept")));
            return;
        }
        places.insert(each.file, place);
    }
    for (HistoryBatch::StoredTurn& stored : batch.turns) {
        for (MediaFile& file : stored.turn.media)
            file.path = places.value(file.path, file.path);
    }
    m_unkept.clear();
    try {
        m_database.begin();
        writeAll(batch);
        m_database.commit();
    } catch (const SqlError& error) {
        m_database.rollBack();
        giveUp(error);
        if (error.meansDamage())
            damaged(error);
        return;
    }
    emit written(number);
    for (const QString& path : std::exchange(m_unkept, {}))
        m_media.keep(path);
}

void HistoryWorker::writeAll(const HistoryBatch& batch)
{
    for (const ConversationHead& head : batch.heads) {
        m_database.run(
            QStringLiteral(
                "INSERT INTO conversations(id, title, heading, media, folder, pinned, created, "
                "changed) "
                "VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET title=excluded.title, "
                "heading=excluded.heading, media=excluded.media, folder=excluded.folder, "
                "pinned=excluded.pinned, changed=excluded.changed"),
            {number(head.id), text(head.title), text(head.heading),
             head.media ? int(*head.media == MediaFile::Kind::Film) : -1, number(head.folder),
             int(head.pinned), head.created, head.changed});
    }
    for (const HistoryBatch::StoredOptions& stored : batch.options)
        m_database.run(QStringLiteral("UPDATE conversations SET options=? WHERE id=?"),
                       {json(stored.options.toJson()), number(stored.conversation)});
    for (const quint64 id : batch.goneTurns)
        m_database.run(QStringLiteral("DELETE FROM turns WHERE id=?"), {number(id)});
    for (const HistoryBatch::StoredTurn& stored : batch.turns)
        writeTurn(stored);
    const auto mark = [&](const std::vector<quint64>& ids, const QString& sql) {
        for (const quint64 id : ids)
            m_database.run(sql, {number(id)});
    };
    mark(batch.removed, QStringLiteral("UPDATE conversations SET removed=1 WHERE id=?"));
    mark(batch.restored, QStringLiteral("UPDATE conversations SET removed=0 WHERE id=?"));
    mark(batch.forgotten, QStringLiteral("DELETE FROM conversations WHERE id=?"));
    if (batch.folders) {
        m_database.run(QStringLiteral("DELETE FROM folders"));
        int position = 0;
        for (const ChatFolder& folder : *batch.folders)
            m_database.run(QStringLiteral("INSERT INTO folders(id, name, position) VALUES(?,?,?)"),
                           {number(folder.id), text(folder.name), position++});
    }
}

void HistoryWorker::writeTurn(const HistoryBatch::StoredTurn& stored)
{
    const Turn& turn = stored.turn;
    m_database.run(
        QStringLiteral(
            "INSERT INTO turns(id, conversation, parent, chosen, created, state, model, question, "
            "thinking, answer, details) VALUES(?,?,?,?,?,?,?,?,?,?,?) "
            "ON CONFLICT(id) DO UPDATE SET parent=excluded.parent, chosen=excluded.chosen, "
            "state=excluded.state, question=excluded.question, thinking=excluded.thinking, "
            "answer=excluded.answer, details=excluded.details"),
        {number(turn.id), number(stored.conversation), number(turn.parent), int(stored.chosen),
         turn.created, stateOf(turn.answer), text(turn.model), text(turn.question),
         text(turn.answer.thinking), text(turn.answer.text), json(turnDetails(turn))});
    writeMedia(turn);
}

/// The media of a sent turn never change, so they are written once.
void HistoryWorker::writeMedia(const Turn& turn)
{
    if (turn.media.isEmpty())
        return;
    QSqlQuery there = m_database.run(
        QStringLiteral("SELECT 1 FROM turn_media WHERE turn=? LIMIT 1"), {number(turn.id)});
    if (there.next())
        return;
    there.finish();
    int position = 0;
    for (const MediaFile& file : turn.media) {
        QVariant sum; // null
        if (const QString known = m_media.sumOf(file.path); !known.isEmpty()) {
            m_database.run(
                QStringLiteral("INSERT OR IGNORE INTO media(sha256, bytes, copy) VALUES(?,?,?)"),
                {known, QFileInfo(file.path).size(), text(file.name())});
            sum = known;
        } else {
            m_unkept.append(file.path);
        }
        m_database.run(
            QStringLiteral("INSERT INTO turn_media(turn, position, path, sha256, details, "
                           "thumbnail) VALUES(?,?,?,?,?,?)"),
            {number(turn.id), position++, text(file.path), sum, json(mediaDetails(file)),
             encoded(file.thumbnail)});
    }
}

void HistoryWorker::noteKept(const KeptMedia& media)
{
    if (media.sha256.isEmpty() || m_database.access() != HistoryDatabase::Access::Full)
        return;
    try {
        m_database.begin();
        m_database.run(QStringLiteral("INSERT INTO media(sha256, bytes, copy) VALUES(?,?,?) "
                                      "ON CONFLICT(sha256) DO UPDATE SET copy=excluded.copy"),
                       {media.sha256, media.bytes, text(media.copy)});
        m_database.run(
            QStringLiteral("UPDATE turn_media SET sha256=? WHERE path=? AND sha256 IS NULL"),
            {media.sha256, media.path});
        m_database.commit();
    } catch (const SqlError&) {
        m_database.rollBack(); // the next start finds it without a sum and tries again
    }
}

void HistoryWorker::load(quint64 conversation)
{
    std::vector<Turn> turns;
    std::vector<quint64> chosen;
    try {
        if (m_database.access() == HistoryDatabase::Access::Full)
            m_database.run(
                QStringLiteral("INSERT OR REPLACE INTO state(key, value) VALUES('opening', ?)"),
                {QString::number(conversation)});
        readTurns(conversation, turns, chosen);
        emit loaded(conversation, turns, chosen, readOptions(conversation));
    } catch (const SqlError& error) {
        emit loadFailed(conversation, unreadable(error));
        if (error.meansDamage())
            damaged(error);
    }
}

Failure HistoryWorker::unreadable(const SqlError& error)
{
    return Failure::withSentence(
        Error::Code::Internal,
        WorkerWords::tr("This chat cannot be read. The others are not touched by it."),
        error.text());
}

void HistoryWorker::read(quint64 conversation)
{
    std::vector<Turn> turns;
    std::vector<quint64> chosen;
    try {
        readTurns(conversation, turns, chosen);
        emit wasRead(conversation, turns, chosen);
    } catch (const SqlError& error) {
        emit readFailed(conversation, unreadable(error));
        if (error.meansDamage() && m_database.access() == HistoryDatabase::Access::Full)
            damaged(error);
    }
}

void HistoryWorker::noteOpened(quint64 conversation)
{
    if (m_database.access() != HistoryDatabase::Access::Full)
        return;
    try {
        m_database.run(QStringLiteral("DELETE FROM state WHERE key='opening' AND value=?"),
                       {QString::number(conversation)});
    } catch (const SqlError&) {
        // At worst the chat is said not to have opened, and opens with the next click.
    }
}

std::optional<AnswerOptions> HistoryWorker::readOptions(quint64 conversation)
{
    if (!m_database.hasOptions())
        return std::nullopt;
    QSqlQuery query = m_database.run(
        QStringLiteral("SELECT options FROM conversations WHERE id=? AND length(options)<=?"),
        {number(conversation), longestOptions});
    if (!query.next())
        return std::nullopt;
    const QJsonObject object = objectIn(query.value(0).toString());
    return object.isEmpty() ? std::nullopt : std::optional(AnswerOptions::fromJson(object).held());
}

void HistoryWorker::readTurns(quint64 conversation, std::vector<Turn>& turns,
                              std::vector<quint64>& chosen)
{
    QSqlQuery query = m_database.run(
        QStringLiteral(
            "SELECT id, parent, chosen, created, state, model, question, thinking, answer, "
            "details FROM turns WHERE conversation=? ORDER BY id"),
        {number(conversation)});
    while (query.next()) {
        Turn turn;
        turn.id = query.value(0).toULongLong();
        turn.parent = query.value(1).toULongLong();
        turn.created = query.value(3).toLongLong();
        const int state = query.value(4).toInt();
        turn.answer.state = state == Failed ? Answer::State::Failed : Answer::State::Finished;
        turn.model = query.value(5).toString();
        turn.question = query.value(6).toString();
        turn.answer.thinking = query.value(7).toString();
        turn.answer.text = query.value(8).toString();
        readTurnDetails(turn, objectIn(query.value(9).toString()));
        turn.answer.thinkingDone = !turn.answer.thinking.isEmpty();
        turn.answer.interrupted = state == Interrupted;
        if (turn.answer.interrupted)
            turn.answer.finishReason = FinishReason::Cancelled;
        if (query.value(2).toBool())
            chosen.push_back(turn.id);
        turns.push_back(std::move(turn));
    }
    QSqlQuery media = m_database.run(
        QStringLiteral(
            "SELECT m.turn, m.path, m.sha256, k.copy, m.details, m.thumbnail FROM turn_media m "
            "JOIN turns t ON t.id=m.turn LEFT JOIN media k ON k.sha256=m.sha256 "
            "WHERE t.conversation=? ORDER BY m.turn, m.position"),
        {number(conversation)});
    auto turn = turns.begin();
    while (media.next()) {
        while (turn != turns.end() && turn->id < media.value(0).toULongLong())
            ++turn;
        if (turn == turns.end())
            break;
        MediaFile file;
        file.path = media.value(1).toString();
        const QString copy = m_media.pathOf(media.value(2).toString(), media.value(3).toString());
        if (!copy.isEmpty())
            file.path = copy;
        readMediaDetails(file, objectIn(media.value(4).toString()));
        const QImage thumbnail = QImage::fromData(media.value(5).toByteArray());
        if (thumbnail.width() <= MediaFile::thumbnailSize.width() &&
            thumbnail.height() <= MediaFile::thumbnailSize.height())
            file.thumbnail = thumbnail;
        turn->media.append(file);
    }
}

void HistoryWorker::purge(const QStringList& inDrafts)
{
    if (m_database.access() != HistoryDatabase::Access::Full)
        return;
    try {
        removeUnused(inDrafts);
    } catch (const SqlError&) {
        // They stay until the next time.
    }
}

void HistoryWorker::erase()
{
    m_unkept.clear();
    const QStringList left = m_media.erase() + m_database.erase();
    HistoryFound begun;
    begun.failure = m_database.open();
    begun.access = m_database.access();
    emit erased(begun, left);
}

void HistoryWorker::removeUnused(const QStringList& inDrafts)
{
    QStringList kept;
    for (const QString& path : inDrafts)
        kept.append(m_media.sumOf(path));
    QSqlQuery unused =
        m_database.run(QStringLiteral("SELECT sha256 FROM media k WHERE NOT EXISTS(SELECT 1 FROM "
                                      "turn_media m WHERE m.sha256=k.sha256)"));
    QStringList gone;
    while (unused.next()) {
        if (!kept.contains(unused.value(0).toString()))
            gone.append(unused.value(0).toString());
    }
    unused.finish();
    for (const QString& sum : gone) {
        m_database.run(QStringLiteral("DELETE FROM media WHERE sha256=?"), {sum});
        m_media.remove(sum);
    }
}

} // namespace argali::gui
