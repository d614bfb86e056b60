#pragma once

#include <optional>

#include <QHash>
#include <QImage>
#include <QList>
#include <QSet>
#include <QTimer>
#include <QWidget>

#include "engine/engine.h"
#include "gui/chat/attachment.h"
#include "gui/film/keyframeset.h"

class QScrollArea;
class QSlider;
class QSpinBox;

namespace argali::gui {

class Button;
class ElidedLabel;
class FilmFrames;
class FilmTimeline;
class MediaLoader;

/// The frames of a film that the model will get: their pictures on a time line, how many they are,
/// and from which part of the film. What is shown as exact is what the model gets.
class FilmStrip final : public QWidget {
    Q_OBJECT
public:
    FilmStrip(MediaLoader& loader, QWidget* parent = nullptr);
    ~FilmStrip() override;

    /// Shows another film, or none when it has no path.
    void setFilm(const MediaFile& film);
    const MediaFile& film() const { return m_film; } ///< with the frames as they are now
    const KeyFrameSet& frameSet() const { return m_set; }
    int frames() const { return m_film.frames; }
    /// All frames shown are those the model gets.
    bool isExact() const;
    /// Something is still to be decoded, and is on its way.
    bool isBusy() const { return m_ticket != 0 || m_delay.isActive(); }
    /// Why it cannot be sent: a frame that cannot be decoded. Empty when there is none.
    QString problem() const;
    /// Makes the frame nearest to a time the current one.
    void goTo(double seconds);
    /// Adds the frame shown at a time and makes it the current one.
    void addFrame(double seconds);

    /// What the model makes of it, once known.
    void setCost(const std::optional<VisualCost>& cost);

    QSlider* slider() const { return m_slider; }
    FilmFrames* view() const { return m_view; }
    FilmTimeline* timeline() const { return m_timeline; }

signals:
    void framesChanged(); ///< which they are
    void decoded();       ///< isExact() or problem() may have changed
    void removeRequested();
    void previewRequested(double seconds);
    void seenRequested(double seconds);  ///< to see what the model sees of the current frame
    void noted(const QString& sentence); ///< why something was not done

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void fitHeight();
    void setCount(int frames);
    void apply(const KeyFrameSet& set, int current);
    void nudge(int place, qint64 by);
    void removeFrame(int place);
    void showSet();
    void request();
    void release();
    void takeFrame(int wanted, const QImage& frame, bool exact);
    QSize boxSize() const;

    MediaLoader& m_loader;
    MediaFile m_film;
    KeyFrameSet m_set;
    std::optional<KeyFrameSet> m_beforeDrag;
    QHash<qint64, QImage> m_exact; ///< by frame; a bounded number, of small pictures
    QHash<qint64, QImage> m_rough; ///< what stands in for them
    QSet<qint64> m_broken;
    QList<qint64> m_wanted; ///< of m_ticket
    quint64 m_ticket = 0;
    QTimer m_delay; // until the slider rests
    QScrollArea* const m_scroll;
    FilmFrames* const m_view;
    FilmTimeline* const m_timeline;
    Button* const m_play;
    Button* const m_see;
    ElidedLabel* const m_caption;
    QSlider* const m_slider;
    QSpinBox* const m_number;
    ElidedLabel* const m_hint;
    Button* const m_even;
    ElidedLabel* const m_range;
    Button* const m_remove;
};

} // namespace argali::gui
