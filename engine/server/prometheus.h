#pragma once

#include <string>

namespace argali::server {

// Lines of Prometheus' text format, version 0.0.4.

/// The lines before the values of one name.
void addHead(std::string& text, const char* name, const char* type, const char* help);
void addLine(std::string& text, const std::string& name, const std::string& labels, double value);
/// name="value"; what would end the value is written otherwise.
std::string labelOf(const char* name, const std::string& value);
std::string numberText(double number);

} // namespace argali::server
