#pragma once

#include <QImage>
#include <QObject>

class QAudioOutput;
class QMediaPlayer;
class QVideoFrame;
class QVideoSink;

namespace argali::gui {

/// Plays a film with the platform's media library, which is loaded when the first one is made.
/// Where the library cannot play the film, failed() says so.
/// Thread: GUI; decoding is on the library's own.
class FilmPlayer final : public QObject {
    Q_OBJECT
public:
    explicit FilmPlayer(const QString& path, QObject* parent = nullptr);
    ~FilmPlayer() override;

    void play(double seconds);
    void pause();
    bool isPlaying() const;
    double position() const; ///< seconds, of the frame that was shown last

signals:
    void frameShown(const QImage& frame, double seconds);
    void playingChanged(bool playing);
    void failed(const QString& sentence);

private:
    void show(const QVideoFrame& frame);
    void fail(const QString& details);

    const QString m_path;
    QMediaPlayer* const m_player;
    QVideoSink* const m_sink;
    QAudioOutput* m_sound = nullptr; // where there is something to hear it with
    double m_position = 0;
    double m_startAt = -1; ///< to go to once the film is loaded
    bool m_failed = false;
};

} // namespace argali::gui
