// What can be done with the rows of ConversationList.

#include <algorithm>

#include <QAction>
#include <QDropEvent>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>
#include <QUrl>

#include "gui/chat/conversationlist.h"
#include "gui/displayname.h"
#include "gui/history/chatrow.h"
#include "gui/shortcuts.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {

/// A title in a menu: "&" is no shortcut there.
QString menuText(const QString& name)
{
    QString text = displayName(name).left(60);
    return text.replace(QLatin1Char('&'), QStringLiteral("&&"));
}

/// The files dropped that may be exported chats.
QStringList chatFilesIn(const QMimeData& mime)
{
    QStringList files;
    for (const QUrl& url : mime.urls()) {
        if (url.isLocalFile() && url.path().endsWith(QLatin1String(".json"), Qt::CaseInsensitive))
            files.append(url.toLocalFile());
    }
    return files;
}

} // namespace

void ConversationList::activate(QListWidgetItem* item)
{
    if (!item)
        return;
    switch (kindOf(item)) {
    case ChatRowKind::Heading:
        break;
    case ChatRowKind::Folder: {
        const quint64 id = idOf(item);
        if (!m_closedFolders.erase(id))
            m_closedFolders.insert(id);
        m_fillLater.start(0); // the item is still in use
        break;
    }
    case ChatRowKind::Chat:
    case ChatRowKind::Hit:
        emit opened(idOf(item), item->data(TurnRole).toULongLong());
        break;
    }
}

void ConversationList::erase(QListWidgetItem* item)
{
    if (!item)
        return;
    if (kindOf(item) == ChatRowKind::Chat)
        emit removeRequested(idOf(item));
    else if (kindOf(item) == ChatRowKind::Folder)
        m_book.removeFolder(idOf(item)); // its chats stay
}

void ConversationList::rename(const QModelIndex& index, const QString& name)
{
    const QListWidgetItem* item = m_list->item(index.row());
    if (!index.isValid() || !item)
        return;
    if (kindOf(item) == ChatRowKind::Folder)
        m_book.renameFolder(idOf(item), name);
    else if (kindOf(item) == ChatRowKind::Chat && name != item->text())
        m_book.setTitle(idOf(item), name);
    m_list->setFocus();
}

void ConversationList::editRow(ChatRowKind kind, quint64 id)
{
    if (m_hits)
        m_search->clear();
    fillNow();
    for (int i = 0; i < m_list->count(); ++i) {
        QListWidgetItem* item = m_list->item(i);
        if (kindOf(item) == kind && idOf(item) == id) {
            m_list->setCurrentItem(item);
            m_list->scrollToItem(item);
            m_list->editItem(item);
            return;
        }
    }
}

quint64 ConversationList::addFolder()
{
    const quint64 folder = m_book.addFolder(tr("New folder"));
    editRow(ChatRowKind::Folder, folder);
    return folder;
}

void ConversationList::renameChat(quint64 id)
{
    // It may lie in a folder that is closed.
    if (const Conversation* chat = m_book.byId(id))
        m_closedFolders.erase(chat->head().folder);
    editRow(ChatRowKind::Chat, id);
}

void ConversationList::showMenu(const QPoint& at)
{
    // By key the menu belongs to the current row, wherever the pointer is.
    QListWidgetItem* item = m_list->itemAt(at);
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    if (item && kindOf(item) == ChatRowKind::Folder)
        fillFolderMenu(menu, idOf(item));
    else if (item && kindOf(item) != ChatRowKind::Heading)
        fillChatMenu(menu, idOf(item));
    else
        fillListMenu(menu);
    menu->popup(m_list->viewport()->mapToGlobal(at));
}

void ConversationList::fillChatMenu(QMenu* menu, quint64 id)
{
    const Conversation* chat = m_book.byId(id);
    if (!chat)
        return;
    const bool pinned = chat->head().pinned;
    const quint64 folder = chat->head().folder;
    const QKeySequence renameKey = Shortcuts::keys(Shortcut::RenameRow).first();
    menu->addAction(tr("Rename"), renameKey, this, [this, id] { editRow(ChatRowKind::Chat, id); });
    menu->addAction(icon(QStringLiteral("pin")), pinned ? tr("Unpin") : tr("Pin"), this,
                    [this, id, pinned] { m_book.setPinned(id, !pinned); });
    QMenu* move = menu->addMenu(icon(QStringLiteral("folder")), tr("Move to folder"));
    for (const ChatFolder& each : m_book.folders()) {
        QAction* action = move->addAction(menuText(each.name), this,
                                          [this, id, to = each.id] { m_book.setFolder(id, to); });
        action->setCheckable(true);
        action->setChecked(each.id == folder);
    }
    if (folder)
        move->addAction(tr("No folder"), this, [this, id] { m_book.setFolder(id, 0); });
    move->addSeparator();
    move->addAction(tr("New folder"), this, [this, id] {
        m_book.setFolder(id, m_book.addFolder(tr("New folder")));
        editRow(ChatRowKind::Folder, m_book.folders().last().id);
    });
    menu->addSeparator();
    if (!chat->isEmpty())
        addExport(menu, tr("Export…"), {id}, chat->title());
    const QKeySequence deleteKey = Shortcuts::keys(Shortcut::DeleteRow).first();
    menu->addAction(icon(QStringLiteral("trash")), tr("Delete"), deleteKey, this,
                    [this, id] { emit removeRequested(id); });
}

