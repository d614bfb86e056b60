#include "gui/exchange/mediastage.h"

#include <algorithm>
#include <map>

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>

#include "engine/media/mediareader.h"
#include "gui/exchange/exportwriter.h"
#include "gui/exchange/regularfile.h"
#include "gui/exchange/safename.h"
#include "gui/history/mediakeeper.h"

namespace argali::gui {
namespace {

struct StageWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::MediaStage)
};

constexpr qint64 stagedBlock = 1 << 20;

Failure copyFailure(const QString& folder, const QString& why)
{
    return Failure::withSentence(
        Error::Code::Missing,
        StageWords::tr(
            "The pictures and films of the chat cannot be copied to %1. Check the free space "
            "and the rights there.")
            .arg(QDir::toNativeSeparators(folder)),
        why);
}

/// What is left of an import during which the program ended.
void removeOld(const QString& mediaFolder)
{
    const QDateTime yesterday = QDateTime::currentDateTime().addDays(-1);
    const QFileInfoList folders =
        QDir(mediaFolder)
            .entryInfoList({QStringLiteral("import-??????")}, QDir::Dirs | QDir::NoSymLinks);
    for (const QFileInfo& folder : folders) {
        if (folder.lastModified() < yesterday)
            QDir(folder.absoluteFilePath()).removeRecursively();
    }
}

/// Kind and size as the file itself has them, within the reader's limits.
bool look(const QString& path, MediaFile& file)
{
    try {
        const MediaInfo info =
            probeMedia(std::filesystem::path(QFile::encodeName(path).toStdString()));
        if ((info.kind == MediaInfo::Kind::Film) != file.isFilm())
            return false;
        file.size = QSize(info.size.width, info.size.height);
        if (file.isFilm()) {
            file.duration = info.duration;
            file.frameCount = info.frameCount;
            file.frameRate = info.frameRate;
        }
        return true;
    } catch (const std::exception&) { // no picture or film, or one beyond the limits
        return false;
    }
}

} // namespace

void MediaStage::take(ReadChat& read, const QString& folder, const std::stop_token& stop)
{
    std::map<QString, QString> known; // by the path of the original
    for (const NamedMedia& named : read.media) {
        if (stop.stop_requested())
            return;
        MediaFile& file = read.chat.turns[named.turn].media[named.index];
        const QString name = file.path;
        const QString place = folder + QLatin1Char('/') + named.folder;
        const QString path = place + QLatin1Char('/') + named.file;
        // What is not there keeps its name, in no folder that there could be.
        file.path = QStringLiteral("/nonexistent/") + name;
        if (named.file.isEmpty() || QFileInfo(place).isSymLink()) {
            ++m_missing;
            continue;
        }
        auto at = known.find(path);
        if (at == known.end())
            at = known.emplace(path, stage(path, name, named.sha256, stop)).first;
        if (!at->second.isEmpty() && look(at->second, file))
            file.path = at->second;
        else
            ++m_missing;
    }
    std::erase_if(m_media, [&](const StagedMedia& staged) {
        return std::none_of(read.media.begin(), read.media.end(), [&](const NamedMedia& named) {
            return read.chat.turns[named.turn].media[named.index].path == staged.file;
        });
    });
}

QString MediaStage::newFile()
{
    if (!m_folder) {
        QDir().mkpath(m_mediaFolder);
        removeOld(m_mediaFolder);
        m_folder =
            std::make_unique<QTemporaryDir>(m_mediaFolder + QStringLiteral("/import-XXXXXX"));
    }
    if (!m_folder->isValid())
        throw ExportError(copyFailure(m_mediaFolder, m_folder->errorString()));
    return m_folder->filePath(QString::number(m_media.size()));
}

/// The path under which the content may be used; empty when the file is not there, or not the one.
QString MediaStage::stage(const QString& path, const QString& name, const QString& sum,
                          const std::stop_token& stop)
{
    QFile original;
    if (!openRegular(original, path, Links::Refuse))
        return {};
    const bool copies = original.size() <= MediaKeeper::largestCopy;
    QFile copy;
    if (copies) {
        copy.setFileName(newFile());
        if (!copy.open(QIODevice::WriteOnly))
            throw ExportError(copyFailure(m_mediaFolder, copy.errorString()));
    }
    QCryptographicHash hash(QCryptographicHash::Sha256);
    QByteArray block(stagedBlock, Qt::Uninitialized);
    qint64 bytes = 0;
    for (;;) {
        const qint64 got = original.read(block.data(), block.size());
        bytes += std::max<qint64>(got, 0);
        if (got < 0 || stop.stop_requested() || (copies && bytes > MediaKeeper::largestCopy)) {
            copy.remove();
            return {};
        }
        if (got == 0)
            break;
        hash.addData(QByteArrayView(block.constData(), qsizetype(got)));
        if (copies && copy.write(block.constData(), got) != got)
            throw ExportError(copyFailure(m_mediaFolder, copy.errorString()));
    }
    const QString found = QString::fromLatin1(hash.result().toHex());
    if (found != sum.toLower() || (copies && !copy.flush())) {
        copy.remove();
        return {};
    }
    if (!copies) {
        ++m_elsewhere;
        return path;
    }
    m_media.push_back({copy.fileName(), found, name});
    return copy.fileName();
}

} // namespace argali::gui
