#pragma once

#include <QWidget>

#include "gui/chat/conversationbook.h"

class QListWidget;

namespace argali::gui {

class Button;

/// The list at the side: new chat, and the chats of this session.
class ConversationList final : public QWidget {
    Q_OBJECT
public:
    explicit ConversationList(ConversationBook& book, QWidget* parent = nullptr);
    QListWidget* list() const { return m_list; }

signals:
    void newRequested();
    void opened(int index);
    void removeRequested(int index);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void fill();
    void showMenu(const QPoint& at);

    ConversationBook& m_book;
    Button* const m_new;
    QListWidget* const m_list;
};

} // namespace argali::gui
