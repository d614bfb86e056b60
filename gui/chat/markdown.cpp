#include "gui/chat/markdown.h"

#include <array>
#include <optional>

#include <md4c.h>

#include <QHash>
#include <QTextDocumentFragment>
#include <QUrl>

#include "gui/chat/livespans.h"
#include "gui/chat/mathspans.h"

namespace argali::gui {
namespace {

// A block beyond these is shown as its source: tables can be made that grow with the square of
// their source, and nobody reads lists in lists of that depth.
constexpr size_t mostNodes = 40'000;
constexpr size_t deepestNesting = 24;
constexpr size_t longestAddress = 4096;

QString decodeEntity(const QString& entity)
{
    static thread_local QHash<QString, QString> known;
    const auto found = known.constFind(entity);
    if (found != known.constEnd())
        return *found;
    const QString text = QTextDocumentFragment::fromHtml(entity).toPlainText();
    if (known.size() < 1000)
        known.insert(entity, text);
    return text;
}

/// Builds the tree from md4c's callbacks. Elements that are too deep or not wanted are entered as
/// "nothing": their children go to the nearest element above.
class TreeBuilder {
public:
    TreeBuilder(const std::vector<MathSpan>& formulas, bool isOpen)
        : m_formulas(formulas), m_isOpen(isOpen)
    {
        m_path.push_back(&m_root);
    }

    bool parse(std::string_view text)
    {
        MD_PARSER parser{};
        parser.flags = MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS | MD_FLAG_TABLES |
                       MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_PERMISSIVEAUTOLINKS;
        parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
            auto* builder = static_cast<TreeBuilder*>(self);
            const size_t before = builder->m_path.size();
            return builder->entered({true, int(type), before}, builder->enterBlock(type, detail));
        };
        parser.leave_block = [](MD_BLOCKTYPE type, void*, void* self) {
            return static_cast<TreeBuilder*>(self)->left(true, int(type));
        };
        parser.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
            auto* builder = static_cast<TreeBuilder*>(self);
            const size_t before = builder->m_path.size();
            return builder->entered({false, int(type), before}, builder->enterSpan(type, detail));
        };
        parser.leave_span = [](MD_SPANTYPE type, void*, void* self) {
            return static_cast<TreeBuilder*>(self)->left(false, int(type));
        };
        parser.text = [](MD_TEXTTYPE type, const MD_CHAR* bytes, MD_SIZE size, void* self) {
            return static_cast<TreeBuilder*>(self)->addText(type, {bytes, size});
        };
        // md4c stops when a callback asks it to, but does not always say so.
        return md_parse(text.data(), MD_SIZE(text.size()), &parser, this) == 0 &&
               m_nodes <= mostNodes;
    }

    std::vector<MarkdownNode> take() { return std::move(m_root.children); }

private:
    // md4c takes a non-zero result as "stop".
    int enter(MarkdownNode node)
    {
        if (++m_nodes > mostNodes)
            return 1;
        if (m_depth >=
            deepestNesting + 12) // text and spans may still stand in the deepestNesting block
            return enterNothing();
        ++m_depth;
        m_path.back()->children.push_back(std::move(node));
        m_path.push_back(&m_path.back()->children.back());
        return 0;
    }

    int enterNothing()
    {
        m_path.push_back(m_path.back());
        return 0;
    }

    /// What md4c has entered and not left.
    struct Open {
        bool isBlock = false;
        int type = 0;
        size_t before = 0; ///< size of m_path
    };

    int entered(const Open& open, int result)
    {
        if (result == 0)
            m_open.push_back(open);
        return result;
    }

    /// md4c leaves spans that it never entered where an address it links by itself overlaps marks
    /// of emphasis; those count for nothing.
    int left(bool isBlock, int type)
    {
        size_t at = m_open.size();
        while (at > 0 && (m_open[at - 1].isBlock != isBlock || m_open[at - 1].type != type)) {
            if (!isBlock && m_open[at - 1].isBlock)
                return 0;
            --at;
        }
        while (at > 0 && m_open.size() >= at)
            leaveLast();
        return 0;
    }

    void leaveLast()
    {
        const Open open = m_open.back();
        m_open.pop_back();
        if (!open.isBlock && open.type == MD_SPAN_IMG)
            --m_pictureDepth;
        if (m_linkDepth == m_path.size())
            m_linkDepth = 0;
        while (m_path.size() > open.before) {
            const MarkdownNode* left = m_path.back();
            m_path.pop_back();
            if (left != m_path.back())
                --m_depth;
        }
    }

