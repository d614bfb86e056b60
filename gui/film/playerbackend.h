#pragma once

#include <functional>

#include <QImage>
#include <QString>

namespace argali::gui {

/// What plays a film in the module libargali_player.so, which alone knows Qt Multimedia: a program
/// that plays nothing loads none of it.
/// Thread: GUI.
class PlayerBackend {
public:
    struct Events {
        std::function<void(const QImage& frame, double seconds)> shown;
        std::function<void(bool playing)> playingChanged;
        std::function<void(const QString& details)> failed;
    };
    virtual ~PlayerBackend() = default;
    virtual void play(double seconds) = 0;
    virtual void pause() = 0;
    virtual bool isPlaying() const = 0;
};

/// Grows with every change of the class above, as program and module are two files.
inline constexpr int playerInterface = 1;

/// The module's entry, argaliFilmPlayer. Null for another interface.
using PlayerEntry = PlayerBackend* (*)(int interface, const QString& path,
                                       const PlayerBackend::Events& events);

} // namespace argali::gui
