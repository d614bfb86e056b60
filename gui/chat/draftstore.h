#pragma once

#include <QObject>
#include <QThreadPool>
#include <QTimer>

#include "gui/chat/attachment.h"

namespace argali::gui {

/// Keeps what is being written on disk, so that a crash loses at most two seconds of typing.
/// Thread: GUI; files are written by a thread of its own.
class DraftStore final : public QObject {
    Q_OBJECT
public:
    explicit DraftStore(const QString& fileName, QObject* parent = nullptr);
    ~DraftStore() override;

    /// The draft of the last session; media has only paths and frame counts. Empty when there is
    /// none.
    Draft restore() const;
    /// Remembers the draft; it is on disk within saveDelay.
    void save(const Draft& draft);
    void flush(); ///< Hands what is waiting to the writer now.

    static constexpr std::chrono::milliseconds saveDelay{1000};

signals:
    void failed(const QString& details);

private:
    void write();

    const QString m_fileName;
    QByteArray m_waiting;
    QByteArray m_written;
    QTimer m_timer;
    QThreadPool m_writer;
};

} // namespace argali::gui
