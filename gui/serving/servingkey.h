#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;

namespace argali::gui {

class Button;

/// The key that clients have to send: made by itself or typed, hidden until it is to be seen.
class ServingKey final : public QWidget {
    Q_OBJECT
public:
    explicit ServingKey(QWidget* parent = nullptr);

    QString key() const;
    void setKey(const QString& key);
    /// What is wrong with it; empty: nothing.
    QString trouble() const;
    /// It is in use.
    void setFixed(bool fixed);
    void takeOver(const ServingKey& old);

    QLineEdit* field() const { return m_field; }
    Button* showButton() const { return m_show; }
    Button* newButton() const { return m_new; }
    Button* copyButton() const { return m_copy; }
    QString note() const;

signals:
    void changed();

private:
    void showNote();

    QLineEdit* const m_field;
    Button* const m_show;
    Button* const m_new;
    Button* const m_copy;
    QLabel* const m_note;
};

/// Puts a text into the clipboard, and lets the button say so for a moment.
void copyBy(Button* button, const QString& text);

} // namespace argali::gui
