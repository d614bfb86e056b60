#pragma once

#include <QCoreApplication>
#include <QImage>
#include <QList>
#include <QMetaType>
#include <QSize>
#include <QString>

namespace argali::gui {

/// A picture or film of a message, as far as the window knows it.
struct MediaFile {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::MediaFile)
public:
    enum class Kind { Picture, Film };
    Kind kind = Kind::Picture;
    QString path;
    QImage thumbnail;      ///< upright, at most thumbnailSize
    QSize size;            ///< pixels of the original, upright
    double duration = 0;   ///< seconds; films
    qint64 frameCount = 0; ///< of the whole film
    double frameRate = 0;  ///< frames a second; films
    /// Of a film: how many frames the model gets; 0: one a second, at most 30. Which they are is
    /// said by the three below, and by KeyFrameSet.
    int frames = 8;
    qint64 firstFrame = 0; ///< they are taken from here on
    qint64 lastFrame = -1; ///< up to this one; -1: the film's last
    QList<qint64> chosen;  ///< chosen by hand, in order; empty: spread evenly

    static constexpr QSize thumbnailSize{384, 288};

    bool isFilm() const { return kind == Kind::Film; }
    /// File name without folder, for messages.
    QString name() const;
    /// The same frames as another file's, whatever else differs.
    void takeFramesFrom(const MediaFile& other);
    /// "1344 × 992", or of a film "00:08 · 240 frames".
    QString badge() const;
};

/// What is being written: text and attachments, not sent yet.
struct Draft {
    QString text;
    QList<MediaFile> media;
    bool isEmpty() const { return text.trimmed().isEmpty() && media.isEmpty(); }
};

/// "00:42", from an hour on "1:00:42"; with tenths "00:42.5".
QString timeText(double seconds, bool tenths = false);

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::MediaFile)
