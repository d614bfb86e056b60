#include "gui/chat/medialoader.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include <QBuffer>
#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QTimer>

#include "engine/log.h"
#include "engine/media/mediareader.h"
#include "gui/chat/fedpicture.h"

namespace argali::gui {
namespace {

std::filesystem::path nativePath(const QString& path)
{
    return std::filesystem::path(QFile::encodeName(path).toStdString());
}

constexpr auto checkPatience = std::chrono::milliseconds(250);
constexpr auto filmStaysOpen = std::chrono::seconds(8);

/// Scaled down to fit into the box; never up.
QImage toThumbnail(const Image& image, QSize box = MediaFile::thumbnailSize)
{
    if (image.isEmpty())
        return {};
    const QImage view(image.pixels().data(), image.width(), image.height(), 3 * image.width(),
                      QImage::Format_RGB888);
    QSize size = view.size().scaled(box, Qt::KeepAspectRatio);
    size = size.boundedTo(view.size()).expandedTo(QSize(1, 1));
    return view.scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
        .convertToFormat(QImage::Format_RGB32);
}

/// A stop that comes with another one, or by itself after a while.
class Patience final {
public:
    Patience(const std::stop_token& outer, std::chrono::milliseconds time)
        : m_outer(outer, [this] { m_stop.request_stop(); }),
          m_watch([this, time](const std::stop_token& over) {
              std::unique_lock lock(m_mutex);
              m_never.wait_for(lock, over, time, [] { return false; });
              if (!over.stop_requested())
                  m_stop.request_stop();
          })
    {
    }
    std::stop_token token() const { return m_stop.get_token(); }

private:
    std::stop_source m_stop;
    std::stop_callback<std::function<void()>> m_outer;
    std::mutex m_mutex;
    std::condition_variable_any m_never;
    std::jthread m_watch; // ends first
};

/// Throws: as FilmReader::frameAt(), when the frame cannot be decoded
void check(FilmReader& film, double seconds, const std::stop_token& stop)
{
    const Patience patience(stop, checkPatience);
    if (film.frameAt(seconds, patience.token()).isEmpty() && !stop.stop_requested())
        film.keyFrameBefore(seconds, stop);
}

MediaFile readPictureFile(const QString& path, std::stop_token stop)
{
    const std::filesystem::path file = nativePath(path);
    const MediaInfo info = probeMedia(file);
    MediaFile media;
    media.path = path;
    media.kind = MediaFile::Kind::Picture;
    media.size = QSize(info.size.width, info.size.height);
    media.thumbnail = toThumbnail(readPicture(file, Orientation::Upright, stop));
    return media;
}

MediaFile readFilmFile(const QString& path, FilmReader& film, std::stop_token stop)
{
    const MediaInfo& info = film.info();
    MediaFile media;
    media.path = path;
    media.kind = MediaFile::Kind::Film;
    media.size = QSize(info.size.width, info.size.height);
    media.duration = info.duration;
    media.frameCount = info.frameCount;
    media.frameRate = info.frameRate;
    media.thumbnail = toThumbnail(film.frameAt(0, stop));
    for (const int64_t index : {info.frameCount / 2, info.frameCount - 1}) {
        if (!stop.stop_requested())
            check(film, film.timeOf(index), stop);
    }
    return media;
}

} // namespace

class MediaLoader::Worker final : public QObject {
public:
    explicit Worker(MediaLoader& front) : m_front(front) {}

