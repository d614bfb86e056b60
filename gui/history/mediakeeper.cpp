#include "gui/history/mediakeeper.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QTemporaryFile>

namespace argali::gui {
namespace {

bool isSum(const QString& name)
{
    static const QRegularExpression pattern(QStringLiteral("^[0-9a-f]{64}$"));
    return pattern.match(name).hasMatch();
}

} // namespace

MediaKeeper::MediaKeeper(const QString& folder, QObject* parent)
    : QObject(parent), m_folder(QFileInfo(folder).absoluteFilePath())
{
    m_reader.setMaxThreadCount(1);
}

MediaKeeper::~MediaKeeper()
{
    m_stop = true;
    m_reader.clear();
    m_reader.waitForDone();
}

void MediaKeeper::keep(const QString& path)
{
    m_reader.start([this, path] {
        const KeptMedia media = read(path);
        if (!m_stop)
            emit kept(media);
    });
}

KeptMedia MediaKeeper::read(const QString& path) const
{
    const KeptMedia nothing{path, {}, {}, 0};
    QFile file(path);
    if (!QFileInfo(path).isFile() || !file.open(QIODevice::ReadOnly))
        return nothing;
    QDir().mkpath(m_folder);
    QTemporaryFile copy(m_folder + QStringLiteral("/part-XXXXXX"));
    bool copying = file.size() <= largestCopy && copy.open();
    QCryptographicHash sum(QCryptographicHash::Sha256);
    QByteArray block(1 << 20, Qt::Uninitialized);
    qint64 bytes = 0;
    for (;;) {
        const qint64 got = file.read(block.data(), block.size());
        if (got < 0 || m_stop)
            return nothing;
        if (got == 0)
            break;
        bytes += got;
        sum.addData(QByteArrayView(block.constData(), qsizetype(got)));
        copying = copying && bytes <= largestCopy && copy.write(block.constData(), got) == got;
    }
    const QString name = QString::fromLatin1(sum.result().toHex());
    KeptMedia media{path, name, {}, bytes};
    if (!copying || !copy.flush())
        return media;
    const QDir folder(m_folder + QLatin1Char('/') + name);
    const QStringList there = folder.entryList(QDir::Files);
    if (!there.isEmpty()) { // the same content was kept before
        media.copy = there.first();
        return media;
    }
    const QString own = QFileInfo(path).fileName();
    if (folder.mkpath(QStringLiteral(".")) && copy.rename(folder.filePath(own))) {
        copy.setAutoRemove(false);
        QFile::setPermissions(folder.filePath(own), QFile::ReadOwner | QFile::WriteOwner);
        media.copy = own;
    }
    return media;
}

QString MediaKeeper::pathOf(const QString& sha256, const QString& copy) const
{
    // The database may have come from elsewhere.
    if (!isSum(sha256) || copy.isEmpty() || copy.contains(QLatin1Char('/')) ||
        copy == QLatin1String(".."))
        return {};
    return m_folder + QLatin1Char('/') + sha256 + QLatin1Char('/') + copy;
}

QString MediaKeeper::sumOf(const QString& path) const
{
    const QFileInfo file(path);
    const QString sum = QFileInfo(file.absolutePath()).fileName();
    return QFileInfo(file.absolutePath()).absolutePath() == m_folder && isSum(sum) ? sum
                                                                                   : QString();
}

QString MediaKeeper::take(const QString& file, const QString& sha256, const QString& name,
                          bool& isNew)
{
    isNew = false;
    const QString place = pathOf(sha256, name);
    if (place.isEmpty())
        return {};
    const QDir folder(QFileInfo(place).absolutePath());
    const QStringList there = folder.entryList(QDir::Files);
    if (!there.isEmpty())
        return pathOf(sha256, there.first());
    if (!folder.mkpath(QStringLiteral(".")) || !QFile::rename(file, place))
        return {};
    QFile::setPermissions(place, QFile::ReadOwner | QFile::WriteOwner);
    isNew = true;
    return place;
}

void MediaKeeper::remove(const QString& sha256)
{
    if (isSum(sha256))
        QDir(m_folder + QLatin1Char('/') + sha256).removeRecursively();
}

QStringList MediaKeeper::erase()
{
    m_stop = true;
    m_reader.clear();
    m_reader.waitForDone(); // for a block of what is being read
    m_stop = false;
    QDir(m_folder).removeRecursively();
    return QFileInfo::exists(m_folder) ? QStringList{m_folder} : QStringList();
}

QStringList MediaKeeper::sums() const
{
    QStringList names = QDir(m_folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    names.removeIf([](const QString& name) { return !isSum(name); });
    return names;
}

} // namespace argali::gui
