#pragma once

#include <QDialog>

class QLineEdit;

namespace argali::gui {

class Button;
class ServerBook;

/// Asks for the key of a server that wants one nobody has. "Later" leaves it at that: the key can
/// be entered in the settings, too.
class KeyQuestion final : public QDialog {
    Q_OBJECT
public:
    /// servers must outlive this.
    KeyQuestion(ServerBook& servers, const QString& profile, QWidget* parent = nullptr);

    QLineEdit* keyField() const { return m_key; }
    Button* useButton() const { return m_use; }
    QString note() const; ///< where the key will be

private:
    QLineEdit* const m_key;
    Button* const m_use;
};

/// Opens the question and returns at once; null where the server is not known any more.
KeyQuestion* askForKey(ServerBook& servers, const QString& profile, QWidget* parent);

} // namespace argali::gui
