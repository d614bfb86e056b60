#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <QString>

namespace argali::gui {

/// One node of a rendered block: text, or an element with attributes and children. Elements have
/// the names of HTML, and these of our own, which the page knows how to build:
///   math  (tex, source, display)  a formula
///   code-block (language, open)   a fenced block; open while its end has not come
///   picture (href)                a picture that was asked for, as a link
///   task  (done)                  the box of a task list
///   live  (seconds or place)      a time of a film, or "x,y" or "x1,y1,x2,y2" of a picture
///   wide                          what may be wider than the column
///   plain                         source that could not be rendered
struct MarkdownNode {
    std::string tag; ///< empty for text
    std::string text;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::vector<MarkdownNode> children;
};

/// What in a text can be pointed at.
struct LiveSpans {
    bool times = false;  ///< of a film
    bool places = false; ///< boxes and points of a picture
};

/// Renders one block of Markdown. Raw HTML stays text; links survive with http, https and mailto
/// only; a picture becomes a link that shows its host, so that nothing is ever fetched. isOpen:
/// more of it may follow.
std::vector<MarkdownNode> renderMarkdown(std::string_view markdown, bool isOpen = false,
                                         LiveSpans live = {});

/// Text for the page: a string, or [tag, {attributes}, children...].
std::string toJson(const std::vector<MarkdownNode>& nodes);

/// A JSON string with its quotes.
std::string toJsonString(std::string_view utf8);

/// The address of a link as it is opened and shown, or empty when it must not be a link.
QString safeLink(const QString& address);

} // namespace argali::gui
