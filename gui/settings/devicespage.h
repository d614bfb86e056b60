#pragma once

#include <optional>
#include <vector>

#include "engine/devices.h"
#include "gui/chat/engineworker.h"
#include "gui/settings/settings.h"
#include "gui/settings/settingspage.h"

class QButtonGroup;
class QLabel;

namespace argali::gui {

/// What can compute here, and what models are opened on.
class DevicesPage final : public SettingsPage {
    Q_OBJECT
public:
    explicit DevicesPage(Settings& settings, QWidget* parent = nullptr);

    /// loading: one is on its way, and cannot be opened again yet.
    void setModel(const std::optional<LoadedModel>& model, bool loading);
    /// What was found; asked for by the page itself when it is shown.
    void setDevices(const std::vector<Device>& devices, const QString& problem);

    QStringList choices() const; ///< Ids in order, "auto" first.
    void choose(const QString& id);
    QString note() const; ///< On a choice that is not here, or a model that runs elsewhere.
    Button* reopenButton() const { return m_reopen; }

signals:
    void modelChosen(const QString& folder);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void addChoice(QWidget* list, const QString& id, const QString& name, const QString& details);
    QString detailsOf(const Device& device) const;
    QString chosen() const;
    void showState();

    Settings& m_settings;
    std::optional<LoadedModel> m_model;
    bool m_loading = false;
    bool m_known = false; ///< devices have been looked for
    QStringList m_ids;
    QWidget* m_list = nullptr;
    QButtonGroup* m_group = nullptr;
    QLabel* m_note = nullptr;
    QLabel* m_problem = nullptr;
    Button* m_reopen = nullptr;
};

} // namespace argali::gui
