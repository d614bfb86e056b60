#pragma once

#include <set>

#include <QTimer>
#include <QWidget>

#include "gui/chat/conversationbook.h"
#include "gui/history/historyworker.h"

class QLabel;
class QLineEdit;
class QListWidget;
class QListWidgetItem;
class QMenu;

namespace argali::gui {

class Button;
class ChatRowDelegate;
enum class ChatRowKind;

/// The list at the side: new chat, search, and the chats: pinned ones, folders, then by date.
class ConversationList final : public QWidget {
    Q_OBJECT
public:
    explicit ConversationList(ConversationBook& book, QWidget* parent = nullptr);
    QListWidget* list() const { return m_list; }
    QLineEdit* searchField() const { return m_search; }

    void focusSearch();
    /// Searches and folds as another list does.
    void takeOver(const ConversationList& old);
    /// Answers searchRequested().
    void showHits(const QList<SearchHit>& hits);
    /// A sentence under the list that stays; empty takes it away.
    void setNotice(const QString& sentence, const QString& details = {});
    QString notice() const;
    /// Makes a folder and lets its name be written. Returns its number.
    quint64 addFolder();
    /// Lets the title of a chat be written.
    void renameChat(quint64 id);
    /// Brings the list up to date now, and not when there is time.
    void fillNow();
    static QString newChatTitle();
    /// Whether export and import are offered; not while one is under way.
    void setExchangeEnabled(bool enabled) { m_exchangeEnabled = enabled; }

signals:
    void newRequested();
    /// turn: the one to show in it, or 0
    void opened(quint64 conversation, quint64 turn);
    void removeRequested(quint64 conversation);
    void searchRequested(const QString& words);
    /// name: of what is exported
    void exportRequested(const QList<quint64>& conversations, const QString& name);
    void importRequested(const QStringList& files); ///< none: they are to be chosen

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void makeHead();
    void makeList();
    void fill();
    void fillWithChats();
    void fillWithHits();
    QListWidgetItem* addRow(ChatRowKind kind, const QString& text, quint64 id = 0);
    void addChat(const Conversation& chat, int indent = 0);
    void addGroup(const QString& heading, const std::vector<const Conversation*>& chats);
    QString dateGroup(qint64 changed) const;
    void activate(QListWidgetItem* item);
    void erase(QListWidgetItem* item);
    void rename(const QModelIndex& index, const QString& name);
    void editRow(ChatRowKind kind, quint64 id);
    void showMenu(const QPoint& at);
    void fillChatMenu(QMenu* menu, quint64 id);
    void fillFolderMenu(QMenu* menu, quint64 id);
    void fillListMenu(QMenu* menu);
    void addExport(QMenu* menu, const QString& words, const QList<quint64>& chats,
                   const QString& name);
    bool takeKey(const QKeyEvent& event);

    ConversationBook& m_book;
    Button* const m_new;
    Button* const m_more;
    QLineEdit* const m_search;
    QListWidget* const m_list;
    ChatRowDelegate* const m_rows;
    QLabel* const m_notice;
    QTimer m_fillLater;
    QTimer m_searchLater;
    std::set<quint64> m_closedFolders;
    bool m_exchangeEnabled = true;
    std::optional<QList<SearchHit>> m_hits; ///< while something is searched
};

} // namespace argali::gui
