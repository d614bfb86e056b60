#include "gui/chat/pointedmedia.h"

#include <algorithm>
#include <cmath>

#include "gui/chat/composer.h"
#include "gui/chat/conversationbook.h"
#include "gui/chat/filmstrip.h"
#include "gui/film/filmpreview.h"
#include "gui/film/keyframeset.h"
#include "gui/film/regioncard.h"
#include "gui/widgets/adoptdialog.h"

namespace argali::gui {

PointedMedia::PointedMedia(ConversationBook& book, Composer& composer, QWidget* chat)
    : QObject(chat), m_book(book), m_composer(composer), m_region(new RegionCard(chat))
{
}

FilmPreview* PointedMedia::preview() const
{
    return m_preview;
}

void PointedMedia::showTime(quint64 id, double seconds)
{
    const Conversation* conversation = m_book.holding(id);
    if (!conversation || !std::isfinite(seconds))
        return;
    MediaFile film; // of this turn, or the last one before it
    for (const Turn& turn : conversation->turns()) {
        for (const MediaFile& file : turn.media) {
            if (file.isFilm())
                film = file;
        }
        if (turn.id == id)
            break;
    }
    if (film.path.isEmpty())
        return;
    FilmStrip* strip = m_composer.strip();
    if (!strip->isHidden() && strip->film().path == film.path)
        strip->goTo(seconds);
    else
        openPreview(film, std::clamp(seconds, 0.0, std::max(0.0, film.duration)));
}

void PointedMedia::showRegion(quint64 id, const QString& kind, const QList<double>& numbers)
{
    const Conversation* conversation = m_book.holding(id);
    MediaFile picture; // of this turn, or the last one before it that has any
    if (conversation) {
        for (const Turn& turn : conversation->turns()) {
            if (!turn.media.isEmpty() && !turn.media.first().isFilm())
                picture = turn.media.first();
            if (turn.id == id)
                break;
        }
    }
    m_region->showRegions(picture, PictureRegions::of(kind, numbers));
}

void PointedMedia::openSentFilm(const MediaFile& film)
{
    openPreview(film, KeyFrameSet::of(film).timeAt(0));
    m_preview->showSentFrames(film);
}

void PointedMedia::openPreview(const MediaFile& film, double seconds)
{
    if (m_preview && m_preview->path() != film.path)
        m_preview->close();
    if (!m_preview || m_preview->path() != film.path) {
        const bool canAdd = m_composer.strip()->film().path == film.path;
        m_preview = new FilmPreview(film, canAdd, m_composer.window());
        connectPreview();
    }
    m_preview->goTo(seconds);
    m_preview->show();
    m_preview->raise();
    m_preview->activateWindow();
}

void PointedMedia::connectPreview()
{
    connect(m_preview, &FilmPreview::frameAdded, this, [this](double at) {
        if (m_preview && m_composer.strip()->film().path == m_preview->path())
            m_composer.strip()->addFrame(at);
        else
            m_composer.showNote(tr("The film is not in the question any more. Attach it again to "
                                   "choose its frames."));
    });
}

void PointedMedia::takePreview(const PointedMedia& old)
{
    m_preview = old.m_preview;
    if (!m_preview)
        return;
    m_preview->disconnect(&old);
    connectPreview();
    adoptDialog(*m_preview, m_composer.window());
}

} // namespace argali::gui
