#pragma once

#include <QList>
#include <QWidget>

#include "gui/chat/attachment.h"

class QVBoxLayout;

namespace argali::gui {

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

    bool isSendable() const { return state == State::Ready && problem.isEmpty(); }
};

/// The files of a message: pictures as thumbnails in rows, what cannot be sent as a line below that
/// says why. Films are shown by FilmStrip.
class AttachmentRow final : public QWidget {
    Q_OBJECT
public:
    explicit AttachmentRow(QWidget* parent = nullptr);
    void setEntries(const QList<ComposerEntry>& entries);

signals:
    void removeRequested(quint64 ticket);

private:
    void addProblem(const ComposerEntry& entry);

    QWidget* const m_tiles;
    FlowLayout* const m_flow;
    QVBoxLayout* const m_problems;
};

} // namespace argali::gui
