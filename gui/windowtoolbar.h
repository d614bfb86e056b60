#pragma once

#include <QWidget>

namespace argali::gui {

class Button;
class ModelChooser;
class SegmentedControl;
class Settings;

/// The bar over chat and panel: list of chats, here or on a server, the model, settings, panel.
/// Thread: GUI.
class WindowToolBar final : public QWidget {
    Q_OBJECT
public:
    /// withServers: there is a switch between this computer and servers
    WindowToolBar(Settings& settings, bool withServers, QWidget* parent);

    ModelChooser* chooser() const { return m_chooser; }
    /// Here or on a server; null where there are no servers.
    SegmentedControl* place() const { return m_place; }

signals:
    void sideToggled();
    void panelToggled();
    void settingsRequested();

private:
    ModelChooser* m_chooser = nullptr;
    SegmentedControl* m_place = nullptr;
};

} // namespace argali::gui
