#pragma once

#include "gui/settings/settingspage.h"

namespace argali::gui {

/// Version, what Argali is built on, and where its log lies.
class AboutPage final : public SettingsPage {
    Q_OBJECT
public:
    explicit AboutPage(QWidget* parent = nullptr);
};

} // namespace argali::gui
