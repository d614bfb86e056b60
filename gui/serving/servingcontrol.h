#pragma once

#include <optional>

#include <QObject>
#include <QPointer>

#include "gui/chat/engineworker.h"

class QMessageBox;

namespace argali::gui {

class Button;
class ModelChooser;
class ServeDialog;
class ServerProcess;
class Settings;
class StatusLine;

/// Serving as a window offers it: the entry in the menu of models, the dialog, and in the line at
/// the bottom that something is served.
/// Thread: GUI.
class ServingControl final : public QObject {
    Q_OBJECT
public:
    /// What it works with; all of it outlives the control.
    struct Parts {
        ServerProcess& server;
        Settings& settings;
        ModelChooser& chooser;
        StatusLine& status;
    };
    ServingControl(const Parts& parts, QWidget* window);

    void open();
    ServeDialog* dialog() const; ///< Null until it was opened.
    /// The model on this computer that is open.
    void setModel(const std::optional<LoadedModel>& model, bool loading);
    /// As beside another window.
    void takeOver(const ServingControl& old);
    /// Whether the window may close. Where others are being answered the user is asked, and the
    /// window closes afterwards.
    bool mayClose();
    QMessageBox* question() const;            ///< Null while nothing is asked.
    Button* label() const { return m_label; } ///< in the line at the bottom

private:
    void make();
    void showState();

    const Parts m_parts;
    QWidget* const m_window;
    Button* const m_label;
    std::optional<LoadedModel> m_model;
    bool m_isLoading = false;
    bool m_mayClose = false; ///< the user has said so
    QPointer<ServeDialog> m_dialog;
    QPointer<QMessageBox> m_question;
};

} // namespace argali::gui
