#include "engine/families/ovis25prompt.h"

namespace argali::ovis25 {

const char* const earlyStopText = "\n\nConsidering the limited time by the user, I have to give "
                                  "the solution based on the thinking "
                                  "directly now.\n</think>\n\n";

namespace {

constexpr std::string_view thinkEnd = "</think>";
constexpr std::string_view endOfText = "<|endoftext|>";

const char* roleName(Message::Role role)
{
    switch (role) {
    case Message::Role::System:
        return "system";
    case Message::Role::User:
        return "user";
    case Message::Role::Assistant:
        return "assistant";
    }
    throw Error(Error::Code::Internal, "no such role");
}

/// Without the words that the published template uses as placeholders. They go until none is left,
/// so that a text cannot make one out of the pieces around another.
std::string withoutPlaceholders(std::string text)
{
    for (bool found = true; found;) {
        found = false;
        for (const std::string_view word : {"<image>", "<video>"})
            for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
                text.erase(at, word.size());
                // an occurrence may now span the cut
                at = at < word.size() ? 0 : at - word.size();
                found = true;
            }
    }
    return text;
}

std::string assistantBody(const Message& message)
{
    std::string text;
    for (const ContentItem& item : message.content)
        text += item.text;
    text = withoutPlaceholders(std::move(text));
    if (const size_t end = text.rfind(thinkEnd); end != std::string::npos)
        text.erase(0, end + thinkEnd.size());
    text.erase(0, std::min(text.find_first_not_of('\n'), text.size()));
    return text;
}

/// Collects text until a picture or film ends the piece, because no token may reach across one.
class Renderer final {
public:
    Renderer(const Tokenizer& tokenizer, std::span<const VisualPart> parts, int64_t merge)
        : m_tokenizer(tokenizer), m_parts(parts), m_merge(merge)
    {
    }

    void text(std::string_view piece) { m_pending += piece; }

    void visual(bool film)
    {
        if (m_next == m_parts.size() || m_parts[m_next].film != film)
            throw Error(Error::Code::Internal,
                        "pictures of the messages and prepared parts differ");
        const VisualPart& part = m_parts[m_next++];
        const int64_t tokens = part.grid[0] * part.grid[1] * part.grid[2] / (m_merge * m_merge);
        flush();
        m_prompt.ids.push_back(film ? FilmBegin : ImageBegin);
        m_prompt.ids.insert(m_prompt.ids.end(), static_cast<size_t>(tokens), SoftToken);
        m_prompt.ids.push_back(film ? FilmEnd : ImageEnd);
        m_prompt.parts.push_back(part);
    }

    Prompt finish()
    {
        flush();
        if (m_next != m_parts.size())
            throw Error(Error::Code::Internal,
                        "pictures of the messages and prepared parts differ");
        return std::move(m_prompt);
    }

private:
    void flush()
    {
        const std::vector<int32_t> ids = m_tokenizer.encode(m_pending);
        m_prompt.ids.insert(m_prompt.ids.end(), ids.begin(), ids.end());
        m_pending.clear();
    }

    const Tokenizer& m_tokenizer;
    std::span<const VisualPart> m_parts;
    int64_t m_merge;
    size_t m_next = 0;
    std::string m_pending;
    Prompt m_prompt;
};

void requireSupported(const ChatRequest& request)
{
    int pictures = 0;
    int films = 0;
    for (const Message& message : request.messages)
        for (const ContentItem& item : message.content) {
            pictures += item.type == ContentItem::Type::Picture;
            films += item.type == ContentItem::Type::Film;
            if (item.type != ContentItem::Type::Text && message.role != Message::Role::User)
                throw Error(Error::Code::BadRequest,
                            "only messages of the user can hold pictures or films");
            if (item.text.find(endOfText) != std::string::npos)
                throw Error(Error::Code::BadRequest,
                            std::string("the text contains ") + std::string(endOfText) +
                                ", which ends a text for this model; remove it");
        }
    if (films > 0 && pictures > 0)
        throw Error(
            Error::Code::BadRequest,
            "Ovis2.5 takes pictures or a film in one conversation, not both; remove one of them");
    if (films > 1)
        throw Error(Error::Code::BadRequest, "Ovis2.5 takes one film in a conversation, here are " +
                                                 std::to_string(films) +
                                                 "; remove the others or start a new chat");
    if (request.messages.empty() || request.messages.back().role != Message::Role::User)
        throw Error(Error::Code::BadRequest, "the last message must be the user's");
}

} // namespace

Prompt renderPrompt(const Tokenizer& tokenizer, const ChatRequest& request,
                    std::span<const VisualPart> parts, int64_t merge)
{
    requireSupported(request);
    Renderer out(tokenizer, parts, merge);
    for (const Message& message : request.messages) {
        out.text(std::string("<|im_start|>") + roleName(message.role) + "\n");
        if (message.role == Message::Role::Assistant) {
            out.text(assistantBody(message));
        } else {
            bool first = true;
            for (const ContentItem& item : message.content) {
                if (!first)
                    out.text("\n");
                first = false;
                if (item.type == ContentItem::Type::Text)
                    out.text(withoutPlaceholders(item.text));
                else
                    out.visual(item.type == ContentItem::Type::Film);
            }
        }
        out.text("<|im_end|>\n");
    }
    out.text("<|im_start|>assistant\n");
    if (!request.thinking)
        out.text("<think>\n\n</think>\n\n"); // an empty block keeps the model from thinking
    return out.finish();
}

} // namespace argali::ovis25
