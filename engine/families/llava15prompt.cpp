#include "engine/families/llava15prompt.h"

#include <algorithm>
#include <array>

#include "engine/families/prompting.h"

namespace argali::llava15 {

namespace {

constexpr std::string_view imageWord = "<image>";
constexpr std::array placeholders{imageWord};

enum class Template { VicunaV1, LlavaV1, Hf };

struct NamedTemplate {
    const char* name;
    Template value;
};
constexpr std::array templates{NamedTemplate{"vicuna_v1", Template::VicunaV1},
                               NamedTemplate{"llava_v1", Template::LlavaV1},
                               NamedTemplate{"hf", Template::Hf}};

Template templateOf(const std::string& name)
{
    if (name.empty())
        return templates.front().value;
    for (const NamedTemplate& known : templates)
        if (name == known.name)
            return known.value;
    throw Error(Error::Code::BadRequest,
                "no template \"" + name + "\"; LLaVA-1.5 has vicuna_v1, llava_v1 and hf");
}

std::string defaultSystem(Template style)
{
    const std::string who = style == Template::LlavaV1 ? "human" : "user";
    return "A chat between a curious " + who +
           " and an artificial intelligence assistant. The assistant gives "
           "helpful, detailed, and polite answers to the " +
           who + "'s questions.";
}

/// Writes a conversation as text, in which the word <image> stands for a picture, and remembers the
/// parts.
class Renderer final {
public:
    Renderer(std::span<const VisualPart> parts, Template style, bool marksPictures)
        : m_parts(parts), m_style(style), m_marks(marksPictures)
    {
    }

    void render(const ChatRequest& request)
    {
        if (m_style == Template::Hf)
            renderHf(request);
        else
            renderVicuna(request);
        m_parts.requireEnd();
    }

    const std::string& text() const { return m_text; }
    std::vector<VisualPart> shown; ///< in order

private:
    void renderVicuna(const ChatRequest& request)
    {
        std::string system;
        bool given = false;
        for (const Message& message : request.messages)
            if (message.role == Message::Role::System) {
                system += (given ? "\n" : "") + words(message, "\n");
                given = true;
            }
        m_text = (given ? system : defaultSystem(m_style)) + " ";
        for (const Message& message : request.messages) {
            if (message.role == Message::Role::User) {
                m_text += "USER: ";
                pictures(message);
                m_text += words(message, "\n") + " ";
            } else if (message.role == Message::Role::Assistant) {
                m_text += "ASSISTANT: " + words(message, "\n") + "</s>";
            }
        }
        m_text += "ASSISTANT:";
    }

    void renderHf(const ChatRequest& request)
    {
        for (const Message& message : request.messages) {
            if (message.role != Message::Role::System)
                m_text += message.role == Message::Role::User ? "USER: " : "ASSISTANT: ";
            pictures(message);
            for (const ContentItem& item : message.content)
                if (item.type == ContentItem::Type::Text)
                    m_text += withoutWords(item.text, placeholders) + " ";
        }
        m_text += "ASSISTANT:";
    }

    void pictures(const Message& message)
    {
        for (const ContentItem& item : message.content) {
            if (item.type == ContentItem::Type::Text)
                continue;
            const VisualPart& part = m_parts.next(item);
            shown.push_back(part);
            for (int64_t frame = 0; frame < part.grid[0]; ++frame)
                m_text += m_marks ? "<im_start><image><im_end>\n" : "<image>\n";
        }
    }

    static std::string words(const Message& message, const char* between)
    {
        std::string text;
        bool first = true;
        for (const ContentItem& item : message.content)
            if (item.type == ContentItem::Type::Text) {
                text += (first ? "" : between) + item.text;
                first = false;
            }
        return withoutWords(std::move(text), placeholders);
    }

    PartSequence m_parts;
    Template m_style;
    bool m_marks;
    std::string m_text;
};

/// Text with control tokens in it to ids.
class PieceEncoder final {
public:
    PieceEncoder(const Tokenizer& tokenizer, bool legacy) : m_tokenizer(tokenizer), m_legacy(legacy)
    {
        for (const auto& [word, id] : {std::pair<const char*, int32_t>{"<unk>", 0},
                                       {"<s>", 1},
                                       {"</s>", 2},
                                       {"<im_start>", -1},
                                       {"<im_end>", -1}})
            if (const int32_t known = tokenizer.addedToken(word).value_or(id); known >= 0)
                m_controls.push_back({word, known});
    }

    int32_t begin() const { return m_controls[1].id; }

    /// A piece between pictures: its beginning has the prefix of a text, what follows a control
    /// token only in the legacy mode.
    void encode(std::vector<int32_t>& ids, std::string_view piece) const
    {
        bool first = true;
        while (!piece.empty()) {
            const auto [at, control] = nextControl(piece);
            append(ids, piece.substr(0, at), first || m_legacy);
            if (!control)
                return;
            ids.push_back(control->id);
            piece.remove_prefix(at + control->word.size());
            first = false;
        }
    }

private:
    struct Control {
        std::string_view word;
        int32_t id;
    };

    std::pair<size_t, const Control*> nextControl(std::string_view piece) const
    {
        std::pair<size_t, const Control*> next{piece.size(), nullptr};
        for (const Control& control : m_controls)
            if (const size_t at = piece.find(control.word); at < next.first)
                next = {at, &control};
        return next;
    }

    void append(std::vector<int32_t>& ids, std::string_view text, bool prefix) const
    {
        if (text.empty())
            return;
        // No piece of the vocabulary reaches across a line feed: behind one the text has no prefix.
        const std::string lead = prefix ? "" : "\n";
        const std::vector<int32_t> all = m_tokenizer.encode(lead + std::string(text));
        const size_t skipped = prefix ? 0 : m_tokenizer.encode(lead).size();
        ids.insert(ids.end(),
                   all.begin() + static_cast<std::ptrdiff_t>(std::min(skipped, all.size())),
                   all.end());
    }

    const Tokenizer& m_tokenizer;
    bool m_legacy;
    std::vector<Control> m_controls;
};

} // namespace

std::vector<std::string> templateNames()
{
    std::vector<std::string> names;
    for (const NamedTemplate& known : templates)
        names.emplace_back(known.name);
    return names;
}

Prompt renderPrompt(const Tokenizer& tokenizer, const ChatRequest& request,
                    std::span<const VisualPart> parts, const Dimensions& d)
{
    requireChat(request);
    const Template style = templateOf(request.promptTemplate);
    Renderer renderer(parts, style, d.marksPictures);
    renderer.render(request);
    // With its own template the checkpoint's fast tokenizer is the reference, which knows the
    // legacy mode alone.
    const PieceEncoder encoder(tokenizer, d.legacyPrefix || style == Template::Hf);
    Prompt prompt;
    prompt.parts = std::move(renderer.shown);
    prompt.ids.push_back(encoder.begin());
    std::string_view rest = renderer.text();
    for (size_t at = rest.find(imageWord); at != std::string_view::npos;
         at = rest.find(imageWord)) {
        encoder.encode(prompt.ids, rest.substr(0, at));
        prompt.ids.insert(prompt.ids.end(), static_cast<size_t>(d.rows()), visualRow);
        rest.remove_prefix(at + imageWord.size());
    }
    encoder.encode(prompt.ids, rest);
    return prompt;
}

} // namespace argali::llava15
