#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;
class QVBoxLayout;

namespace argali::gui {

class Button;

/// A page of the settings: headings, rows and hints, one under the other.
class SettingsPage : public QWidget {
    Q_OBJECT
public:
    explicit SettingsPage(QWidget* parent = nullptr);

protected:
    QVBoxLayout* column() const { return m_column; }
    void addHeading(const QString& text);
    QLabel* addText(const QString& text);
    QLabel* addHint(const QString& text); ///< Quieter.
    /// A caption at the start and what is chosen at the end of a row.
    void addRow(const QString& caption, QWidget* control);
    void addSpace();
    /// Nothing comes after this.
    void finish();

private:
    QVBoxLayout* const m_column;
};

/// A path that can be selected and copied, but not changed.
QLineEdit* pathField(const QString& path, const QString& accessibleName, QWidget* parent);
/// A button that shows a folder in the desktop's file manager.
Button* openFolderButton(const QString& folder, const QString& accessibleName, QWidget* parent);
/// "5.2 GB", "640 kB"
QString sizeText(qint64 bytes);
/// Lets a label be as wide as its place and break its lines there.
void makeWrapping(QLabel* label);

} // namespace argali::gui
