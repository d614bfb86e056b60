#pragma once

#include "gui/exchange/formulas.h"

namespace argali::gui {

/// Rendered Markdown as HTML that holds nothing but text, the elements of Markdown, links by http,
/// https and mailto, and the MathML of the table.
QString toHtml(const std::vector<MarkdownNode>& nodes, const FormulaTable& formulas);

} // namespace argali::gui
