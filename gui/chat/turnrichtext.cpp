// A turn as rich text, for the transcript without a page.
#include <QLocale>

#include "gui/chat/openblock.h"
#include "gui/chat/transcriptturn.h"

namespace argali::gui {
namespace {

QString escaped(const std::string& text)
{
    return QString::fromStdString(text).toHtmlEscaped();
}

QString attribute(const MarkdownNode& node, const char* name)
{
    for (const auto& [key, value] : node.attributes) {
        if (key == name)
            return escaped(value);
    }
    return {};
}

void write(QString& out, const MarkdownNode& node);

void writeAll(QString& out, const std::vector<MarkdownNode>& nodes)
{
    for (const MarkdownNode& node : nodes)
        write(out, node);
}

void write(QString& out, const MarkdownNode& node)
{
    const std::string& tag = node.tag;
    if (tag.empty()) {
        out += escaped(node.text);
    } else if (tag == "math") {
        out += QStringLiteral("<code>%1</code>").arg(attribute(node, "source"));
    } else if (tag == "task") {
        out += attribute(node, "done").isEmpty() ? QStringLiteral("\u2610 ")
                                                 : QStringLiteral("\u2611 ");
    } else if (tag == "code-block" || tag == "plain") {
        out += QStringLiteral("<pre>");
        writeAll(out, node.children);
        out += QStringLiteral("</pre>");
    } else if (tag == "a" || tag == "picture") {
        out += QStringLiteral("<a href=\"%1\">").arg(attribute(node, "href"));
        writeAll(out, node.children);
        out += QStringLiteral("</a>");
    } else if (tag == "wide" || tag == "live") {
        writeAll(out, node.children);
    } else if (tag == "br" || tag == "hr") {
        out += QStringLiteral("<%1>").arg(QString::fromStdString(tag));
    } else { // an element of HTML of that name, and no attribute that came with the text
        const QString name = QString::fromStdString(tag);
        out += tag == "table" ? QStringLiteral("<table cellpadding=\"4\">")
                              : QStringLiteral("<%1>").arg(name);
        writeAll(out, node.children);
        out += QStringLiteral("</%1>").arg(name);
    }
}

QString link(quint64 turn, const QString& what, const QString& text)
{
    return QStringLiteral("<a href=\"turn:%1/%2\">%3</a>")
        .arg(QString::number(turn), what.toHtmlEscaped(), text.toHtmlEscaped());
}

} // namespace

QString TranscriptTurn::toRichText() const
{
    QString out;
    const auto line = [&out](const QString& text) { out += QStringLiteral("<p>%1</p>").arg(text); };
    QString question = m_question.toHtmlEscaped();
    question.replace(QLatin1Char('\n'), QStringLiteral("<br>"));
    for (int i = 0; i < int(m_pictures.size()); ++i) // a click shows it, as on the page
        line(QStringLiteral("<i>%1</i>")
                 .arg(link(m_id, QStringLiteral("picture:%1").arg(i),
                           QStringLiteral("[%1]").arg(m_pictures[i].badge))));
    line(QStringLiteral("<b>%1</b>").arg(question));
    if (!m_hasAnswer)
        return out;
    line(QStringLiteral("<i>%1</i>")
             .arg(QStringList{m_model, m_source}.join(QLatin1Char(' ')).toHtmlEscaped()));
    if (m_hasThinking) {
        const QJsonObject thinking = thinkingCommand();
        line(thinking.value(QLatin1String("label")).toString().toHtmlEscaped() +
             QStringLiteral(" \u00b7 ") +
             thinking.value(QLatin1String("count")).toString().toHtmlEscaped());
        if (m_answerNow && !m_thinkingDone)
            line(link(m_id, QStringLiteral("answerNow"), tr("Answer now")));
    }
    for (size_t i = 0; i < m_text.blocks.finishedCount(); ++i)
        writeAll(out, renderMarkdown(m_text.blocks.finished(i)));
    if (!m_text.blocks.open().empty())
        writeAll(out, renderMarkdown(presentable(m_text.blocks.open()), true));
    if (m_end == End::None)
        return out;
    if (!m_note.isEmpty())
        line(m_note.toHtmlEscaped());
    QStringList last;
    if (m_end == End::Failed) {
        line(m_sentence.toHtmlEscaped());
        if (!m_details.isEmpty())
            out += QStringLiteral("<pre>%1</pre>").arg(m_details.toHtmlEscaped());
        for (const Action& action : m_actions)
            last << link(m_id, QStringLiteral("action:") + action.id, action.text);
    } else {
        if (!m_statistics.isEmpty())
            last << m_statistics.toHtmlEscaped();
        last << link(m_id, QStringLiteral("copy"), tr("Copy"))
             << link(m_id, QStringLiteral("regenerate"), tr("Answer again"))
             << link(m_id, QStringLiteral("edit"), tr("Edit and ask again"));
    }
    line(last.join(QStringLiteral(" &nbsp; ")));
    return out;
}

} // namespace argali::gui
