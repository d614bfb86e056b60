#include "gui/exchange/htmlnodes.h"

#include <QSet>
#include <QUrl>

namespace argali::gui {
namespace {

QString valueOf(const MarkdownNode& node, const char* name)
{
    for (const auto& [key, value] : node.attributes) {
        if (key == name)
            return QString::fromStdString(value);
    }
    return {};
}

/// The elements that stand for themselves, without attributes.
bool isPlainElement(const std::string& tag)
{
    static const QSet<QByteArray> known{"p",   "h1",         "h2",    "h3",    "h4",  "h5",
                                        "h6",  "ul",         "table", "em",    "tr",  "strong",
                                        "del", "blockquote", "thead", "tbody", "code"};
    return known.contains(QByteArray::fromRawData(tag.data(), qsizetype(tag.size())));
}

/// Writes a tree, as deep as renderMarkdown() lets it be.
class NodeWriter final {
public:
    explicit NodeWriter(const FormulaTable& formulas) : m_formulas(formulas) {}
    void write(const std::vector<MarkdownNode>& nodes)
    {
        for (const MarkdownNode& node : nodes)
            write(node);
    }
    QString take() { return std::move(m_out); }

private:
    void wrap(const MarkdownNode& node, const QString& name, const QString& attributes = {})
    {
        m_out += QStringLiteral("<%1%2>").arg(name, attributes);
        write(node.children);
        m_out += QStringLiteral("</%1>").arg(name);
    }

    void write(const MarkdownNode& node)
    {
        const std::string& tag = node.tag;
        if (tag.empty()) {
            m_out += QString::fromStdString(node.text).toHtmlEscaped();
        } else if (isPlainElement(tag)) {
            wrap(node, QString::fromStdString(tag));
        } else if (tag == "br" || tag == "hr") {
            m_out += QStringLiteral("<%1>").arg(QString::fromStdString(tag));
        } else if (tag == "math") {
            formula(node);
        } else if (tag == "a" || tag == "picture") {
            link(node);
        } else if (tag == "code-block" || tag == "plain") {
            m_out += QStringLiteral("<pre><code>");
            write(node.children);
            m_out += QStringLiteral("</code></pre>");
        } else if (tag == "wide") {
            wrap(node, QStringLiteral("div"), QStringLiteral(" class=\"wide\""));
        } else if (tag == "ol") {
            const uint start = valueOf(node, "start").toUInt();
            const bool other = !valueOf(node, "start").isEmpty();
            wrap(node, QStringLiteral("ol"),
                 other ? QStringLiteral(" start=\"%1\"").arg(start) : QString());
        } else if (tag == "li") {
            wrap(node, QStringLiteral("li"),
                 valueOf(node, "task").isEmpty() ? QString() : QStringLiteral(" class=\"task\""));
        } else if (tag == "th" || tag == "td") {
            const QString align = valueOf(node, "align");
            const bool known = align == QLatin1String("center") || align == QLatin1String("right");
            wrap(node, QString::fromStdString(tag),
                 known ? QStringLiteral(" class=\"%1\"").arg(align) : QString());
        } else if (tag == "task") {
            m_out += valueOf(node, "done").isEmpty() ? QStringLiteral("\u2610 ")
                                                     : QStringLiteral("\u2611 ");
        } else { // what is pointed at has nothing to point at here
            write(node.children);
        }
    }

    void link(const MarkdownNode& node)
    {
        const QString address = safeLink(valueOf(node, "href"));
        if (address.isEmpty()) {
            write(node.children);
            return;
        }
        m_out += QStringLiteral("<a rel=\"noreferrer noopener\" href=\"%1\">")
                     .arg(address.toHtmlEscaped());
        write(node.children);
        if (node.tag == "picture") // it is not fetched, so it says where it is
            m_out += QStringLiteral(" (%1)").arg(QUrl(address).host().toHtmlEscaped());
        m_out += QStringLiteral("</a>");
    }

    void formula(const MarkdownNode& node)
    {
        const Formula formula = formulaOf(node);
        const QString known = m_formulas.value(formula);
        const QString inner =
            known.isEmpty()
                ? QStringLiteral("<code>%1</code>").arg(valueOf(node, "source").toHtmlEscaped())
                : known;
        m_out += formula.display ? QStringLiteral("<span class=\"formula\">%1</span>").arg(inner)
                                 : inner;
    }

    const FormulaTable& m_formulas;
    QString m_out;
};

} // namespace

QString toHtml(const std::vector<MarkdownNode>& nodes, const FormulaTable& formulas)
{
    NodeWriter writer(formulas);
    writer.write(nodes);
    return writer.take();
}

} // namespace argali::gui
