#pragma once

#include <QDialog>

class QLineEdit;
class QTreeWidget;

namespace argali::gui {

/// A window beside the other that lists the keys that do something, and finds among them. Esc
/// closes it.
class ShortcutList final : public QDialog {
    Q_OBJECT
public:
    /// window: whose keys these are
    ShortcutList(const QWidget& window, bool sendWithEnter, QWidget* parent = nullptr);

    QLineEdit* searchField() const { return m_search; }
    QTreeWidget* list() const { return m_list; }

    static constexpr int IdRole = Qt::UserRole; ///< Shortcut of a row, in its first column

private:
    void fill(const QWidget& window, bool sendWithEnter);
    void showMatching(const QString& words);

    QLineEdit* const m_search;
    QTreeWidget* const m_list;
};

} // namespace argali::gui
