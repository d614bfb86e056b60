#pragma once

#include <QObject>
#include <QPointer>

#include "gui/models/modeladapters.h"

class QMenu;

namespace argali::gui {

class AlphaQuestion;
class ChatOptions;
class ModelChooser;
class ShownModel;
class SourceChoice;
class StatusLine;

/// Adapters as a window offers them: the menu within that of models, its dialogs, and in the line
/// at the bottom what became of one.
/// Thread: GUI.
class AdapterControl final : public QObject {
    Q_OBJECT
public:
    /// What it works with; all of it outlives the control.
    struct Parts {
        ModelAdapters& adapters;
        ChatOptions& options;
        ModelChooser& chooser;
        ShownModel& shown;
        StatusLine& status;
        SourceChoice* sources; ///< null: always the model that is open here
    };
    AdapterControl(const Parts& parts, QWidget* window);

    QMenu* menu() const { return m_menu; }
    AlphaQuestion* alphaQuestion() const; ///< null while nothing is asked
    /// Reads what was chosen, for the chat that is open; asks first where its file lacks something.
    void add(const QString& path);

private:
    void passOn();
    void showState();
    void fillMenu();
    void addChoices();
    void addAdding();
    void addRemoving();
    QAction* addNote(const QString& text);
    void choose(bool isFolder);
    void begin(const QString& path, std::optional<double> textAlpha,
               std::optional<double> visionAlpha);
    void noteAdded(const QString& name, quint64 chat);
    void noteRefused(const QString& name, const Failure& failure);
    void noteLost(const QList<LoadedAdapter>& adapters);
    void noteRemoved(const QString& name);
    QString obstacle() const;
    QString chosen() const;

    const Parts m_parts;
    QWidget* const m_window;
    QMenu* const m_menu;
    QMenu* const m_removing;
    QPointer<AlphaQuestion> m_question;
};

} // namespace argali::gui
