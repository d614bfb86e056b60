#include "engine/cli/checkreport.h"

#include <nlohmann/json.hpp>

#include "engine/cli/output.h"

namespace argali::cli {

namespace {

nlohmann::ordered_json orNull(const std::optional<double>& value)
{
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

std::string padded(std::string text, size_t width)
{
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string textOf(const Stage& stage)
{
    std::string line = padded(stage.of, 36) + " " + padded(stage.name, 14) + " ";
    std::string numbers;
    if (stage.maxAbs)
        numbers += "max abs " + scientificText(*stage.maxAbs) + "  ";
    if (stage.nmse)
        numbers += "NMSE " + scientificText(*stage.nmse) + "  ";
    if (stage.kl)
        numbers += "KL " + scientificText(*stage.kl) + "  ";
    if (stage.top1)
        numbers += "top-1 " + numberText(*stage.top1 * 100, 1) + " %  ";
    line += padded(numbers, 38) + (stage.judged ? stage.pass ? "pass" : "FAIL" : "not judged");
    if (!stage.remark.empty())
        line += "  " + oneLine(stage.remark);
    return line + "\n";
}

} // namespace

void CheckReport::add(const Stage& stage)
{
    ++m_stages;
    if (!stage.pass) {
        ++m_failed;
        if (m_firstFailure.empty())
            m_firstFailure =
                stage.of + ", " + stage.name + "; compare that stage with the reference";
    }
    if (!m_json) {
        print(textOf(stage));
        return;
    }
    nlohmann::ordered_json row = {
        {"case", stage.of},           {"stage", stage.name},    {"max_abs", orNull(stage.maxAbs)},
        {"nmse", orNull(stage.nmse)}, {"kl", orNull(stage.kl)}, {"top1", orNull(stage.top1)},
        {"pass", stage.pass}};
    if (!stage.judged)
        row["judged"] = false;
    if (!stage.remark.empty())
        row["remark"] = stage.remark;
    printJson(row);
}

void CheckReport::fail(const std::string& of, const std::string& name, const std::string& remark)
{
    add({.of = of, .name = name, .remark = remark});
}

void CheckReport::failToRead(const std::string& of, const std::string& name, const std::string& why)
{
    if (m_firstFailure.empty())
        m_firstFailure = of + ": " + why;
    add({.of = of, .name = name, .remark = why});
}

void CheckReport::skip(const std::string& what, const std::string& why)
{
    ++m_skipped;
    const std::string line = oneLine("skipped: " + what + ": " + why) + "\n";
    // A skipped file is no row: whoever reads rows must not take it for one that passed.
    if (m_json)
        printError(line);
    else
        print(line);
}

void CheckReport::printSummary() const
{
    if (m_json)
        return;
    print(std::to_string(m_stages) + " stages, " + std::to_string(m_failed) + " failed, " +
          std::to_string(m_skipped) + " files skipped\n");
}

} // namespace argali::cli
