#include "engine/families/internvl2prompt.h"

#include <algorithm>
#include <array>

#include "engine/families/prompting.h"

namespace argali::internvl2 {

namespace {

// What a text may not say by itself: it would be another message, or a place for a picture.
constexpr std::array<std::string_view, 9> reserved{"<IMG_CONTEXT>", "<img>",         "</img>",
                                                   "<|im_start|>",  "<|im_end|>",    "<|system|>",
                                                   "<|user|>",      "<|assistant|>", "<|end|>"};

class Renderer final {
public:
    Renderer(const Tokenizer& tokenizer, std::span<const VisualPart> parts, const Dimensions& d)
        : m_tokenizer(tokenizer), m_parts(parts), m_d(d)
    {
    }

    Prompt render(const ChatRequest& request, std::optional<int32_t> beginId)
    {
        if (beginId)
            m_prompt.ids.push_back(*beginId);
        const bool hasSystem = std::ranges::any_of(
            request.messages, [](const Message& m) { return m.role == Message::Role::System; });
        if (!hasSystem && !m_d.system.empty())
            m_pending += header(Message::Role::System) + m_d.system + end();
        for (const Message& message : request.messages) {
            m_pending += header(message.role);
            body(message);
            m_pending += end();
        }
        m_pending += header(Message::Role::Assistant);
        flush();
        m_parts.requireEnd();
        return std::move(m_prompt);
    }

private:
    std::string header(Message::Role role) const
    {
        const std::string name = role == Message::Role::System ? "system"
                                 : role == Message::Role::User ? "user"
                                                               : "assistant";
        return m_d.frame == Frame::Phi3 ? "<|" + name + "|>\n" : "<|im_start|>" + name + "\n";
    }

    std::string end() const
    {
        return m_d.frame == Frame::Phi3     ? "<|end|>"
               : m_d.frame == Frame::ChatMl ? "<|im_end|>"
                                            : "<|im_end|>\n";
    }

    void body(const Message& message)
    {
        const auto pictures =
            std::ranges::count(message.content, ContentItem::Type::Picture, &ContentItem::type);
        const bool numbered = pictures > 1 && m_d.layout == Layout::Original;
        int64_t picture = 0;
        int64_t frame = 0;
        const auto visual = [&](const ContentItem& item) {
            const VisualPart& part = m_parts.next(item);
            m_prompt.parts.push_back(part);
            for (int64_t i = 0; i < part.grid[0]; ++i) {
                if (part.film)
                    m_pending += "Frame" + std::to_string(++frame) + ": ";
                else if (numbered)
                    m_pending += "Image-" + std::to_string(++picture) + ": ";
                m_pending += "<img>";
                flush();
                m_prompt.ids.insert(m_prompt.ids.end(),
                                    static_cast<size_t>(part.tileCount() * m_d.tileTokens()),
                                    visualRow);
                m_pending += "</img>\n";
            }
        };
        // In the original layout pictures come before the text, wherever they stand.
        if (m_d.layout == Layout::Original)
            for (const ContentItem& item : message.content)
                if (item.type != ContentItem::Type::Text)
                    visual(item);
        for (const ContentItem& item : message.content)
            if (item.type == ContentItem::Type::Text)
                m_pending += withoutWords(item.text, reserved);
            else if (m_d.layout == Layout::Native)
                visual(item);
    }

    /// No token reaches across a picture.
    void flush()
    {
        const std::vector<int32_t> ids = m_tokenizer.encodePrompt(m_pending);
        m_prompt.ids.insert(m_prompt.ids.end(), ids.begin(), ids.end());
        m_pending.clear();
    }

    const Tokenizer& m_tokenizer;
    PartSequence m_parts;
    const Dimensions& m_d;
    std::string m_pending;
    Prompt m_prompt;
};

} // namespace

Prompt renderPrompt(const Tokenizer& tokenizer, const ChatRequest& request,
                    std::span<const VisualPart> parts, const Dimensions& d,
                    std::optional<int32_t> beginId)
{
    requireChat(request);
    return Renderer(tokenizer, parts, d).render(request, beginId);
}

} // namespace argali::internvl2
