#pragma once

#include <optional>

#include <QList>
#include <QWidget>

#include "engine/engine.h"
#include "gui/chat/attachment.h"
#include "gui/failure.h"

class QVBoxLayout;

namespace argali::gui {

class AttachmentTile;
class FlowLayout;

/// A file in the composer, from the moment it is dropped.
struct ComposerEntry {
    enum class State { Reading, Ready, Broken };
    quint64 ticket = 0;
    State state = State::Reading;
    QString name;    ///< file name, or what a pasted picture is called
    MediaFile file;  ///< when Ready; before that path and frames
    QString problem; ///< why it cannot be read, or cannot be sent with the others or this model
    QString details; ///< for the tooltip
    std::optional<Failure> failure; ///< of what cannot be read
    std::optional<VisualCost> cost; ///< what the model makes of it, once known
    bool framesBroken = false;      ///< the problem is one of its frames; others can be chosen

    bool isSendable() const { return state == State::Ready && problem.isEmpty(); }
};

/// The files of a message: pictures as thumbnails in rows, which can be put in another order; what
/// cannot be sent as a line below that says why. Films are shown by FilmStrip.
class AttachmentRow final : public QWidget {
    Q_OBJECT
public:
    explicit AttachmentRow(QWidget* parent = nullptr);
    void setEntries(const QList<ComposerEntry>& entries);
    void setCost(quint64 ticket, const std::optional<VisualCost>& cost);
    const QList<AttachmentTile*>& tiles() const { return m_shown; }

signals:
    void removeRequested(quint64 ticket);
    void viewRequested(quint64 ticket);
    /// To stand where another file stands now, which makes room.
    void moveRequested(quint64 ticket, quint64 place);

private:
    void addTile(const ComposerEntry& entry);
    void addProblem(const ComposerEntry& entry);
    void orderTabs();
    void moveTile(const AttachmentTile& tile, qsizetype place);
    int placeAt(const QPoint& point, const AttachmentTile& dragged) const;
    void showMark(int place, AttachmentTile* dragged);

    QWidget* const m_tiles;
    FlowLayout* const m_flow;
    QVBoxLayout* const m_problems;
    QWidget* const m_anchor; ///< never seen; keeps the place in the order of Tab
    QWidget* const m_mark;   ///< where a dragged tile would go
    QList<AttachmentTile*> m_shown;
};

} // namespace argali::gui
