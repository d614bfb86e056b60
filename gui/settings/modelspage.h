#pragma once

#include <optional>

#include "gui/chat/engineworker.h"
#include "gui/settings/settings.h"
#include "gui/settings/settingspage.h"

class QLabel;
class QLineEdit;

namespace argali::gui {

class ModelLibrary;

/// Where models lie, which there are, and which were opened last.
class ModelsPage final : public SettingsPage {
    Q_OBJECT
public:
    ModelsPage(Settings& settings, ModelLibrary& library, QWidget* parent = nullptr);
    /// Marks the one that is open.
    void setModel(const std::optional<LoadedModel>& model);

    QString problem() const;    ///< What is wrong with the folder; empty when nothing is.
    QStringList listed() const; ///< Folders of the models that are shown.

signals:
    void modelChosen(const QString& folder);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void chooseFolder();
    void showFolder();
    void showModels();
    void showRecent();
    void forget(const QString& folder);

    Settings& m_settings;
    ModelLibrary& m_library;
    QString m_open; ///< folder of the model that is open
    QStringList m_listed;
    QLineEdit* const m_folder;
    Button* const m_choose;
    Button* const m_usual;
    QLabel* m_problem = nullptr;
    QWidget* m_models = nullptr;
    QWidget* m_recent = nullptr;
};

} // namespace argali::gui
