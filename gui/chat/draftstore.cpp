#include "gui/chat/draftstore.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

#include "gui/history/turnjson.h"

namespace argali::gui {
namespace {

constexpr qint64 largestFile = 64 << 20;
constexpr int mostDrafts = 10'000;

QJsonObject toJson(const KeptDraft& kept)
{
    QJsonArray media;
    for (const MediaFile& file : kept.draft.media) {
        QJsonObject details = mediaDetails(file);
        details.insert(QStringLiteral("path"), file.path);
        media.append(details);
    }
    QJsonObject object{{QStringLiteral("text"), kept.draft.text},
                       {QStringLiteral("media"), media},
                       {QStringLiteral("new"), kept.isNew}};
    if (kept.options)
        object.insert(QStringLiteral("options"), kept.options->toJson());
    return object;
}

KeptDraft fromJson(const QJsonObject& object)
{
    KeptDraft kept;
    kept.isNew = object.value(QStringLiteral("new")).toBool();
    kept.draft.text = object.value(QStringLiteral("text")).toString();
    for (const QJsonValue& entry : object.value(QStringLiteral("media")).toArray()) {
        const QJsonObject stored = entry.toObject();
        MediaFile media;
        media.path = stored.value(QStringLiteral("path")).toString();
        readMediaDetails(media, stored);
        if (!media.path.isEmpty())
            kept.draft.media.append(media);
    }
    const QJsonValue options = object.value(QStringLiteral("options"));
    if (kept.isNew && options.isObject())
        kept.options = AnswerOptions::fromJson(options.toObject()).held();
    return kept;
}

} // namespace

DraftStore::DraftStore(const QString& fileName, QObject* parent)
    : QObject(parent), m_fileName(fileName)
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(saveDelay);
    m_writer.setMaxThreadCount(1); // one after another, so that the newest is the last
    connect(&m_timer, &QTimer::timeout, this, &DraftStore::write);
}

DraftStore::~DraftStore()
{
    flush();
    m_writer.waitForDone();
}

QMap<quint64, KeptDraft> DraftStore::restore()
{
    QFile file(m_fileName);
    if (!file.open(QIODevice::ReadOnly))
        return m_drafts;
    m_written = file.read(largestFile);
    const QJsonObject object = QJsonDocument::fromJson(m_written).object();
    const QJsonObject drafts = object.value(QStringLiteral("drafts")).toObject();
    for (auto it = drafts.begin(); it != drafts.end() && m_drafts.size() < mostDrafts; ++it) {
        const KeptDraft kept = fromJson(it.value().toObject());
        const quint64 id = it.key().toULongLong();
        if (id != 0 && !kept.isEmpty())
            m_drafts.insert(id, kept);
    }
    m_restoredCurrent = object.value(QStringLiteral("current")).toString().toULongLong();
    if (object.contains(QStringLiteral("text"))) { // of the first version, which kept one
        KeptDraft only = fromJson(object);
        only.isNew = true;
        m_restoredCurrent = 0;
        if (!only.draft.isEmpty())
            m_drafts.insert(0, only);
    }
    return m_drafts;
}

void DraftStore::save(quint64 conversation, const Draft& draft, bool isNew,
                      const std::optional<AnswerOptions>& options)
{
    m_current = conversation;
    const KeptDraft kept{draft, isNew, isNew ? options : std::nullopt};
    if (kept.isEmpty())
        m_drafts.remove(conversation);
    else
        m_drafts.insert(conversation, kept);
    later();
}

void DraftStore::move(quint64 from, quint64 to)
{
    if (from == to || !m_drafts.contains(from))
        return;
    m_drafts.insert(to, m_drafts.take(from));
    later();
}

void DraftStore::remove(quint64 conversation)
{
    if (m_drafts.remove(conversation))
        later();
}

QStringList DraftStore::media() const
{
    QStringList paths;
    for (const KeptDraft& kept : m_drafts) {
        for (const MediaFile& file : kept.draft.media)
            paths.append(QFileInfo(file.path).absoluteFilePath());
    }
    return paths;
}

void DraftStore::erase()
{
    m_timer.stop();
    m_drafts.clear();
    m_written.clear();
    m_writer.start([this, name = m_fileName] { // after what is still being written
        const bool gone = QFile::remove(name) || !QFile::exists(name);
        emit erased(gone ? QStringList() : QStringList{name});
    });
}

/// Started once and not with every key, so that steady typing is saved too.
void DraftStore::later()
{
    if (!m_timer.isActive())
        m_timer.start();
}

void DraftStore::flush()
{
    if (m_timer.isActive()) {
        m_timer.stop();
        write();
    }
}

void DraftStore::write()
{
    QJsonObject drafts;
    for (auto it = m_drafts.begin(); it != m_drafts.end(); ++it)
        drafts.insert(QString::number(it.key()), toJson(it.value()));
    const QByteArray waiting =
        QJsonDocument(QJsonObject{{QStringLiteral("drafts"), drafts},
                                  {QStringLiteral("current"), QString::number(m_current)}})
            .toJson(QJsonDocument::Compact);
    if (waiting == m_written || (m_written.isEmpty() && m_drafts.isEmpty()))
        return;
    m_written = waiting;
    m_writer.start([this, name = m_fileName, bytes = waiting] {
        QDir().mkpath(QFileInfo(name).absolutePath());
        QSaveFile file(name);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
            emit failed(name + QStringLiteral(": ") + file.errorString());
    });
}

} // namespace argali::gui
