#include "gui/exchange/formulas.h"

#include <QSet>
#include <QXmlStreamReader>

namespace argali::gui {
namespace {

constexpr int deepestFormula = 400;

const QSet<QString>& elements()
{
    static const QSet<QString> known = [] {
        const QString names = QStringLiteral("math semantics annotation mrow mi mn mo mtext mspace "
                                             "msup msub msubsup mfrac msqrt mroot "
                                             "mover munder munderover mtable mtr mtd mlabeledtr "
                                             "menclose mpadded mphantom mstyle merror");
        const QStringList list = names.split(QLatin1Char(' '));
        return QSet<QString>(list.begin(), list.end());
    }();
    return known;
}

/// Those that only say how it looks. No style, no address, no handler.
const QSet<QString>& attributes()
{
    static const QSet<QString> known = [] {
        const QString names = QStringLiteral(
            "display encoding mathvariant mathcolor mathbackground mathsize displaystyle "
            "scriptlevel "
            "stretchy fence separator lspace rspace minsize maxsize symmetric largeop "
            "movablelimits "
            "accent accentunder linethickness width height depth voffset rowspacing columnspacing "
            "columnalign rowlines columnlines rowspan columnspan notation form side");
        const QStringList list = names.split(QLatin1Char(' '));
        return QSet<QString>(list.begin(), list.end());
    }();
    return known;
}

QString startTag(const QXmlStreamReader& reader)
{
    QString tag = QLatin1Char('<') + reader.name().toString();
    for (const QXmlStreamAttribute& each : reader.attributes()) {
        const QString name = each.qualifiedName().toString();
        if (attributes().contains(name))
            tag += QStringLiteral(" %1=\"%2\"").arg(name, each.value().toString().toHtmlEscaped());
    }
    return tag + QLatin1Char('>');
}

} // namespace

Formula formulaOf(const MarkdownNode& node)
{
    Formula formula;
    for (const auto& [name, value] : node.attributes) {
        if (name == "tex")
            formula.tex = QString::fromStdString(value);
        else if (name == "display")
            formula.display = true;
    }
    return formula;
}

void collectFormulas(const std::vector<MarkdownNode>& nodes, QList<Formula>& formulas)
{
    for (const MarkdownNode& node : nodes) { // as deep as renderMarkdown() lets it be
        if (node.tag == "math")
            formulas.append(formulaOf(node));
        collectFormulas(node.children, formulas);
    }
}

QString safeMathMl(const QString& markup)
{
    QXmlStreamReader reader(markup);
    QString out;
    QStringList open;
    while (!reader.atEnd()) {
        switch (reader.readNext()) {
        case QXmlStreamReader::StartElement:
            if (open.size() >= deepestFormula)
                return {};
            open.append(reader.qualifiedName().toString());
            if (reader.name() == QLatin1String("span")) // around it all
                break;
            if (!elements().contains(reader.qualifiedName().toString()))
                return {};
            out += startTag(reader);
            break;
        case QXmlStreamReader::EndElement:
            if (open.takeLast() != QLatin1String("span"))
                out += QStringLiteral("</%1>").arg(reader.qualifiedName());
            break;
        case QXmlStreamReader::Characters:
            out += reader.text().toString().toHtmlEscaped();
            break;
        case QXmlStreamReader::StartDocument:
        case QXmlStreamReader::EndDocument:
            break;
        default: // a comment, a type of document, an error
            return {};
        }
    }
    return reader.hasError() || !out.startsWith(QLatin1String("<math")) ? QString() : out;
}

} // namespace argali::gui
