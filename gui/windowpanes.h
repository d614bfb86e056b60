#pragma once

#include <QObject>

class QSplitter;
class QWidget;

namespace argali::gui {

class Settings;

/// How the window is divided: the list beside the rest, the Answer panel beside the chat. Remembers
/// the widths and what is open; in a narrow window the panel closes first, then the list.
/// Thread: GUI.
class WindowPanes final : public QObject {
    Q_OBJECT
public:
    /// side, main, panel: what stands beside one another; bar: over the last two. window: owns this
    WindowPanes(Settings& settings, QWidget* side, QWidget* main, QWidget* panel, QWidget* bar,
                QWidget* window);

    QWidget* whole() const; ///< All of it, to be laid out.
    bool isSideOpen() const { return !m_side->isHidden(); }
    bool isPanelOpen() const { return !m_panel->isHidden(); }
    void setSideOpen(bool open);
    void setPanelOpen(bool open);
    /// As it was when the settings were written.
    void restore();
    void store();
    /// The window has another width.
    void fit();
    /// Open is what is open in another window, which may be otherwise than the settings.
    void takeOver(const WindowPanes& old);

    static constexpr int panelNeeds = 900; ///< px of width below which the panel closes
    static constexpr int sideNeeds = 700;  ///< ... the list
    static constexpr int chatNeeds = 340;  ///< px

private:
    Settings& m_settings;
    QWidget* const m_window;
    QWidget* const m_side;
    QWidget* const m_panel;
    QSplitter* const m_outer;
    QSplitter* const m_inner;
    int m_fitted = 0; ///< width that the parts were last fitted to
};

} // namespace argali::gui