    int enterBlock(MD_BLOCKTYPE type, void* detail)
    {
        switch (type) {
        case MD_BLOCK_DOC:
        case MD_BLOCK_HTML:
            return enterNothing();
        case MD_BLOCK_QUOTE:
            return m_depth >= deepestNesting ? enterNothing() : enter({"blockquote", {}, {}, {}});
        case MD_BLOCK_UL:
            return m_depth >= deepestNesting ? enterNothing() : enter({"ul", {}, {}, {}});
        case MD_BLOCK_OL: {
            if (m_depth >= deepestNesting)
                return enterNothing();
            const unsigned start = static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start;
            MarkdownNode node{"ol", {}, {}, {}};
            if (start != 1)
                node.attributes.emplace_back("start", std::to_string(start));
            return enter(std::move(node));
        }
        case MD_BLOCK_LI: {
            if (m_depth >= deepestNesting)
                return enter({"p", {}, {}, {}});
            const auto& item = *static_cast<MD_BLOCK_LI_DETAIL*>(detail);
            MarkdownNode node{"li", {}, {}, {}};
            if (item.is_task) {
                node.attributes.emplace_back("task", "1");
                MarkdownNode box{"task", {}, {}, {}};
                if (item.task_mark != ' ')
                    box.attributes.emplace_back("done", "1");
                node.children.push_back(std::move(box));
            }
            return enter(std::move(node));
        }
        case MD_BLOCK_HR:
            return enter({"hr", {}, {}, {}});
        case MD_BLOCK_H:
            return enter(
                {"h" + std::to_string(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level), {}, {}, {}});
        case MD_BLOCK_CODE: {
            MarkdownNode node{"code-block", {}, {}, {}};
            const std::string language =
                attribute(static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->lang).toStdString();
            if (!language.empty())
                node.attributes.emplace_back("language", language.substr(0, 40));
            if (m_isOpen)
                node.attributes.emplace_back("open", "1");
            return enter(std::move(node));
        }
        case MD_BLOCK_P:
            return enter({"p", {}, {}, {}});
        case MD_BLOCK_TABLE:
            if (enter({"wide", {}, {}, {}}) != 0)
                return 1;
            return enter({"table", {}, {}, {}});
        case MD_BLOCK_THEAD:
            return enter({"thead", {}, {}, {}});
        case MD_BLOCK_TBODY:
            return enter({"tbody", {}, {}, {}});
        case MD_BLOCK_TR:
            return enter({"tr", {}, {}, {}});
        case MD_BLOCK_TH:
        case MD_BLOCK_TD: {
            static constexpr std::array<const char*, 4> names = {"", "left", "center", "right"};
            const MD_ALIGN align = static_cast<MD_BLOCK_TD_DETAIL*>(detail)->align;
            MarkdownNode node{type == MD_BLOCK_TH ? "th" : "td", {}, {}, {}};
            if (align == MD_ALIGN_CENTER || align == MD_ALIGN_RIGHT)
                node.attributes.emplace_back("align", names[size_t(align)]);
            return enter(std::move(node));
        }
        }
        return 1;
    }

    int enterSpan(MD_SPANTYPE type, void* detail)
    {
        if (m_pictureDepth > 0) { // only the text of what stands for a picture counts
            if (type == MD_SPAN_IMG)
                ++m_pictureDepth;
            return enterNothing();
        }
        switch (type) {
        case MD_SPAN_EM:
            return enter({"em", {}, {}, {}});
        case MD_SPAN_STRONG:
            return enter({"strong", {}, {}, {}});
        case MD_SPAN_DEL:
            return enter({"del", {}, {}, {}});
        case MD_SPAN_CODE:
            return enter({"code", {}, {}, {}});
        case MD_SPAN_A:
            return enterLink("a", static_cast<MD_SPAN_A_DETAIL*>(detail)->href);
        case MD_SPAN_IMG:
            m_pictureDepth = 1;
            return enterLink("picture", static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src);
        default:
            return enterNothing();
        }
    }

    int enterLink(const char* tag, const MD_ATTRIBUTE& address)
    {
        const QString link = m_linkDepth > 0 ? QString() : safeLink(attribute(address));
        if (link.isEmpty())
            return enterNothing();
        const int result = enter({tag, {}, {{"href", link.toStdString()}}, {}});
        m_linkDepth = m_path.size();
        return result;
    }

