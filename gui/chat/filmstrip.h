#pragma once

#include <QImage>
#include <QList>
#include <QTimer>
#include <QWidget>

#include "gui/chat/attachment.h"

class QLabel;
class QScrollArea;
class QSlider;
class QSpinBox;

namespace argali::gui {

class Button;
class ElidedLabel;
class MediaLoader;

/// The frames of a film that the model will get, and how many they are.
class FilmStrip final : public QWidget {
    Q_OBJECT
public:
    FilmStrip(MediaLoader& loader, QWidget* parent = nullptr);
    ~FilmStrip() override;

    /// Shows another film, or none when it has no path.
    void setFilm(const MediaFile& film);
    int frames() const { return m_film.frames; }
    /// All frames shown are those the model gets.
    bool isExact() const { return m_exact; }
    QSlider* slider() const { return m_slider; }

signals:
    void framesChanged(int frames);
    void removeRequested();
    void failed(const QString& sentence);

private:
    class Frames;
    void setFrames(int frames);
    void request();
    void release();

    MediaLoader& m_loader;
    MediaFile m_film;
    quint64 m_ticket = 0;
    bool m_exact = false;
    QTimer m_delay; // until the slider rests
    QScrollArea* const m_scroll;
    Frames* const m_frames;
    ElidedLabel* const m_name;
    QLabel* const m_caption;
    QSlider* const m_slider;
    QSpinBox* const m_number;
    ElidedLabel* const m_hint;
    Button* const m_remove;
};

} // namespace argali::gui
