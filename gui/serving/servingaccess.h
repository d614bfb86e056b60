#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;
class QPlainTextEdit;

namespace argali::gui {

class Button;
class Disclosure;
class ServerProcess;

/// How programs reach the model that is served: the address to give them, and a question from a
/// terminal, both to copy.
class ServingAccess final : public QWidget {
    Q_OBJECT
public:
    explicit ServingAccess(QWidget* parent = nullptr);

    /// Of one that runs.
    void setServer(const ServerProcess& server);

    QLineEdit* url() const { return m_url; }
    QPlainTextEdit* example() const { return m_example; }
    Disclosure* examplePart() const { return m_more; }
    Button* copyUrl() const { return m_copyUrl; }
    Button* copyExample() const { return m_copyExample; }

private:
    QLineEdit* const m_url;
    Disclosure* const m_more;
    QPlainTextEdit* const m_example;
    QLabel* const m_note;
    Button* const m_copyUrl;
    Button* const m_copyExample;
};

} // namespace argali::gui
