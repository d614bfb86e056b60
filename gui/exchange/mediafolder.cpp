#include "gui/exchange/mediafolder.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QMimeDatabase>

#include "gui/chat/attachable.h"
#include "gui/exchange/exportwriter.h"
#include "gui/exchange/regularfile.h"

namespace argali::gui {
namespace {

constexpr qint64 blockSize = 1 << 20;

/// A name that ends as pictures and films do, so that nobody runs it by a click.
QString mediaName(const MediaFile& file)
{
    const QString other = file.isFilm() ? QStringLiteral("film") : QStringLiteral("picture");
    const QString name = safeName(file.name(), other);
    if (isNamedLikeMedia(name))
        return name;
    const QMimeType type = QMimeDatabase().mimeTypeForFile(file.path, QMimeDatabase::MatchContent);
    const bool known = type.name().startsWith(QLatin1String("image/")) ||
                       type.name().startsWith(QLatin1String("video/"));
    const QString ending = known ? type.preferredSuffix() : QString();
    return name + QLatin1Char('.') + (ending.isEmpty() ? QStringLiteral("media") : ending);
}

} // namespace

const MediaFolder::Copy& MediaFolder::add(const MediaFile& file)
{
    const auto known = m_copies.find(file.path);
    if (known != m_copies.end())
        return known->second;
    return m_copies.emplace(file.path, copy(file)).first->second;
}

MediaFolder::Copy MediaFolder::copy(const MediaFile& file)
{
    QFile original;
    if (!openRegular(original, file.path, Links::Follow)) {
        ++m_missing;
        return {};
    }
    if (!m_made && !QDir().mkpath(m_folder))
        throw ExportError(ExportWriter::writeFailure(m_folder, {}));
    m_made = true;
    Copy made{m_names.take(mediaName(file)), {}, 0};
    QFile target(m_folder + QLatin1Char('/') + made.name);
    if (!target.open(QIODevice::WriteOnly | QIODevice::NewOnly))
        throw ExportError(ExportWriter::writeFailure(target.fileName(), target.errorString()));
    QCryptographicHash sum(QCryptographicHash::Sha256);
    QByteArray block(blockSize, Qt::Uninitialized);
    for (;;) {
        const qint64 got = original.read(block.data(), block.size());
        if (m_stop.stop_requested() || got < 0) {
            target.remove();
            m_missing += got < 0 ? 1 : 0;
            return {};
        }
        if (got == 0)
            break;
        made.bytes += got;
        sum.addData(QByteArrayView(block.constData(), qsizetype(got)));
        if (target.write(block.constData(), got) != got)
            throw ExportError(ExportWriter::writeFailure(target.fileName(), target.errorString()));
    }
    if (!target.flush())
        throw ExportError(ExportWriter::writeFailure(target.fileName(), target.errorString()));
    made.sha256 = QString::fromLatin1(sum.result().toHex());
    return made;
}

} // namespace argali::gui
