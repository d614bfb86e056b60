#pragma once

#include <optional>

#include <QMap>
#include <QObject>
#include <QThreadPool>
#include <QTimer>

#include "gui/chat/attachment.h"
#include "gui/settings/answeroptions.h"

namespace argali::gui {

/// What is being written in one chat.
struct KeptDraft {
    Draft draft;        ///< media has only paths and frame counts
    bool isNew = false; ///< nothing was sent in that chat yet, so that it is known only here
    /// How answers are made in a new one; none: as the defaults say.
    std::optional<AnswerOptions> options = std::nullopt;

    bool isEmpty() const { return draft.isEmpty() && !options; }
};

/// Keeps what is being written in each chat on disk, so that a crash loses at most two seconds of
/// typing. It is a file of its own, which no trouble of the history reaches.
/// Thread: GUI; files are written by a thread of its own.
class DraftStore final : public QObject {
    Q_OBJECT
public:
    explicit DraftStore(const QString& fileName, QObject* parent = nullptr);
    ~DraftStore() override;

    /// The drafts of the last session by the numbers of their chats; 0 is a new one of an earlier
    /// version. Empty when there are none.
    QMap<quint64, KeptDraft> restore();
    quint64 restoredCurrent() const { return m_restoredCurrent; } ///< the chat that was open
    /// Remembers the draft of the chat that is open; it is on disk within saveDelay. An empty one
    /// is forgotten.
    /// options: of a new chat; the history keeps those of the others
    void save(quint64 conversation, const Draft& draft, bool isNew,
              const std::optional<AnswerOptions>& options = {});
    void move(quint64 from, quint64 to); ///< The chat has another number now.
    void remove(quint64 conversation);
    const QMap<quint64, KeptDraft>& drafts() const { return m_drafts; }
    QStringList media() const; ///< paths of all attachments
    /// Forgets all drafts and removes their file; erased() follows.
    void erase();
    void flush(); ///< Hands what is waiting to the writer now.

    static constexpr std::chrono::milliseconds saveDelay{1000};

signals:
    void failed(const QString& details);
    void erased(const QStringList& left); ///< Paths of what could not be removed.

private:
    void later();
    void write();

    const QString m_fileName;
    QMap<quint64, KeptDraft> m_drafts;
    quint64 m_current = 0;
    quint64 m_restoredCurrent = 0;
    QByteArray m_written;
    QTimer m_timer;
    QThreadPool m_writer;
};

} // namespace argali::gui
