#pragma once

#include "gui/settings/settings.h"
#include "gui/settings/settingspage.h"

namespace argali::gui {

class ComboBox;
class SegmentedControl;

/// How the window looks, its language, and the key that sends.
class GeneralPage final : public SettingsPage {
    Q_OBJECT
public:
    explicit GeneralPage(Settings& settings, QWidget* parent = nullptr);
    SegmentedControl* appearance() const { return m_appearance; }
    ComboBox* language() const { return m_language; }
    SegmentedControl* sendKey() const { return m_send; }

private:
    void show(const QByteArray& key);

    Settings& m_settings;
    SegmentedControl* const m_appearance;
    ComboBox* const m_language;
    SegmentedControl* const m_send;
};

} // namespace argali::gui
