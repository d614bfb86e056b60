#pragma once

#include <QWidget>

#include "gui/remote/connectionprofile.h"

class QLabel;

namespace argali::gui {

class SegmentedControl;
class ToggleSwitch;

/// How films and pictures go to a server.
class SendingFields final : public QWidget {
    Q_OBJECT
public:
    explicit SendingFields(QWidget* parent = nullptr);

    void fill(const ConnectionProfile& profile);
    /// A form of films that is chosen anew is tried again.
    void writeTo(ConnectionProfile& profile) const;

    SegmentedControl* filmChoice() const { return m_film; }
    ToggleSwitch* originals() const { return m_originals; }
    QString note() const; ///< what the choice means

private:
    void showState();

    SegmentedControl* const m_film;
    ToggleSwitch* const m_originals;
    QLabel* const m_note;
};

} // namespace argali::gui
