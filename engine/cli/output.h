#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "engine/engine.h"

namespace argali::cli {

/// Writes to standard output and hands it on at once.
/// Throws: Error::Code::BadRequest when it cannot be written (disk full, closed)
void print(std::string_view text);
/// One JSON value on a line of its own. Bytes that are not UTF-8 become U+FFFD, numbers that are
/// not finite become null.
void printJson(const nlohmann::ordered_json& value);
/// The same as text, without the end of the line.
std::string jsonLine(const nlohmann::ordered_json& value);

/// One line on standard error, whatever the text contains.
void note(std::string_view text);
/// Raw text on standard error.
void printError(std::string_view text);

/// Keeps a warning until showWarnings(), the same one once. Thread: any.
void holdWarning(std::string_view text);
/// Writes what is kept, a line on standard error for each, and forgets it.
void showWarnings();

/// Line feeds and other control characters become blanks; what is not UTF-8 becomes U+FFFD; cut
/// after about a thousand characters.
std::string oneLine(std::string_view text);
/// "1.5 GB", "12 bytes"
std::string sizeText(int64_t bytes);
/// Fixed decimals.
std::string numberText(double value, int decimals);
/// 1.234e-05
std::string scientificText(double value);

/// Whether a person looks at standard error.
bool errorIsTerminal();

/// Shows on a terminal what a long call is doing, in one line that is overwritten; elsewhere
/// nothing. Thread: any, one at a time.
class ProgressLine final {
public:
    ProgressLine() = default;
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ProgressSink sink();
    void show(std::string_view text);
    void clear();

private:
    bool m_shown = false;
};

} // namespace argali::cli
