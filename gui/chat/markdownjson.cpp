#include "gui/chat/markdown.h"

namespace argali::gui {
namespace {

void writeJson(std::string& out, const MarkdownNode& node)
{
    if (node.tag.empty()) {
        out += toJsonString(node.text);
        return;
    }
    out += "[\"" + node.tag + "\",{";
    bool first = true;
    for (const auto& [name, value] : node.attributes) {
        if (!first)
            out += ',';
        first = false;
        out += '"' + name + "\":" + toJsonString(value);
    }
    out += '}';
    for (const MarkdownNode& child : node.children) {
        out += ',';
        writeJson(out, child);
    }
    out += ']';
}

} // namespace

std::string toJson(const std::vector<MarkdownNode>& nodes)
{
    std::string out = "[";
    for (const MarkdownNode& node : nodes) {
        if (out.size() > 1)
            out += ',';
        writeJson(out, node);
    }
    return out + ']';
}

std::string toJsonString(std::string_view utf8)
{
    static constexpr char hex[] = "0123456789abcdef";
    std::string out = "\"";
    out.reserve(utf8.size() + 2);
    for (const char c : utf8) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20) {
            out += "\\u00";
            out += hex[byte >> 4];
            out += hex[byte & 15];
        } else {
            out += c;
        }
    }
    return out + '"';
}

} // namespace argali::gui
