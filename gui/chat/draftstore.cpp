#include "gui/chat/draftstore.h"

#include <algorithm>

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

#include "gui/film/keyframeset.h"

namespace argali::gui {
namespace {

constexpr qint64 largestFile = 64 << 20;

QByteArray toJson(const Draft& draft)
{
    QJsonArray media;
    for (const MediaFile& file : draft.media) {
        QJsonArray chosen;
        for (const qint64 index : file.chosen)
            chosen.append(index);
        media.append(QJsonObject{{QStringLiteral("path"), file.path},
                                 {QStringLiteral("film"), file.isFilm()},
                                 {QStringLiteral("frames"), file.frames},
                                 {QStringLiteral("firstFrame"), file.firstFrame},
                                 {QStringLiteral("lastFrame"), file.lastFrame},
                                 {QStringLiteral("chosen"), chosen}});
    }
    return QJsonDocument(
               QJsonObject{{QStringLiteral("text"), draft.text}, {QStringLiteral("media"), media}})
        .toJson(QJsonDocument::Compact);
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

Draft DraftStore::restore() const
{
    QFile file(m_fileName);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QJsonObject object = QJsonDocument::fromJson(file.read(largestFile)).object();
    Draft draft;
    draft.text = object.value(QStringLiteral("text")).toString();
    for (const QJsonValue& entry : object.value(QStringLiteral("media")).toArray()) {
        const QJsonObject stored = entry.toObject();
        MediaFile media;
        media.path = stored.value(QStringLiteral("path")).toString();
        media.kind = stored.value(QStringLiteral("film")).toBool() ? MediaFile::Kind::Film
                                                                   : MediaFile::Kind::Picture;
        media.frames = std::clamp(stored.value(QStringLiteral("frames")).toInt(8), 0, 30);
        // Held to what the film has once it has been read.
        media.firstFrame = stored.value(QStringLiteral("firstFrame")).toInteger(0);
        media.lastFrame = stored.value(QStringLiteral("lastFrame")).toInteger(-1);
        for (const QJsonValue& index : stored.value(QStringLiteral("chosen")).toArray()) {
            if (media.chosen.size() < KeyFrameSet::most && index.isDouble())
                media.chosen.append(index.toInteger());
        }
        if (!media.path.isEmpty())
            draft.media.append(media);
    }
    return draft;
}

void DraftStore::save(const Draft& draft)
{
    m_waiting = toJson(draft);
    // Started once and not with every key, so that steady typing is saved too.
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
    if (m_waiting == m_written)
        return;
    m_written = m_waiting;
    m_writer.start([this, name = m_fileName, bytes = m_waiting] {
        QDir().mkpath(QFileInfo(name).absolutePath());
        QSaveFile file(name);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
            emit failed(name + QStringLiteral(": ") + file.errorString());
    });
}

} // namespace argali::gui
