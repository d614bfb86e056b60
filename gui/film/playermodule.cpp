#include <QAudioDevice>
#include <QAudioOutput>
#include <QMediaDevices>
#include <QMediaPlayer>
#include <QObject>
#include <QUrl>
#include <QVideoFrame>
#include <QVideoSink>

#include "gui/film/playerbackend.h"

namespace argali::gui {
namespace {

/// Plays with Qt Multimedia, by FFmpeg: that is there anyway, and GStreamer would need plug-ins
/// that may be missing.
class QtPlayer final : public PlayerBackend {
public:
    QtPlayer(const QString& path, const Events& events) : m_path(path), m_events(events)
    {
        if (!QMediaDevices::defaultAudioOutput().isNull()) {
            m_sound = new QAudioOutput(&m_player);
            m_player.setAudioOutput(m_sound);
        }
        m_player.setVideoSink(&m_sink);
        QObject::connect(&m_sink, &QVideoSink::videoFrameChanged, &m_player,
                         [this](const QVideoFrame& frame) { show(frame); });
        QObject::connect(&m_player, &QMediaPlayer::playbackStateChanged, &m_player,
                         [this](QMediaPlayer::PlaybackState state) {
                             m_events.playingChanged(state == QMediaPlayer::PlayingState);
                         });
        QObject::connect(
            &m_player, &QMediaPlayer::errorOccurred, &m_player,
            [this](QMediaPlayer::Error, const QString& details) { m_events.failed(details); });
        QObject::connect(&m_player, &QMediaPlayer::mediaStatusChanged, &m_player,
                         [this](QMediaPlayer::MediaStatus status) { follow(status); });
    }
    ~QtPlayer() override
    {
        m_player.disconnect();
        m_sink.disconnect();
        m_player.stop();
        m_player.setVideoSink(nullptr);
    }
    QtPlayer(const QtPlayer&) = delete;
    QtPlayer& operator=(const QtPlayer&) = delete;

    void play(double seconds) override
    {
        if (!m_player.isAvailable()) {
            m_events.failed(QStringLiteral("no media backend"));
            return;
        }
        if (m_player.source().isEmpty())
            m_player.setSource(QUrl::fromLocalFile(m_path));
        const QMediaPlayer::MediaStatus status = m_player.mediaStatus();
        if (status == QMediaPlayer::LoadingMedia || status == QMediaPlayer::NoMedia)
            m_startAt = seconds;
        else
            m_player.setPosition(qint64(seconds * 1000));
        m_player.play();
    }
    void pause() override { m_player.pause(); }
    bool isPlaying() const override
    {
        return m_player.playbackState() == QMediaPlayer::PlayingState;
    }

private:
    void follow(QMediaPlayer::MediaStatus status)
    {
        if (status == QMediaPlayer::InvalidMedia)
            m_events.failed(QStringLiteral("invalid media"));
        const bool ready =
            status == QMediaPlayer::LoadedMedia || status == QMediaPlayer::BufferedMedia;
        if (ready && m_startAt >= 0) {
            m_player.setPosition(qint64(m_startAt * 1000));
            m_startAt = -1;
        }
    }
    void show(const QVideoFrame& frame)
    {
        if (!frame.isValid() || !isPlaying())
            return;
        const double seconds = frame.startTime() >= 0 ? double(frame.startTime()) / 1e6
                                                      : double(m_player.position()) / 1000;
        const QImage image = frame.toImage();
        if (!image.isNull())
            m_events.shown(image, seconds);
    }

    const QString m_path;
    const Events m_events;
    QVideoSink m_sink;
    QMediaPlayer m_player;
    QAudioOutput* m_sound = nullptr; // where there is something to hear it with
    double m_startAt = -1;           ///< to go to once the film is loaded
};

} // namespace
} // namespace argali::gui

extern "C" Q_DECL_EXPORT argali::gui::PlayerBackend* argaliFilmPlayer(
    int interface, const QString& path, const argali::gui::PlayerBackend::Events& events)
{
    if (interface != argali::gui::playerInterface)
        return nullptr;
    if (!qEnvironmentVariableIsSet("QT_MEDIA_BACKEND"))
        qputenv("QT_MEDIA_BACKEND", "ffmpeg");
    return new argali::gui::QtPlayer(path, events);
}
