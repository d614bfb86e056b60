#include "engine/cli/output.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <vector>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"

namespace argali::cli {

void print(std::string_view text)
{
    const size_t written = std::fwrite(text.data(), 1, text.size(), stdout);
    if (written != text.size() || std::fflush(stdout) != 0)
        throw Error(Error::Code::BadRequest, std::string("standard output cannot be written: ") +
                                                 std::strerror(errno) +
                                                 "; free some space or write elsewhere");
}

std::string jsonLine(const nlohmann::ordered_json& value)
{
    return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void printJson(const nlohmann::ordered_json& value)
{
    print(jsonLine(value) + "\n");
}

void printError(std::string_view text)
{
    // Where standard error is gone there is nobody left to tell.
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

void note(std::string_view text)
{
    printError(oneLine(text) + "\n");
}

namespace {

/// Warnings that wait: where the work fails in the end, its error is the only line.
struct HeldWarnings {
    std::mutex mutex;
    std::vector<std::string> texts;
};

HeldWarnings& heldWarnings()
{
    static HeldWarnings warnings;
    return warnings;
}

} // namespace

void holdWarning(std::string_view text)
{
    HeldWarnings& held = heldWarnings();
    const std::lock_guard lock(held.mutex);
    if (std::ranges::find(held.texts, text) == held.texts.end())
        held.texts.emplace_back(text);
}

void showWarnings()
{
    HeldWarnings& held = heldWarnings();
    const std::lock_guard lock(held.mutex);
    for (const std::string& text : held.texts)
        note("warning: " + text);
    held.texts.clear();
}

std::string oneLine(std::string_view text)
{
    constexpr size_t longest = 1000;
    const bool cut = text.size() > longest;
    std::string line = replaceInvalidUtf8(text.substr(0, longest));
    for (char& c : line) {
        const auto u = static_cast<unsigned char>(c);
        if (u < 0x20 || u == 0x7f)
            c = ' ';
    }
    if (cut)
        line += "…";
    return line;
}

std::string numberText(double value, int decimals)
{
    std::array<char, 400> buffer{}; // the largest double has 309 digits
    const int length = std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
    return {buffer.data(), static_cast<size_t>(std::max(length, 0))};
}

std::string scientificText(double value)
{
    std::array<char, 32> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "%.3e", value);
    return buffer.data();
}

std::string sizeText(int64_t bytes)
{
    constexpr std::array units = {"bytes", "kB", "MB", "GB", "TB"};
    auto value = static_cast<double>(bytes);
    size_t unit = 0;
    while (std::abs(value) >= 1000 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    return numberText(value, unit == 0 ? 0 : 1) + " " + units[unit];
}

bool errorIsTerminal()
{
    return isatty(STDERR_FILENO) != 0;
}

namespace {

const char* nameOf(Progress::Phase phase)
{
    switch (phase) {
    case Progress::Phase::Loading:
        return "loading";
    case Progress::Phase::Media:
        return "reading pictures";
    case Progress::Phase::Vision:
        return "looking";
    case Progress::Phase::Prefill:
        return "reading";
    case Progress::Phase::Answering:
        return "answering";
    }
    return "working";
}

} // namespace

ProgressSink ProgressLine::sink()
{
    return [this](const Progress& p) {
        if (p.phase == Progress::Phase::Answering) { // the answer itself is to be seen
            clear();
            return;
        }
        std::string text = nameOf(p.phase);
        if (p.total > 0)
            text += " " + std::to_string(p.done) + " of " + std::to_string(p.total);
        show(text);
    };
}

void ProgressLine::show(std::string_view text)
{
    if (!errorIsTerminal())
        return;
    printError("\r\033[K" + oneLine(text));
    m_shown = true;
}

void ProgressLine::clear()
{
    if (m_shown)
        printError("\r\033[K");
    m_shown = false;
}

} // namespace argali::cli
