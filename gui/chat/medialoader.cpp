#include "gui/chat/medialoader.h"

#include <algorithm>

#include <QBuffer>
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#include "engine/log.h"
#include "engine/media/mediareader.h"

namespace argali::gui {
namespace {

std::filesystem::path nativePath(const QString& path)
{
    return std::filesystem::path(QFile::encodeName(path).toStdString());
}

QImage toThumbnail(const Image& image)
{
    if (image.isEmpty())
        return {};
    const QImage view(image.pixels().data(), image.width(), image.height(), 3 * image.width(),
                      QImage::Format_RGB888);
    QSize size = view.size().scaled(MediaFile::thumbnailSize, Qt::KeepAspectRatio);
    size = size.boundedTo(view.size()).expandedTo(QSize(1, 1));
    return view.scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
        .convertToFormat(QImage::Format_RGB32);
}

MediaFile readFile(const QString& path, std::stop_token stop)
{
    const std::filesystem::path file = nativePath(path);
    const MediaInfo info = probeMedia(file);
    MediaFile media;
    media.path = path;
    media.size = QSize(info.size.width, info.size.height);
    if (info.kind == MediaInfo::Kind::Picture) {
        media.kind = MediaFile::Kind::Picture;
        media.thumbnail = toThumbnail(readPicture(file, Orientation::Upright, stop));
        return media;
    }
    media.kind = MediaFile::Kind::Film;
    media.duration = info.duration;
    media.frameCount = info.frameCount;
    FilmReader reader(file);
    media.thumbnail = toThumbnail(reader.frameAt(0, stop));
    for (const double part : {0.5, 1.0}) {
        if (!stop.stop_requested())
            reader.keyFrameBefore(part * info.duration, stop);
    }
    return media;
}

} // namespace

class MediaLoader::Worker final : public QObject {
public:
    explicit Worker(MediaLoader& front) : m_front(front) {}

    void inspect(quint64 ticket, const QString& path, std::stop_token stop)
    {
        attempt(ticket, stop, [&] {
            const MediaFile media = readFile(path, stop);
            if (!stop.stop_requested())
                emit m_front.inspected(ticket, media);
        });
    }

    void keep(quint64 ticket, const QImage& picture, const QString& folder, std::stop_token stop)
    {
        attempt(ticket, stop, [&] {
            QByteArray png;
            QBuffer buffer(&png);
            buffer.open(QIODevice::WriteOnly);
            if (!picture.save(&buffer, "PNG"))
                throw Error(Error::Code::BadMedia, "the pasted picture cannot be written as PNG");
            const QByteArray hash =
                QCryptographicHash::hash(png, QCryptographicHash::Sha256).toHex();
            QDir().mkpath(folder);
            const QString path =
                QDir(folder).filePath(QString::fromLatin1(hash) + QStringLiteral(".png"));
            if (!QFileInfo::exists(path)) {
                QSaveFile file(path);
                if (!file.open(QIODevice::WriteOnly) || file.write(png) != png.size() ||
                    !file.commit())
                    throw Error(Error::Code::Missing, path.toStdString() + ": cannot be written: " +
                                                          file.errorString().toStdString());
            }
            const MediaFile media = readFile(path, stop);
            if (!stop.stop_requested())
                emit m_front.inspected(ticket, media);
        });
    }

    void readFrames(quint64 ticket, const QString& path, int count, std::stop_token stop)
    {
        attempt(ticket, stop, [&] {
            FilmReader reader(nativePath(path));
            const MediaInfo& info = reader.info();
            const std::vector<int64_t> indices =
                sampleFrames(info.frameCount, count, info.duration);
            QList<double> times;
            for (const int64_t index : indices)
                times.append(reader.timeOf(index));
            emit m_front.framesCounted(ticket, times);
            for (const bool exact : {false, true}) {
                for (qsizetype i = 0; i < times.size() && !stop.stop_requested(); ++i) {
                    const Image frame = exact ? reader.frameAt(times.at(i), stop)
                                              : reader.keyFrameBefore(times.at(i), stop);
                    if (!stop.stop_requested() && !frame.isEmpty())
                        emit m_front.frameReady(ticket, int(i), toThumbnail(frame), exact);
                }
            }
            if (!stop.stop_requested())
                emit m_front.framesFinished(ticket);
        });
    }

    void dropUnused(const QString& folder, const QStringList& used)
    {
        const QFileInfoList kept =
            QDir(folder).entryInfoList({QStringLiteral("*.png")}, QDir::Files);
        for (const QFileInfo& file : kept) {
            if (!used.contains(file.absoluteFilePath()))
                QFile::remove(file.absoluteFilePath());
        }
    }

private:
    template <class Work> void attempt(quint64 ticket, std::stop_token stop, const Work& work)
    {
        if (stop.stop_requested())
            return;
        try {
            work();
        } catch (const std::exception& e) { // engine exceptions end here
            log(LogLevel::Info, std::string("an attachment is refused: ") + e.what());
            if (!stop.stop_requested())
                emit m_front.failed(ticket, Failure::from(e));
        }
    }

    MediaLoader& m_front; // outlives the thread; only its signals are used, and they arrive queued
};

MediaLoader::MediaLoader(const QString& pasteFolder, QObject* parent)
    : QObject(parent), m_pasteFolder(pasteFolder), m_worker(new Worker(*this))
{
    qRegisterMetaType<MediaFile>();
    qRegisterMetaType<Failure>();
    m_thread.setObjectName(QStringLiteral("media"));
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    const auto forget = [this](quint64 ticket) { m_stops.erase(ticket); };
    connect(this, &MediaLoader::inspected, this, forget);
    connect(this, &MediaLoader::failed, this, forget);
    connect(this, &MediaLoader::framesFinished, this, forget);
    m_thread.start();
}

MediaLoader::~MediaLoader()
{
    for (auto& [ticket, stop] : m_stops)
        stop.request_stop();
    m_thread.quit();
    m_thread.wait(); // decoding looks at its stop token at every frame
}

std::stop_token MediaLoader::issue(quint64 ticket)
{
    return m_stops[ticket].get_token();
}

quint64 MediaLoader::inspect(const QString& path)
{
    const quint64 ticket = m_next++;
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, ticket, path, stop = issue(ticket)] {
        worker->inspect(ticket, path, stop);
    });
    return ticket;
}

quint64 MediaLoader::keep(const QImage& picture)
{
    const quint64 ticket = m_next++;
    QMetaObject::invokeMethod(
        m_worker, [worker = m_worker, ticket, picture, folder = m_pasteFolder,
                   stop = issue(ticket)] { worker->keep(ticket, picture, folder, stop); });
    return ticket;
}

quint64 MediaLoader::readFrames(const QString& path, int count)
{
    const quint64 ticket = m_next++;
    QMetaObject::invokeMethod(m_worker,
                              [worker = m_worker, ticket, path, count, stop = issue(ticket)] {
                                  worker->readFrames(ticket, path, count, stop);
                              });
    return ticket;
}

void MediaLoader::cancel(quint64 ticket)
{
    const auto it = m_stops.find(ticket);
    if (it == m_stops.end())
        return;
    it->second.request_stop();
    m_stops.erase(it);
}

void MediaLoader::dropUnused(const QStringList& used)
{
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, folder = m_pasteFolder, used] {
        worker->dropUnused(folder, used);
    });
}

} // namespace argali::gui
