#pragma once

#include <map>
#include <memory>
#include <stop_token>

#include <QImage>
#include <QObject>
#include <QThread>

#include "engine/media/image.h"
#include "gui/chat/attachment.h"
#include "gui/failure.h"

namespace argali::gui {

/// Reads pictures and films for the window, away from its thread: what a file is, thumbnails,
/// frames. Each call gets a ticket; its signals carry it until cancel(). One film at a time is
/// open, until nothing has been read of it for some seconds. Thread: GUI.
class MediaLoader final : public QObject {
    Q_OBJECT
public:
    /// pasteFolder: where pasted pictures are kept as files.
    explicit MediaLoader(const QString& pasteFolder, QObject* parent = nullptr);
    ~MediaLoader() override;

    /// What a file holds, with an upright thumbnail. Of a film frames at the start, in the middle
    /// and at the end are decoded, so that a broken one is found before it is sent; where that
    /// would take long, the key frames before them.
    quint64 inspect(const QString& path);
    /// Keeps a pasted picture as a file named by its content, then as inspect().
    quint64 keep(const QImage& picture);
    /// Frames of a film, each scaled down to fit into a box: the nearest key frames first, then
    /// the exact ones, one at a time. A frame that cannot be decoded does not hold up the others.
    /// times: seconds, best in order. Throws: nothing; failed() when the film does not open.
    quint64 readFrames(const QString& path, const QList<double>& times, QSize box,
                       bool keyFramesFirst = true);
    /// A picture, or the frame of a film at a time, in the size that a model gets it in, made as
    /// its preprocessing does.
    /// aspectRatio: how it is made square, as asFed()
    quint64 readAsFed(const MediaFile& file, double seconds, ImageSize size,
                      const QString& aspectRatio = {});
    void cancel(quint64 ticket);

    const QString& pasteFolder() const { return m_pasteFolder; }
    /// Deletes pasted pictures that are in none of these paths.
    void dropUnused(const QStringList& used);
    void erasePasted(); ///< Removes their folder; pastedErased() follows.

signals:
    void inspected(quint64 ticket, const argali::gui::MediaFile& file);
    void failed(quint64 ticket, const argali::gui::Failure& failure);
    void frameFailed(quint64 ticket, int index, const argali::gui::Failure& failure);
    void frameReady(quint64 ticket, int index, const QImage& frame, bool exact);
    void framesFinished(quint64 ticket);
    void fedReady(quint64 ticket, const QImage& picture);
    void pastedErased(const QStringList& left); ///< Paths of what could not be removed.

private:
    class Worker;
    std::stop_token issue(quint64 ticket);

    const QString m_pasteFolder;
    QThread m_thread;
    Worker* const m_worker; // lives in m_thread, which deletes it at its end
    std::map<quint64, std::stop_source> m_stops;
    quint64 m_next = 1;
};

} // namespace argali::gui
