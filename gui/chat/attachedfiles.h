#pragma once

#include <optional>

#include <QObject>

#include "gui/chat/attachmentrow.h"
#include "gui/chat/composerrules.h"

namespace argali::gui {

class MediaLoader;

/// The files of a question that is being written, in their order: each is read, and then judged
/// with the others. Knows no widget.
/// Thread: GUI.
class AttachedFiles final : public QObject {
    Q_OBJECT
public:
    explicit AttachedFiles(MediaLoader& loader, QObject* parent = nullptr);

    const QList<ComposerEntry>& entries() const { return m_entries; }
    bool isEmpty() const { return m_entries.isEmpty(); }
    bool isReading() const;
    QList<MediaFile> sendable() const;
    QList<MediaFile> kept() const; ///< also those that are still being read
    /// Why they cannot be sent as they are; empty when they can.
    QString obstacle() const;
    ComposerEntry* find(quint64 ticket);
    /// The film whose frames can be chosen, or null.
    ComposerEntry* film();

    void attach(const MediaFile& file); ///< What it is comes from its content.
    void attachPicture(const QImage& picture);
    void remove(quint64 ticket);
    /// Before the one at this place.
    void moveTo(quint64 ticket, int place);
    void clear();
    /// Goes on with those of another window, also with what is still being read.
    void takeOver(const AttachedFiles& old);
    /// Writes into each why it cannot go with the others to this model. Says nothing of it.
    void judge(const std::optional<LoadedModel>& model, const EarlierMedia& earlier);
    /// costs: of sendable(), the last of these; unknown where they are fewer
    void setCosts(const std::vector<VisualCost>& costs);

signals:
    void changed();                      ///< which there are, or what is known of one
    void noted(const QString& sentence); ///< why something is not here
    void attached();

private:
    void add(ComposerEntry entry);
    void inspected(quint64 ticket, const MediaFile& file);
    void refused(quint64 ticket, const Failure& failure);
    static void sayProblem(ComposerEntry& entry);

    MediaLoader& m_loader;
    QList<ComposerEntry> m_entries;
};

} // namespace argali::gui
