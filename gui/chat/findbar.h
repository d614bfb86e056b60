#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;

namespace argali::gui {

class Button;

/// The line to find a text in the chat: Enter or Down goes to the next place, Shift+Enter or Up to
/// the one before, Esc closes it. Thread: GUI.
class FindBar final : public QWidget {
    Q_OBJECT
public:
    explicit FindBar(QWidget* parent = nullptr);

    /// Shows it and selects what was looked for last.
    void open();
    void close();
    /// active: the place that is shown, from 1
    void setResult(int active, int count);
    QString text() const;
    QString resultText() const;
    QLineEdit* edit() const { return m_edit; }

signals:
    /// An empty text when it is closed.
    void searchRequested(const QString& text, bool backward);
    void closed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void search(bool backward);
    void showNames();

    QLineEdit* const m_edit;
    QLabel* const m_result;
    Button* const m_back;
    Button* const m_next;
    Button* const m_close;
};

} // namespace argali::gui
