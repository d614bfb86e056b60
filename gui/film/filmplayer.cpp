#include "gui/film/filmplayer.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QLibrary>

#include "engine/log.h"

namespace argali::gui {
namespace {

/// Beside the program, or where an installed one has it; ARGALI_PLAYER_MODULE overrides, "off" is
/// none. Empty when there is none.
QString moduleFile()
{
    const QString chosen = qEnvironmentVariable("ARGALI_PLAYER_MODULE");
    if (!chosen.isEmpty())
        return chosen == QLatin1String("off") ? QString() : chosen;
    const QDir program(QCoreApplication::applicationDirPath());
    for (const char* folder : {".", "../lib/argali"}) {
        const QString file =
            program.filePath(QLatin1String(folder) + QStringLiteral("/libargali_player.so"));
        if (QFileInfo::exists(file))
            return file;
    }
    return {};
}

} // namespace

FilmPlayer::FilmPlayer(const QString& path, QObject* parent) : QObject(parent), m_path(path) {}

FilmPlayer::~FilmPlayer() = default;

void FilmPlayer::open()
{
    const QString file = moduleFile();
    if (file.isEmpty()) {
        fail(QStringLiteral("there is no module for playing"));
        return;
    }
    QLibrary library(file); // not unloaded: what it made may outlive every place to do so
    const auto entry = reinterpret_cast<PlayerEntry>(library.resolve("argaliFilmPlayer"));
    if (!entry) {
        fail(library.errorString());
        return;
    }
    PlayerBackend::Events events;
    events.shown = [this](const QImage& frame, double seconds) { emit frameShown(frame, seconds); };
    events.playingChanged = [this](bool playing) { emit playingChanged(playing); };
    events.failed = [this](const QString& details) { fail(details); };
    m_backend.reset(entry(playerInterface, m_path, events));
    if (!m_backend)
        fail(file + QStringLiteral(" belongs to another version of this program"));
}

void FilmPlayer::play(double seconds)
{
    if (!m_backend && !m_failed)
        open();
    if (m_backend && !m_failed)
        m_backend->play(seconds);
}

void FilmPlayer::pause()
{
    if (m_backend)
        m_backend->pause();
}

bool FilmPlayer::isPlaying() const
{
    return m_backend && m_backend->isPlaying();
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
