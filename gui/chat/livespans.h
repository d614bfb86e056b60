#pragma once

#include <string_view>
#include <vector>

#include "gui/chat/markdown.h"

namespace argali::gui {

/// Makes the times ("00:42", "1:02:03") and places (boxes and points of a picture) in the text of
/// these nodes nodes of their own, never in code, links or formulas. isOpen: the text goes on, so a
/// time at its end may not be whole.
/// Source: Ovis2.5's grounding output, <ref>name</ref><box>(x1,y1),(x2,y2)</box>,
/// <point>(x,y)</point>, coordinates relative to the picture
void markLiveSpans(std::vector<MarkdownNode>& nodes, LiveSpans wanted, bool isOpen);

/// Where a place that is not whole begins at the end of a text, or npos: "<ref>red ap", "<bo".
size_t unfinishedPlace(std::string_view text);

} // namespace argali::gui
