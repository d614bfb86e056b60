#pragma once

#include <functional>

#include <QWidget>

#include "gui/chat/chatoptions.h"
#include "gui/settings/presetstore.h"

class QLabel;
class QLineEdit;
class QMenu;

namespace argali::gui {

class Button;

/// The row "Preset": which one the open chat answers by, a menu of all, and what can be done with
/// them. A name is typed in place, and what a choice takes away can be had back.
class PresetRow final : public QWidget {
    Q_OBJECT
public:
    PresetRow(PresetStore& store, ChatOptions& options, QWidget* parent = nullptr);

    void showMenu();
    /// Goes on where another row is: the name that is being typed, what can be had back.
    void takeOver(const PresetRow& old);
    Button* button() const { return m_button; }
    QMenu* menu() const { return m_menu; }
    QLineEdit* nameField() const { return m_name; } ///< Seen while a name is asked for.
    Button* accept() const { return m_accept; }
    Button* cancel() const { return m_cancel; }
    Button* undo() const { return m_undo; }
    QString note() const;    ///< What is said of the last step; empty: nothing.
    QString trouble() const; ///< What is said of the file; empty: nothing.

signals:
    void aboutToAct(); ///< What is typed and not confirmed yet counts, too.

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    /// A name that can be chosen: a preset's, or none for the defaults.
    struct Choice {
        quint64 chat = 0; ///< 0: nothing was chosen
        QString name;
    };
    void makeEditor();
    void makeNotes();
    void fillMenu();
    int matching() const;
    void choose(const QString& name);
    void ask(const QString& renamed);
    void endAsking();
    void takeName();
    void askToOverwrite(const QString& name);
    void removePreset(const Preset& preset);
    /// A sentence, in the language of the moment.
    using Words = std::function<QString()>;
    /// Undoes the last step, in a row that may be another one by then; returns why it cannot.
    using Undo = std::function<QString(PresetRow&)>;
    void say(const Words& words);
    void offer(const Words& words, const Undo& undo);
    void takeBack();
    void dropNote();
    void showState();

    PresetStore& m_store;
    ChatOptions& m_options;
    Button* const m_button;
    QMenu* const m_menu;
    QWidget* m_editor = nullptr;
    QLineEdit* m_name = nullptr;
    Button* m_accept = nullptr;
    Button* m_cancel = nullptr;
    QWidget* m_noteLine = nullptr;
    QLabel* m_note = nullptr;
    Button* m_undo = nullptr;
    QLabel* m_trouble = nullptr;

    Choice m_chosen;             ///< the last; counts while it is alike, of several that are
    QString m_renamed;           ///< whose name is being typed; empty: of a new one
    QString m_overwrite;         ///< the name that is overwritten when it is confirmed once more
    Words m_words;               ///< of the note; null: there is none
    Undo m_back;                 ///< null: there is nothing to be had back
    quint64 m_noteChat = 0;      ///< the chat that the note is about; 0: all
    AnswerOptions m_noteOptions; ///< ... and what it had then
};

} // namespace argali::gui
