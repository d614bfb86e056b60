#pragma once

#include <optional>

#include <QLabel>
#include <QWidget>

#include "gui/chat/attachedfiles.h"
#include "gui/chat/attachment.h"
#include "gui/chat/engineworker.h"
#include "gui/settings/settings.h"

class QMimeData;

namespace argali::gui {

class ComposerEdit;
class ComposerTools;
class FilmStrip;
class MediaLoader;

/// Where a question is written and its pictures or film are gathered. It never loses a draft: what
/// was sent is only cleared by clear(), and comes back by setDraft().
class Composer final : public QWidget {
    Q_OBJECT
public:
    Composer(Settings& settings, MediaLoader& loader, QWidget* parent = nullptr);

    /// Text and the media that can be sent, in order.
    Draft draft() const;
    /// Everything, also what is still being read; for keeping.
    Draft keptDraft() const;
    void setDraft(const Draft& draft);
    void clear();
    /// Goes on where another composer is: text, cursor and files, also those that are still being
    /// read or cannot be. The other one lets go of its film.
    void takeOver(const Composer& old);
    bool isEmpty() const;
    /// A file is still being looked at, or the frames of a film are not all exact yet.
    bool isReading() const;
    /// Why the draft cannot be sent as it is; empty when it can.
    QString obstacle() const;

    /// The model that will answer decides what can be attached.
    void setModel(const std::optional<LoadedModel>& model);
    /// So does what the chat holds already.
    void setEarlier(const EarlierMedia& earlier);
    /// What the model cannot take of what is attached or was asked before, as a sentence.
    QString switchWarning() const;
    /// What the model makes of the files of draft(), the last of these; shown where they are.
    /// aspectRatio: how pictures are made square, as asFed()
    void setCosts(const std::vector<VisualCost>& costs, const QString& aspectRatio = {});
    /// What the chip says of thinking, and the tokens it is held to; 0: none.
    void setThinking(bool on, int budget);
    /// An answer is being written: the send button stops it.
    void setBusy(bool busy);
    bool isBusy() const { return m_busy; }
    /// A quiet line in the composer; empty takes it away. It goes with the next change, too.
    void showNote(const QString& note);
    QString note() const;

    /// Attaches a file; what it is comes from its content.
    void attach(const QString& path, int frames = -1);
    void attachPicture(const QImage& picture);
    /// Takes what was dropped or pasted. Returns whether anything in it is for attaching; plain
    /// text is not.
    bool take(const QMimeData& mime);
    void chooseFiles();            ///< Opens the file dialog and returns at once.
    void chooseFilesOf(bool film); ///< ... for films, or for pictures.
    void focusText();

    ComposerEdit* edit() const { return m_edit; }
    FilmStrip* strip() const { return m_strip; }
    /// Moves a picture before the one at this place among the files.
    void moveTo(quint64 ticket, int place);
    const QList<ComposerEntry>& entries() const { return m_files.entries(); }

signals:
    void sendRequested();
    void stopRequested();
    void changed(); ///< text or attachments
    void thinkingChosen(bool on);
    /// To look into a film and to add frames from it.
    void previewRequested(const argali::gui::MediaFile& film, double seconds);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void layOut();
    void connectFiles();
    void connectStrip();
    void showWhatIsSeen(const MediaFile& file, const std::optional<VisualCost>& cost,
                        double seconds);
    void remove(quint64 ticket);
    void validate();
    /// Whether the model sees films or pictures.
    bool sees(bool film) const;
    void showSight();
    void showEntries();
    void showThinking();
    void showSend();
    void noteChange();

    Settings& m_settings;
    MediaLoader& m_loader;
    std::optional<LoadedModel> m_model;
    QString m_aspectRatio;
    EarlierMedia m_earlier;
    AttachedFiles m_files;
    bool m_busy = false;
    bool m_wantsThinking = false;
    int m_thinkingBudget = 0;
    AttachmentRow* const m_row;
    FilmStrip* const m_strip;
    ComposerEdit* const m_edit;
    QLabel* const m_note;
    ComposerTools* const m_tools;
};

} // namespace argali::gui