void ConversationList::fillFolderMenu(QMenu* menu, quint64 id)
{
    const QKeySequence renameKey = Shortcuts::keys(Shortcut::RenameRow).first();
    menu->addAction(tr("Rename"), renameKey, this,
                    [this, id] { editRow(ChatRowKind::Folder, id); });
    menu->addAction(icon(QStringLiteral("folder")), tr("New folder"), this,
                    [this] { addFolder(); });
    menu->addSeparator();
    QList<quint64> chats;
    for (int i = 0; i < m_book.count(); ++i) {
        if (m_book.at(i).head().folder == id && !m_book.at(i).isEmpty())
            chats.append(m_book.at(i).id());
    }
    if (!chats.isEmpty())
        addExport(menu, tr("Export the chats of this folder…"), chats, {});
    menu->addAction(icon(QStringLiteral("trash")), tr("Delete folder, keep its chats"), this,
                    [this, id] { m_book.removeFolder(id); });
}

void ConversationList::fillListMenu(QMenu* menu)
{
    menu->addAction(icon(QStringLiteral("folder")), tr("New folder"), this,
                    [this] { addFolder(); });
    menu->addSeparator();
    QList<quint64> chats;
    for (int i = 0; i < m_book.count(); ++i) {
        if (!m_book.at(i).isEmpty())
            chats.append(m_book.at(i).id());
    }
    if (!chats.isEmpty())
        addExport(menu, tr("Export all chats…"), chats, {});
    QAction* import =
        menu->addAction(tr("Import chats…"), this, [this] { emit importRequested({}); });
    import->setEnabled(m_exchangeEnabled);
}

void ConversationList::addExport(QMenu* menu, const QString& words, const QList<quint64>& chats,
                                 const QString& name)
{
    // One chat alone is named by its title.
    const Conversation* only = chats.size() == 1 ? m_book.byId(chats.first()) : nullptr;
    const QString called = only && name.isEmpty() ? only->title() : name;
    QAction* action = menu->addAction(
        words, this, [this, chats, called] { emit exportRequested(chats, called); });
    action->setEnabled(m_exchangeEnabled);
}

void ConversationList::dragEnterEvent(QDragEnterEvent* event)
{
    if (m_exchangeEnabled && !chatFilesIn(*event->mimeData()).isEmpty())
        event->acceptProposedAction(); // anything else is for the window
    else
        event->ignore();
}

void ConversationList::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    emit importRequested(chatFilesIn(*event->mimeData()));
}

bool ConversationList::takeKey(const QKeyEvent& event)
{
    QListWidgetItem* item = m_list->currentItem();
    if (Shortcuts::matches(event, Shortcut::OpenRow)) {
        activate(item);
        return true;
    }
    if (Shortcuts::matches(event, Shortcut::DeleteRow)) {
        erase(item);
        return true;
    }
    if (Shortcuts::matches(event, Shortcut::RenameRow)) {
        if (item && (item->flags() & Qt::ItemIsEditable))
            m_list->editItem(item);
        return true;
    }
    const int key = event.key();
    switch (key) {
    case Qt::Key_Left:
    case Qt::Key_Right:
        if (item && kindOf(item) == ChatRowKind::Folder &&
            item->data(OpenRole).toBool() == (key == Qt::Key_Left))
            activate(item);
        return true;
    case Qt::Key_Escape:
        if (!m_hits)
            return false;
        m_search->clear();
        return true;
    case Qt::Key_Menu:
        showMenu(item ? m_list->visualItemRect(item).center() : QPoint());
        return true;
    default:
        return false;
    }
}

bool ConversationList::eventFilter(QObject* watched, QEvent* event)
{
    // The window has Escape and F2 of its own; here they mean the list.
    const bool overrides = event->type() == QEvent::ShortcutOverride;
    if (!overrides && event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(watched, event);
    const auto& pressed = *static_cast<QKeyEvent*>(event);
    const int key = pressed.key();
    const bool isListKey =
        Shortcuts::matches(pressed, Shortcut::RenameRow) || (key == Qt::Key_Escape && m_hits);
    if (watched == m_list && overrides && isListKey) {
        event->accept();
        return true;
    }
    if (watched == m_list && !overrides)
        return takeKey(pressed);
    if (watched == m_search && overrides && key == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    if (watched == m_search && !overrides) {
        if (key == Qt::Key_Escape) {
            m_search->clear();
            m_list->setFocus(Qt::TabFocusReason);
            return true;
        }
        if (key == Qt::Key_Down || key == Qt::Key_Return || key == Qt::Key_Enter) {
            m_list->setFocus(Qt::TabFocusReason);
            for (int i = 0; m_hits && i < m_list->count(); ++i) {
                if (kindOf(m_list->item(i)) == ChatRowKind::Hit) {
                    m_list->setCurrentRow(i);
                    break;
                }
            }
            if (key != Qt::Key_Down && m_hits && !m_hits->isEmpty())
                activate(m_list->currentItem());
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace argali::gui
