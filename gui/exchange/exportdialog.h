#pragma once

#include <QDialog>

#include "gui/exchange/exchangedchat.h"

class QLabel;

namespace argali::gui {

class SegmentedControl;
class ToggleSwitch;

/// Asks how chats are to be exported.
class ExportDialog final : public QDialog {
    Q_OBJECT
public:
    /// options: what is chosen at first
    ExportDialog(int chats, const ExportOptions& options, QWidget* parent = nullptr);

    ExportOptions options() const;
    SegmentedControl* formats() const { return m_formats; } ///< as in ExportOptions::Format
    ToggleSwitch* thinkingSwitch() const { return m_thinking; }
    QString explanation() const; ///< of the format that is chosen

signals:
    void chosen(const argali::gui::ExportOptions& options);

private:
    SegmentedControl* const m_formats;
    QLabel* const m_words;
    ToggleSwitch* const m_thinking;
};

} // namespace argali::gui
