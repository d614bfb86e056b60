#include "engine/server/prometheus.h"

#include <cstdio>

namespace argali::server {

std::string numberText(double number)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", number);
    return text;
}

std::string labelOf(const char* name, const std::string& value)
{
    std::string label = std::string(name) + "=\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            label += '\\';
        if (c == '\n')
            label += "\\n";
        else
            label += c;
    }
    return label + '"';
}

void addHead(std::string& text, const char* name, const char* type, const char* help)
{
    text += std::string("# HELP ") + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
}

void addLine(std::string& text, const std::string& name, const std::string& labels, double value)
{
    text += name + (labels.empty() ? "" : '{' + labels + '}') + ' ' + numberText(value) + '\n';
}

} // namespace argali::server
