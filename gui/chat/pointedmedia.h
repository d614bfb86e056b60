#pragma once

#include <QObject>
#include <QPointer>

#include "gui/chat/attachment.h"

namespace argali::gui {

class Composer;
class ConversationBook;
class FilmPreview;
class RegionCard;

/// Brings into sight what a question holds and an answer points at: a time of a film, places in a
/// picture.
/// Thread: GUI.
class PointedMedia final : public QObject {
    Q_OBJECT
public:
    /// chat: the widget over which the places are shown; owns this.
    PointedMedia(ConversationBook& book, Composer& composer, QWidget* chat);

    /// Goes to a time in the film that a turn is about: in the composer when it is there, else in a
    /// window of its own.
    void showTime(quint64 turn, double seconds);
    /// Draws places that an answer names on the picture it is about; none takes it away.
    /// kind: "box" or "point"; numbers: as PictureRegions::of()
    void showRegion(quint64 turn, const QString& kind, const QList<double>& numbers);
    void openPreview(const MediaFile& film, double seconds);
    /// The frames that the model got, too.
    void openSentFilm(const MediaFile& film);

    /// The preview that is open in another window belongs to this one.
    void takePreview(const PointedMedia& old);

    RegionCard* regionCard() const { return m_region; }
    FilmPreview* preview() const; ///< Null until it was opened.

private:
    void connectPreview();

    ConversationBook& m_book;
    Composer& m_composer;
    RegionCard* const m_region;
    QPointer<FilmPreview> m_preview;
};

} // namespace argali::gui
