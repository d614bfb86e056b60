#pragma once

#include "gui/settings/answeroptions.h"
#include "gui/settings/settingspage.h"

namespace argali::gui {

class AnswerForm;

/// The page of the settings that says how answers are made in a new chat.
class AnswerDefaultsPage final : public SettingsPage {
    Q_OBJECT
public:
    explicit AnswerDefaultsPage(Settings& settings, QWidget* parent = nullptr);
    AnswerForm* form() const { return m_form; }

private:
    Settings& m_settings;
    AnswerForm* const m_form;
    bool m_storing = false;
};

} // namespace argali::gui
