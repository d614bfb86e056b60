#pragma once

#include <memory>

#include <QDialog>
#include <QImage>
#include <QTimer>

#include "gui/chat/attachment.h"
#include "gui/chat/medialoader.h"
#include "gui/film/keyframeset.h"

class QLabel;
class QSlider;

namespace argali::gui {

class Button;
class FilmPlayer;

/// One picture, as large as there is room for.
class PictureView final : public QWidget {
    Q_OBJECT
public:
    explicit PictureView(QWidget* parent = nullptr);
    void setPicture(const QImage& picture);
    const QImage& picture() const { return m_picture; }
    QSize sizeHint() const override { return {640, 400}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QImage m_picture;
};

/// A film to look into: it plays, and at rest it shows the very frame that would be added, decoded
/// as the model gets it. The player is made when it is first asked for.
class FilmPreview final : public QDialog {
    Q_OBJECT
public:
    /// canAdd: the film is in the composer, and frames can be added to it.
    FilmPreview(const MediaFile& film, bool canAdd, QWidget* parent = nullptr);
    ~FilmPreview() override;

    const QString& path() const { return m_film.path; }
    void goTo(double seconds);
    /// Offers the frames that the model got with a question, each to be shown by a click.
    void showSentFrames(const MediaFile& film);
    QList<Button*> sentFrames() const { return m_sent; }
    double seconds() const { return m_frames.timeOf(m_index); }
    qint64 index() const { return m_index; }
    /// The frame shown is decoded and the one that would be added.
    bool isExact() const { return m_exact; }
    bool isPlaying() const;
    void togglePlaying();
    QString note() const;
    PictureView* view() const { return m_view; }

signals:
    void frameAdded(double seconds);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void showNames();
    void showPlaying(bool playing);
    void step(qint64 frames);
    void showIndex(qint64 index);
    void request();
    void showPosition();
    void add();

    const MediaFile m_film;
    const KeyFrameSet m_frames; // for times and indices
    MediaLoader m_loader;       // its own, so that it does not wait for the strip
    FilmPlayer* m_player = nullptr;
    qint64 m_index = 0;
    quint64 m_ticket = 0;
    bool m_exact = false;
    QTimer m_delay; // until the slider rests
    PictureView* const m_view;
    QSlider* const m_slider;
    Button* const m_back;
    Button* const m_play;
    Button* const m_forward;
    QLabel* const m_position;
    QLabel* const m_note;
    Button* const m_add;
    QWidget* const m_sentRow;
    QList<Button*> m_sent;
};

} // namespace argali::gui
