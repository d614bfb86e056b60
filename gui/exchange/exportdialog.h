#pragma once

#include <QDialog>

#include "gui/exchange/exchangedchat.h"

class QCheckBox;
class QRadioButton;

namespace argali::gui {

/// Asks how chats are to be exported.
class ExportDialog final : public QDialog {
    Q_OBJECT
public:
    /// options: what is chosen at first
    ExportDialog(int chats, const ExportOptions& options, QWidget* parent = nullptr);

    ExportOptions options() const;
    QRadioButton* formatButton(ExportOptions::Format format) const;
    QCheckBox* thinkingBox() const { return m_thinking; }

signals:
    void chosen(const argali::gui::ExportOptions& options);

private:
    QList<QRadioButton*> m_formats; ///< in the order of ExportOptions::Format
    QCheckBox* const m_thinking;
};

} // namespace argali::gui