    int addText(MD_TEXTTYPE type, std::string_view text)
    {
        switch (type) {
        case MD_TEXT_NULLCHAR:
            append("\xef\xbf\xbd");
            return 0;
        case MD_TEXT_BR:
        case MD_TEXT_SOFTBR: // who answers in lines means lines
            return m_pictureDepth > 0 ? append(" ") : addBreak();
        case MD_TEXT_ENTITY:
            return append(
                decodeEntity(QString::fromUtf8(text.data(), qsizetype(text.size()))).toStdString());
        case MD_TEXT_CODE:
            return append(withoutPlaceholders(text, m_formulas));
        default:
            return m_pictureDepth > 0 ? append(withoutPlaceholders(text, m_formulas))
                                      : addWords(text);
        }
    }

    int addWords(std::string_view text)
    {
        size_t begin = 0;
        for (size_t i = 0; i < text.size();) {
            size_t index = 0;
            const size_t length = text[i] == '\xef' ? placeholderAt(text, i, index) : 0;
            if (length == 0) {
                ++i;
                continue;
            }
            append(text.substr(begin, i - begin));
            if (index < m_formulas.size() && addFormula(m_formulas[index]) != 0)
                return 1;
            i += length;
            begin = i;
        }
        return append(text.substr(begin));
    }

    int addFormula(const MathSpan& formula)
    {
        auto& siblings = m_path.back()->children;
        if (formula.display && !siblings.empty() && siblings.back().tag == "br")
            siblings.pop_back(); // it begins a line anyway
        MarkdownNode node{"math", {}, {{"tex", formula.tex}, {"source", formula.source}}, {}};
        if (formula.display)
            node.attributes.emplace_back("display", "1");
        siblings.push_back(std::move(node));
        return ++m_nodes > mostNodes;
    }

    int addBreak()
    {
        auto& siblings = m_path.back()->children;
        if (!siblings.empty() && siblings.back().tag == "math" &&
            siblings.back().attributes.size() > 2)
            return 0; // and it ends one
        siblings.push_back({"br", {}, {}, {}});
        return ++m_nodes > mostNodes;
    }

    int append(std::string_view text)
    {
        if (text.empty())
            return 0;
        auto& siblings = m_path.back()->children;
        if (!siblings.empty() && siblings.back().tag.empty()) {
            siblings.back().text.append(text);
            return 0;
        }
        siblings.push_back({{}, std::string(text), {}, {}});
        return ++m_nodes > mostNodes;
    }

    QString attribute(const MD_ATTRIBUTE& value) const
    {
        QString result;
        for (size_t i = 0; value.text && value.substr_offsets[i] < value.size; ++i) {
            const size_t begin = value.substr_offsets[i];
            const std::string_view part(value.text + begin, value.substr_offsets[i + 1] - begin);
            if (value.substr_types[i] == MD_TEXT_ENTITY)
                result += decodeEntity(QString::fromUtf8(part.data(), qsizetype(part.size())));
            else if (value.substr_types[i] == MD_TEXT_NORMAL)
                result += QString::fromStdString(withoutPlaceholders(part, m_formulas));
        }
        return result;
    }

    const std::vector<MathSpan>& m_formulas;
    const bool m_isOpen;
    MarkdownNode m_root;
    // The open elements. A pointer stays valid: siblings are added only after its element is left.
    std::vector<Open> m_open;
    std::vector<MarkdownNode*> m_path;
    size_t m_depth = 0; ///< of elements; m_path also has those that became nothing
    size_t m_nodes = 0;
    size_t m_linkDepth = 0; ///< length of the path inside the open link; 0 outside
    int m_pictureDepth = 0;
};

} // namespace

std::vector<MarkdownNode> renderMarkdown(std::string_view markdown, bool isOpen, LiveSpans live)
{
    const MathText math = takeMath(markdown);
    TreeBuilder builder(math.spans, isOpen);
    if (builder.parse(math.text)) {
        std::vector<MarkdownNode> nodes = builder.take();
        markLiveSpans(nodes, live, isOpen);
        return nodes;
    }
    return {{"plain", {}, {}, {{{}, std::string(markdown), {}, {}}}}};
}

QString safeLink(const QString& address)
{
    if (address.size() > qsizetype(longestAddress))
        return {};
    QString text = address.trimmed();
    if (text.startsWith(QLatin1String("www."), Qt::CaseInsensitive))
        text.prepend(QLatin1String("https://"));
    const QUrl url(text, QUrl::TolerantMode);
    const QString scheme = url.scheme();
    const bool isWeb = scheme == QLatin1String("http") || scheme == QLatin1String("https");
    if (!url.isValid() || (!isWeb && scheme != QLatin1String("mailto")))
        return {};
    if (isWeb ? url.host().isEmpty() : url.path().isEmpty())
        return {};
    return url.toString(QUrl::FullyEncoded);
}

} // namespace argali::gui
