#pragma once

#include <QWidget>

class QVBoxLayout;

namespace argali::gui {

/// A caption with a chevron that shows or hides what belongs to it.
class Disclosure final : public QWidget {
    Q_OBJECT
public:
    explicit Disclosure(const QString& caption, QWidget* parent = nullptr);
    QVBoxLayout* contentLayout() const { return m_contentLayout; }
    bool isOpen() const;
    void setOpen(bool open);

signals:
    void toggled(bool open);

private:
    class Head;
    Head* const m_head;
    QWidget* const m_content;
    QVBoxLayout* const m_contentLayout;
};

} // namespace argali::gui
