#pragma once

#include <optional>

#include <QDialog>

#include "gui/chat/engineworker.h"
#include "gui/mainwindow.h"

class QListWidget;
class QStackedWidget;

namespace argali::gui {

class DevicesPage;
class ModelLibrary;
class ModelsPage;

/// The settings, one page for each subject. What is changed holds at once.
class SettingsDialog final : public QDialog {
    Q_OBJECT
public:
    SettingsDialog(const WindowParts& parts, ModelLibrary& library, QWidget* parent);

    /// Name of a page: "general", "answers", "models", "servers", "devices", "privacy", "about".
    QString page() const;
    void showPage(const QString& page);
    QStringList pages() const;
    QWidget* pageWidget(const QString& page) const;

    void setModel(const std::optional<LoadedModel>& model, bool loading);

signals:
    void modelChosen(const QString& folder);

private:
    void addPage(const QString& name, const QString& title, QWidget* page);

    QListWidget* const m_list;
    QStackedWidget* const m_stack;
    ModelsPage* m_models = nullptr;
    DevicesPage* m_devices = nullptr;
};

} // namespace argali::gui