    void inspect(quint64 ticket, const QString& path, std::stop_token stop)
    {
        attempt(ticket, stop, [&] { tell(ticket, path, stop); });
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
            tell(ticket, path, stop);
        });
    }

    void readFrames(quint64 ticket, const QString& path, const QList<double>& times, QSize box,
                    bool keyFramesFirst, std::stop_token stop)
    {
        attempt(ticket, stop, [&] {
            open(path);
            for (const bool exact : {false, true}) {
                for (qsizetype i = 0; i < times.size() && (exact || keyFramesFirst); ++i) {
                    if (stop.stop_requested())
                        return;
                    readFrame(ticket, int(i), times.at(i), box, exact, stop);
                }
            }
            if (!stop.stop_requested())
                say(&MediaLoader::framesFinished, ticket);
        });
    }

    void readAsFed(quint64 ticket, const MediaFile& file, double seconds, ImageSize size,
                   const QString& aspectRatio, std::stop_token stop)
    {
        attempt(ticket, stop, [&] {
            const Image whole =
                file.isFilm() ? open(file.path).frameAt(seconds, stop)
                              : readPicture(nativePath(file.path), Orientation::Upright, stop);
            if (whole.isEmpty())
                return;
            const Image fed = asFed(whole, size, aspectRatio, stop);
            if (!stop.stop_requested())
                say(&MediaLoader::fedReady, ticket,
                    toThumbnail(fed, QSize(fed.width(), fed.height())));
        });
    }

    void erasePasted(const QString& folder)
    {
        if (!folder.isEmpty())
            QDir(folder).removeRecursively();
        say(&MediaLoader::pastedErased,
            QFileInfo::exists(folder) ? QStringList{folder} : QStringList());
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
    /// To those who listen in the front's thread when it arrives there: by then a window may have
    /// taken the place of the one that asked.
    template <class Signal, class... Values> void say(Signal signal, Values... values)
    {
        QMetaObject::invokeMethod(
            &m_front, [front = &m_front, signal, values...] { emit(front->*signal)(values...); },
            Qt::QueuedConnection);
    }

    void tell(quint64 ticket, const QString& path, const std::stop_token& stop)
    {
        MediaFile media;
        if (mediaKind(nativePath(path)) == MediaInfo::Kind::Picture)
            media = readPictureFile(path, stop);
        else
            media = readFilmFile(path, open(path), stop);
        if (!stop.stop_requested())
            say(&MediaLoader::inspected, ticket, media);
    }

    void readFrame(quint64 ticket, int index, double seconds, QSize box, bool exact,
                   const std::stop_token& stop)
    {
        try {
            const Image frame =
                exact ? m_film->frameAt(seconds, stop) : m_film->keyFrameBefore(seconds, stop);
            if (!stop.stop_requested() && !frame.isEmpty())
                say(&MediaLoader::frameReady, ticket, index, toThumbnail(frame, box), exact);
        } catch (const Error& e) {
            if (e.code() == Error::Code::OutOfMemory)
                throw;
            if (exact) {
                log(LogLevel::Info, std::string("a frame cannot be decoded: ") + e.what());
                say(&MediaLoader::frameFailed, ticket, index, Failure::from(e));
            }
        }
    }

    static QString stateOf(const QString& path)
    {
        const QFileInfo file(path);
        return path + QLatin1Char('\n') + QString::number(file.size()) + QLatin1Char('\n') +
               QString::number(file.lastModified().toMSecsSinceEpoch());
    }
    bool isOpen(const QString& path) const { return m_film && m_filmState == stateOf(path); }

    /// The film, opened unless it is still open; closed once nothing has been read for a while.
    FilmReader& open(const QString& path)
    {
        if (!isOpen(path)) {
            m_film.reset();
            m_filmState = stateOf(path);
            m_film = std::make_unique<FilmReader>(nativePath(path));
        }
        const quint64 use = ++m_uses;
        QTimer::singleShot(filmStaysOpen, this, [this, use] {
            if (use == m_uses)
                m_film.reset();
        });
        return *m_film;
    }

    template <class Work> void attempt(quint64 ticket, std::stop_token stop, const Work& work)
    {
        if (stop.stop_requested())
            return;
        try {
            work();
        } catch (const std::exception& e) { // engine exceptions end here
            m_film.reset();
            log(LogLevel::Info, std::string("an attachment is refused: ") + e.what());
            if (!stop.stop_requested())
                say(&MediaLoader::failed, ticket, Failure::from(e));
        }
    }

    std::unique_ptr<FilmReader> m_film;
    QString m_filmState; // its path, size and date
    quint64 m_uses = 0;
    MediaLoader& m_front; // outlives the thread
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
    connect(this, &MediaLoader::fedReady, this, forget);
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

quint64 MediaLoader::readFrames(const QString& path, const QList<double>& times, QSize box,
                                bool keyFramesFirst)
{
    const quint64 ticket = m_next++;
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, ticket, path, times, box,
                                         keyFramesFirst, stop = issue(ticket)] {
        worker->readFrames(ticket, path, times, box, keyFramesFirst, stop);
    });
    return ticket;
}

quint64 MediaLoader::readAsFed(const MediaFile& file, double seconds, ImageSize size,
                               const QString& aspectRatio)
{
    const quint64 ticket = m_next++;
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, ticket, file, seconds, size,
                                         aspectRatio, stop = issue(ticket)] {
        worker->readAsFed(ticket, file, seconds, size, aspectRatio, stop);
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

void MediaLoader::erasePasted()
{
    QMetaObject::invokeMethod(
        m_worker, [worker = m_worker, folder = m_pasteFolder] { worker->erasePasted(folder); });
}

void MediaLoader::dropUnused(const QStringList& used)
{
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, folder = m_pasteFolder, used] {
        worker->dropUnused(folder, used);
    });
}

} // namespace argali::gui
