#include "gui/chat/conversationbook.h"

#include <algorithm>
#include <utility>

#include <QDateTime>

namespace argali::gui {

QString cleanName(const QString& name)
{
    QString clean;
    for (const QChar c : name.left(16 * ConversationBook::longestName)) {
        // Marks that turn the writing direction would reach over what stands beside the name.
        const ushort code = c.unicode();
        const bool turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
        if (c.isPrint() && !turns)
            clean += c;
        else if (c.isSpace() || code < 32)
            clean += QLatin1Char(' ');
        else if (c.isSurrogate())
            clean += c;
    }
    clean = clean.simplified().left(ConversationBook::longestName);
    if (!clean.isEmpty() && clean.back().isHighSurrogate())
        clean.chop(1);
    return clean;
}

ConversationBook::ConversationBook(QObject* parent) : QObject(parent)
{
    m_conversations.push_back(makeEmpty());
    m_current = m_conversations.front().get();
}

quint64 ConversationBook::newId()
{
    // Milliseconds times 2048: less than 2^53 until the year 2109.
    const quint64 now = quint64(QDateTime::currentMSecsSinceEpoch()) << 11;
    m_lastId = std::max(m_lastId + 1, now);
    return m_lastId;
}

std::unique_ptr<Conversation> ConversationBook::makeEmpty()
{
    ConversationHead head;
    head.id = newId();
    head.created = head.changed = QDateTime::currentMSecsSinceEpoch();
    return std::make_unique<Conversation>(std::move(head), true);
}

int ConversationBook::indexOf(const Conversation& conversation) const
{
    return indexOf(conversation.id());
}

int ConversationBook::indexOf(quint64 id) const
{
    const auto it = std::find_if(m_conversations.begin(), m_conversations.end(),
                                 [&](const auto& c) { return c->id() == id; });
    return it == m_conversations.end() ? -1 : int(it - m_conversations.begin());
}

Conversation* ConversationBook::byId(quint64 id) const
{
    const int index = indexOf(id);
    if (index >= 0)
        return &at(index);
    return m_removed && m_removed->id() == id ? m_removed.get() : nullptr;
}

Conversation* ConversationBook::holding(quint64 turn) const
{
    for (const auto& conversation : m_conversations) {
        if (conversation->find(turn))
            return conversation.get();
    }
    return m_removed && m_removed->find(turn) ? m_removed.get() : nullptr;
}

void ConversationBook::startNew()
{
    // The draft of an unsent chat stays in its chat, so an empty one is only used again when
    // nothing was written or chosen there.
    for (const auto& conversation : m_conversations) {
        if (conversation->isEmpty() && conversation->draft.isEmpty() && !conversation->options &&
            conversation.get() != m_current) {
            open(indexOf(*conversation));
            return;
        }
    }
    add(makeEmpty());
}

void ConversationBook::add(std::unique_ptr<Conversation> conversation)
{
    m_opening = 0;
    if (conversation->id() == 0) {
        conversation->head().id = newId();
        conversation->head().created = conversation->head().changed =
            QDateTime::currentMSecsSinceEpoch();
    }
    emit aboutToSwitch();
    m_conversations.insert(m_conversations.begin(), std::move(conversation));
    m_current = m_conversations.front().get();
    emit listChanged();
    emit switched();
}

void ConversationBook::addEarlier(const std::vector<ConversationHead>& heads,
                                  const QList<ChatFolder>& folders)
{
    for (const ChatFolder& folder : folders) {
        m_lastId = std::max(m_lastId, folder.id);
        m_folders.append(folder);
    }
    for (const ConversationHead& head : heads) {
        m_lastId = std::max(m_lastId, head.id);
        if (indexOf(head.id) < 0)
            m_conversations.push_back(std::make_unique<Conversation>(head));
    }
    emit listChanged();
}

quint64 ConversationBook::addUnsent(const Draft& draft, const std::optional<AnswerOptions>& options)
{
    auto conversation = makeEmpty();
    conversation->draft = draft;
    conversation->options = options;
    const quint64 id = conversation->id();
    m_conversations.insert(m_conversations.begin() + 1, std::move(conversation));
    emit listChanged();
    return id;
}

void ConversationBook::open(int index)
{
    if (index < 0 || index >= count())
        return;
    Conversation& conversation = at(index);
    if (!conversation.isLoaded()) {
        m_opening = conversation.id();
        emit loadRequested(m_opening);
        return;
    }
    m_opening = 0;
    if (&conversation == m_current)
        return;
    emit aboutToSwitch();
    m_current = &conversation;
    emit switched();
}

void ConversationBook::fill(quint64 id, std::vector<Turn> turns, const std::vector<quint64>& chosen,
                            const std::optional<AnswerOptions>& options)
{
    const int index = indexOf(id);
    if (index < 0 || at(index).isLoaded())
        return;
    for (const Turn& turn : turns)
        m_lastId = std::max(m_lastId, turn.id);
    at(index).options = options;
    at(index).fill(std::move(turns), chosen);
    if (m_opening == id)
        open(index);
}

void ConversationBook::fillFailed(quint64 id)
{
    if (m_opening == id)
        m_opening = 0;
    emit openFailed(id);
    emit changed(indexOf(id)); // so that a list shows again which one is open
}

void ConversationBook::remove(int index)
{
    if (index < 0 || index >= count())
        return;
    forgetRemoved();
    const bool wasCurrent = &at(index) == m_current;
    if (wasCurrent) {
        emit aboutToSwitch();
        const int beside = index == 0 ? 1 : index - 1;
        if (beside < count() && at(beside).isLoaded()) {
            m_current = &at(beside);
        } else {
            m_conversations.insert(m_conversations.begin(), makeEmpty());
            m_current = m_conversations.front().get();
            ++index;
        }
    }
    m_removed = std::move(m_conversations[size_t(index)]);
    m_removedFrom = index;
    m_conversations.erase(m_conversations.begin() + index);
    if (m_opening == m_removed->id())
        m_opening = 0;
    emit removed(m_removed->id());
    emit listChanged();
    if (wasCurrent)
        emit switched();
}

bool ConversationBook::undoRemove()
{
    if (!m_removed)
        return false;
    const int index = std::min(m_removedFrom, count());
    m_conversations.insert(m_conversations.begin() + index, std::move(m_removed));
    emit restored(at(index).id());
    emit listChanged();
    open(index);
    return true;
}

void ConversationBook::forgetRemoved()
{
    if (const auto gone = std::exchange(m_removed, nullptr))
        emit forgotten(gone->id());
}

void ConversationBook::clear()
{
    m_opening = 0;
    emit aboutToSwitch();
    const auto gone = std::exchange(m_conversations, {});
    m_conversations.push_back(makeEmpty());
    m_current = m_conversations.front().get();
    m_removed.reset();
    m_folders.clear();
    emit listChanged();
    emit switched();
    emit cleared();
}

void ConversationBook::noteChanged(const Conversation& conversation)
{
    Conversation* mine = byId(conversation.id());
    if (!mine)
        return;
    mine->head().changed = QDateTime::currentMSecsSinceEpoch();
    headWritten(*mine);
}

void ConversationBook::headWritten(Conversation& conversation)
{
    if (conversation.isLoaded()) {
        const QString given = std::exchange(conversation.head().title, QString());
        conversation.head().heading = conversation.title();
        conversation.head().title = given;
        conversation.head().media = conversation.firstMedia();
    }
    emit headChanged(conversation.id());
    if (const int index = indexOf(conversation); index >= 0)
        emit changed(index);
}

void ConversationBook::setTitle(quint64 id, const QString& title)
{
    Conversation* conversation = byId(id);
    const QString clean = cleanName(title);
    if (!conversation || conversation->head().title == clean)
        return;
    conversation->head().title = clean;
    headWritten(*conversation);
}

void ConversationBook::setPinned(quint64 id, bool pinned)
{
    Conversation* conversation = byId(id);
    if (!conversation || conversation->head().pinned == pinned)
        return;
    conversation->head().pinned = pinned;
    headWritten(*conversation);
}

void ConversationBook::setFolder(quint64 id, quint64 folder)
{
    Conversation* conversation = byId(id);
    const bool known =
        folder == 0 || std::any_of(m_folders.begin(), m_folders.end(),
                                   [&](const ChatFolder& f) { return f.id == folder; });
    if (!conversation || !known || conversation->head().folder == folder)
        return;
    conversation->head().folder = folder;
    headWritten(*conversation);
}

void ConversationBook::setOptions(quint64 id, const std::optional<AnswerOptions>& options)
{
    Conversation* conversation = byId(id);
    if (!conversation)
        return;
    conversation->options = options;
    if (options)
        conversation->options = options->held();
    emit optionsChanged(id);
}

quint64 ConversationBook::addFolder(const QString& name)
{
    const QString clean = cleanName(name);
    if (clean.isEmpty())
        return 0;
    m_folders.append({newId(), clean});
    emit foldersChanged();
    emit listChanged();
    return m_folders.last().id;
}

void ConversationBook::renameFolder(quint64 folder, const QString& name)
{
    const QString clean = cleanName(name);
    for (ChatFolder& each : m_folders) {
        if (each.id == folder && !clean.isEmpty() && each.name != clean) {
            each.name = clean;
            emit foldersChanged();
            emit listChanged();
        }
    }
}

void ConversationBook::removeFolder(quint64 folder)
{
    for (const auto& conversation : m_conversations) {
        if (conversation->head().folder == folder)
            setFolder(conversation->id(), 0);
    }
    if (m_removed && m_removed->head().folder == folder)
        m_removed->head().folder = 0;
    if (m_folders.removeIf([&](const ChatFolder& f) { return f.id == folder; })) {
        emit foldersChanged();
        emit listChanged();
    }
}

} // namespace argali::gui
