#pragma once

#include <map>
#include <memory>
#include <stop_token>

#include <QImage>
#include <QObject>
#include <QThread>

#include "gui/chat/attachment.h"
#include "gui/failure.h"

namespace argali::gui {

/// Reads pictures and films for the window, away from its thread: what a file is, thumbnails,
/// frames. Each call gets a ticket; its signals carry it until cancel(). Thread: GUI.
class MediaLoader final : public QObject {
    Q_OBJECT
public:
    /// pasteFolder: where pasted pictures are kept as files.
    explicit MediaLoader(const QString& pasteFolder, QObject* parent = nullptr);
    ~MediaLoader() override;

    /// What a file holds, with an upright thumbnail. Of a film the start, the middle and the end
    /// are decoded, so that a broken one is found before it is sent.
    quint64 inspect(const QString& path);
    /// Keeps a pasted picture as a file named by its content, then as inspect().
    quint64 keep(const QImage& picture);
    /// The frames the model would get of a film, in the size of thumbnails: nearest key frames
    /// first, then the exact ones.
    quint64 readFrames(const QString& path, int count);
    void cancel(quint64 ticket);

    const QString& pasteFolder() const { return m_pasteFolder; }
    /// Deletes pasted pictures that are in none of these paths.
    void dropUnused(const QStringList& used);

signals:
    void inspected(quint64 ticket, const argali::gui::MediaFile& file);
    void failed(quint64 ticket, const argali::gui::Failure& failure);
    void framesCounted(quint64 ticket, const QList<double>& times);
    void frameReady(quint64 ticket, int index, const QImage& frame, bool exact);
    void framesFinished(quint64 ticket);

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
