#include "gui/film/filmplayer.h"

#include <QAudioDevice>
#include <QAudioOutput>
#include <QMediaDevices>
#include <QMediaPlayer>
#include <QUrl>
#include <QVideoFrame>
#include <QVideoSink>

#include "engine/log.h"

namespace argali::gui {
namespace {

/// FFmpeg is there anyway; GStreamer would need plug-ins that may be missing.
QMediaPlayer* makePlayer(QObject* parent)
{
    if (!qEnvironmentVariableIsSet("QT_MEDIA_BACKEND"))
        qputenv("QT_MEDIA_BACKEND", "ffmpeg");
    return new QMediaPlayer(parent);
}

} // namespace

FilmPlayer::FilmPlayer(const QString& path, QObject* parent)
    : QObject(parent), m_path(path), m_player(makePlayer(this)), m_sink(new QVideoSink(this))
{
    if (!QMediaDevices::defaultAudioOutput().isNull()) {
        m_sound = new QAudioOutput(this);
        m_player->setAudioOutput(m_sound);
    }
    m_player->setVideoSink(m_sink);
    connect(m_sink, &QVideoSink::videoFrameChanged, this, &FilmPlayer::show);
    connect(m_player, &QMediaPlayer::playbackStateChanged, this,
            [this](QMediaPlayer::PlaybackState state) {
                emit playingChanged(state == QMediaPlayer::PlayingState);
            });
    connect(m_player, &QMediaPlayer::errorOccurred, this,
            [this](QMediaPlayer::Error, const QString& details) { fail(details); });
    connect(m_player, &QMediaPlayer::mediaStatusChanged, this,
            [this](QMediaPlayer::MediaStatus status) {
                if (status == QMediaPlayer::InvalidMedia)
                    fail(QStringLiteral("invalid media"));
                const bool ready =
                    status == QMediaPlayer::LoadedMedia || status == QMediaPlayer::BufferedMedia;
                if (ready && m_startAt >= 0) {
                    m_player->setPosition(qint64(m_startAt * 1000));
                    m_startAt = -1;
                }
            });
}

FilmPlayer::~FilmPlayer()
{
    m_player->disconnect(this);
    m_sink->disconnect(this);
    m_player->stop();
    m_player->setVideoSink(nullptr);
}

void FilmPlayer::play(double seconds)
{
    if (!m_player->isAvailable()) {
        fail(QStringLiteral("no media backend"));
        return;
    }
    m_position = seconds;
    if (m_player->source().isEmpty())
        m_player->setSource(QUrl::fromLocalFile(m_path)); // only now is there somebody to tell
    if (m_failed)
        return;
    if (m_player->mediaStatus() == QMediaPlayer::LoadingMedia ||
        m_player->mediaStatus() == QMediaPlayer::NoMedia)
        m_startAt = seconds;
    else
        m_player->setPosition(qint64(seconds * 1000));
    m_player->play();
}

void FilmPlayer::pause()
{
    m_player->pause();
}

bool FilmPlayer::isPlaying() const
{
    return m_player->playbackState() == QMediaPlayer::PlayingState;
}

double FilmPlayer::position() const
{
    return m_position;
}

void FilmPlayer::show(const QVideoFrame& frame)
{
    if (!frame.isValid() || !isPlaying())
        return;
    m_position = frame.startTime() >= 0 ? double(frame.startTime()) / 1e6
                                        : double(m_player->position()) / 1000;
    const QImage image = frame.toImage();
    if (!image.isNull())
        emit frameShown(image, m_position);
}

void FilmPlayer::fail(const QString& details)
{
    if (m_failed)
        return;
    m_failed = true;
    log(LogLevel::Info, "the media library does not play a film: " + details.toStdString());
    emit failed(tr("This system's media library cannot play the film. You can still step through "
                   "its frames."));
}

} // namespace argali::gui
