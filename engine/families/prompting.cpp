#include "engine/families/prompting.h"

#include "engine/error.h"

namespace argali {

std::string withoutWords(std::string text, std::span<const std::string_view> words)
{
    for (bool found = true; found;) {
        found = false;
        for (const std::string_view word : words)
            for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
                text.erase(at, word.size());
                // an occurrence may now span the cut
                at = at < word.size() ? 0 : at - word.size();
                found = true;
            }
    }
    return text;
}

void requireChat(const ChatRequest& request)
{
    for (const Message& message : request.messages)
        for (const ContentItem& item : message.content)
            if (item.type != ContentItem::Type::Text && message.role != Message::Role::User)
                throw Error(Error::Code::BadRequest,
                            "only messages of the user can hold pictures or films");
    if (request.messages.empty() || request.messages.back().role != Message::Role::User)
        throw Error(Error::Code::BadRequest, "the last message must be the user's");
}

const VisualPart& PartSequence::next(const ContentItem& item)
{
    if (m_next == m_parts.size() || m_parts[m_next].film != (item.type == ContentItem::Type::Film))
        throw Error(Error::Code::Internal, "pictures of the messages and prepared parts differ");
    return m_parts[m_next++];
}

void PartSequence::requireEnd() const
{
    if (m_next != m_parts.size())
        throw Error(Error::Code::Internal, "pictures of the messages and prepared parts differ");
}

} // namespace argali
