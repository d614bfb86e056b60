#pragma once

#include <QWidget>

#include "gui/remote/connectionprofile.h"

class QLabel;
class QLineEdit;
class QSpinBox;

namespace argali::gui {

class ProfileStore;
class SegmentedControl;

/// Whether a server answers together with others, and how they share the questions.
class GroupFields final : public QWidget {
    Q_OBJECT
public:
    /// store: whose groups are offered
    explicit GroupFields(ProfileStore& store, QWidget* parent = nullptr);

    void fill(const ConnectionProfile& profile);
    void writeTo(ConnectionProfile& profile) const;

    QLineEdit* nameField() const { return m_name; }
    SegmentedControl* modeChoice() const { return m_mode; }
    QSpinBox* weightField() const { return m_weight; }
    QString note() const; ///< what the choice means

private:
    void takeKnownMode();
    void showState();

    ProfileStore& m_store;
    QLineEdit* const m_name;
    QWidget* const m_modeRow;
    SegmentedControl* const m_mode;
    QWidget* const m_weightRow;
    QSpinBox* const m_weight;
    QLabel* const m_note;
};

/// What a server is in its group, as a sentence; empty for one without a group.
QString groupSentence(const ProfileStore& store, const ConnectionProfile& profile);

} // namespace argali::gui
