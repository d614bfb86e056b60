#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <QObject>

#include "gui/chat/conversation.h"

namespace argali::gui {

/// A folder of chats.
struct ChatFolder {
    quint64 id = 0;
    QString name;
};

/// The chats, newest first. Never empty: there is always a current one. Turns of earlier sessions
/// come when their chat is opened.
/// Thread: GUI.
class ConversationBook final : public QObject {
    Q_OBJECT
public:
    explicit ConversationBook(QObject* parent = nullptr);

    int count() const { return int(m_conversations.size()); }
    Conversation& at(int index) const { return *m_conversations.at(size_t(index)); }
    Conversation& current() const { return *m_current; }
    int currentIndex() const { return indexOf(*m_current); }
    int indexOf(const Conversation& conversation) const; ///< -1 when it is not here
    int indexOf(quint64 id) const;
    Conversation* byId(quint64 id) const; ///< also one whose removal can be undone; or null
    /// The conversation that has this turn, or null; also one whose removal can be undone.
    Conversation* holding(quint64 turn) const;
    /// A number for a turn, chat or folder that no other has: larger than all before, and exact as
    /// a number of JavaScript.
    quint64 newId();

    /// Opens an empty chat; an empty one that is already there is used again.
    void startNew();
    void add(std::unique_ptr<Conversation> conversation); ///< becomes the current one
    /// Puts chats of earlier sessions behind those that are here.
    void addEarlier(const std::vector<ConversationHead>& heads, const QList<ChatFolder>& folders);
    /// A chat in which nothing was sent yet. Returns its number.
    quint64 addUnsent(const Draft& draft, const std::optional<AnswerOptions>& options = {});
    /// Makes it the current one: at once, or when its turns have been read.
    void open(int index);
    /// The turns of a chat that was to be read.
    void fill(quint64 id, std::vector<Turn> turns, const std::vector<quint64>& chosen,
              const std::optional<AnswerOptions>& options = {});
    /// A chat that was to be read cannot be.
    void fillFailed(quint64 id);
    quint64 opening() const { return m_opening; } ///< 0: nothing is being read
    /// Takes a chat out; undoRemove() puts it back until the next one goes.
    void remove(int index);
    bool undoRemove();
    const Conversation* removable() const { return m_removed.get(); } ///< that, or null
    void forgetRemoved(); ///< It cannot be undone any more.
    void noteChanged(const Conversation& conversation);
    /// Drops every chat, folder and draft; none of it can be put back. Whoever stores them has to
    /// be told apart from this.
    void clear();

    void setTitle(quint64 id, const QString& title); ///< Empty: the first question is its title.
    void setPinned(quint64 id, bool pinned);
    void setFolder(quint64 id, quint64 folder);
    /// How answers are made in this chat; none: as the defaults say.
    void setOptions(quint64 id, const std::optional<AnswerOptions>& options);
    const QList<ChatFolder>& folders() const { return m_folders; }
    /// Longer names are shortened. Returns 0 for a name without a visible character.
    quint64 addFolder(const QString& name);
    void renameFolder(quint64 folder, const QString& name);
    void removeFolder(quint64 folder); ///< Its chats stay, without a folder.

    static constexpr int longestName = 200; ///< characters of a title or folder's name

signals:
    void aboutToSwitch(); ///< the current chat is still the old one
    void switched();
    void cleared(); ///< after the others
    void listChanged();
    void changed(int index); ///< title or state of one
    void loadRequested(quint64 conversation);
    void openFailed(quint64 conversation);
    // For whoever stores them:
    void headChanged(quint64 conversation);
    void turnChanged(quint64 conversation, quint64 turn); ///< new, over, moved, shown or not
    void turnRemoved(quint64 conversation, quint64 turn);
    void removed(quint64 conversation);
    void restored(quint64 conversation);
    void forgotten(quint64 conversation);
    void foldersChanged();
    void optionsChanged(quint64 conversation);

private:
    std::unique_ptr<Conversation> makeEmpty();
    void headWritten(Conversation& conversation);

    std::vector<std::unique_ptr<Conversation>> m_conversations;
    Conversation* m_current = nullptr;
    std::unique_ptr<Conversation> m_removed;
    int m_removedFrom = 0;
    QList<ChatFolder> m_folders;
    quint64 m_opening = 0;
    quint64 m_lastId = 0;
};

/// One line without control characters, of at most longestName characters.
QString cleanName(const QString& name);

} // namespace argali::gui
