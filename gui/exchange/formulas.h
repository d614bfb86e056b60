#pragma once

#include <QHash>
#include <QList>
#include <QString>

#include "gui/chat/markdown.h"

namespace argali::gui {

/// A formula of an answer.
struct Formula {
    QString tex;
    bool display = false;
    bool operator==(const Formula&) const = default;
};

inline size_t qHash(const Formula& formula, size_t seed = 0)
{
    return qHashMulti(seed, formula.tex, formula.display);
}

/// MathML of formulas, safe to stand in a page.
using FormulaTable = QHash<Formula, QString>;

/// The formula of a node, whose tag is "math".
Formula formulaOf(const MarkdownNode& node);
/// The formulas in these nodes, in their order.
void collectFormulas(const std::vector<MarkdownNode>& nodes, QList<Formula>& formulas);

/// The MathML in what KaTeX wrote, rebuilt from the elements and attributes that are known to be
/// harmless. Empty when there is anything else in it.
QString safeMathMl(const QString& markup);

} // namespace argali::gui
