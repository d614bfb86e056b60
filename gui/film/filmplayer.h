#pragma once

#include <memory>

#include <QImage>
#include <QObject>

#include "gui/film/playerbackend.h"

namespace argali::gui {

/// Plays a film with the platform's media library, which is loaded when something is played for the
/// first time. Where it is not there or cannot play the film, failed() says so.
/// Thread: GUI; decoding is on the library's own.
class FilmPlayer final : public QObject {
    Q_OBJECT
public:
    explicit FilmPlayer(const QString& path, QObject* parent = nullptr);
    ~FilmPlayer() override;

    void play(double seconds);
    void pause();
    bool isPlaying() const;

signals:
    void frameShown(const QImage& frame, double seconds);
    void playingChanged(bool playing);
    void failed(const QString& sentence);

private:
    void open();
    void fail(const QString& details);

    const QString m_path;
    std::unique_ptr<PlayerBackend> m_backend; // made by the module, which stays loaded
    bool m_failed = false;
};

} // namespace argali::gui
