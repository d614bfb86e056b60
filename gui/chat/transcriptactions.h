#pragma once

#include <functional>

#include <QObject>
#include <QPointer>

#include "gui/chat/conversationbook.h"
#include "gui/chat/transcriptview.h"

namespace argali::gui {

class PictureViewer;

/// What the buttons of a message do, as far as it needs no model: copies, a question that is taken
/// up again, pictures in a viewer. Also how a turn of the conversation is put into the transcript.
/// Thread: GUI.
class TranscriptActions final : public QObject {
    Q_OBJECT
public:
    TranscriptActions(TranscriptView& view, ConversationBook& book);

    void show(const Turn& turn);
    /// The answer has ended. modelIsOpen: whether another model need not be offered after a failure
    void showEnd(const Turn& turn, bool modelIsOpen);

    /// "n of m" of a turn that has others beside it.
    void showBranch(quint64 turn);

    PictureViewer* viewer() const; ///< null while none is open
    /// The viewer that is open in another window belongs to this one.
    void takeViewer(const TranscriptActions& old);

    static const QString tryAgain; ///< actions of a failed answer
    static const QString openModel;
    static const QString goOn; ///< from where its text ends

signals:
    /// A film of a question is to be looked at.
    void filmActivated(const argali::gui::MediaFile& film);
    /// A question wants to be written anew.
    void editing(quint64 turn, const argali::gui::Draft& question);

private:
    void edit(quint64 turn);
    bool openFilm(quint64 turn, int index);
    void openPicture(quint64 turn, int index, const TranscriptView::Region* region = nullptr);

    TranscriptView& m_view;
    ConversationBook& m_book;
    QPointer<PictureViewer> m_viewer;
};

} // namespace argali::gui
