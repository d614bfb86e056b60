#include "engine/cli/checkcase.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/json.h"
#include "engine/cli/comparison.h"
#include "engine/error.h"

namespace argali::cli {

namespace {

/// Integers of a case: token ids, or grids one after another.
std::vector<int64_t> integers(const nlohmann::json& value, const std::string& where)
{
    std::vector<int64_t> result;
    const std::function<void(const nlohmann::json&)> collect = [&](const nlohmann::json& v) {
        if (v.is_number_integer()) {
            result.push_back(v.get<int64_t>());
        } else if (v.is_array()) {
            for (const nlohmann::json& element : v)
                collect(element);
        } else {
            throw Error(Error::Code::BadRequest, where + ": integers are expected");
        }
    };
    collect(value);
    return result;
}

std::vector<int32_t> tokenIds(const nlohmann::json& value, const std::string& where)
{
    std::vector<int32_t> ids;
    for (const int64_t id : integers(value, where)) {
        if (id < std::numeric_limits<int32_t>::min() || id > std::numeric_limits<int32_t>::max())
            throw Error(Error::Code::BadRequest,
                        where + ": " + std::to_string(id) + " is no token id");
        ids.push_back(static_cast<int32_t>(id));
    }
    return ids;
}

std::span<const float> floatsOf(const Tensor& tensor)
{
    return {tensor.as<float>(), static_cast<size_t>(tensor.count())};
}

/// One case under way: what was found is compared stage by stage.
class CaseRun final {
public:
    CaseRun(const ReferenceCase& reference, Model& model, CheckReport& report)
        : m_case(reference), m_model(model), m_report(report), m_exact(model.dtype() == DType::F32)
    {
    }
    bool run(std::stop_token stop);

private:
    bool expects(const char* key) const { return m_case.expect.contains(key); }
    Stage stage(const std::string& name) const { return {.of = m_case.name, .name = name}; }
    void compareIntegers(const char* key, const std::vector<int64_t>& found, bool judged);
    void compareTexts(const char* key, const std::string& found, const std::string& expected);
    void compareTensor(const char* key, const Tensor& found);
    bool withinTolerance(const char* key, const Deviation& d, std::string& remark) const;

    const ReferenceCase& m_case;
    Model& m_model;
    CheckReport& m_report;
    bool m_exact; ///< every stage is judged; otherwise the input and the distribution of the tokens
};

void CaseRun::compareIntegers(const char* key, const std::vector<int64_t>& found, bool judged)
{
    const auto expected = integers(m_case.expect[key], m_case.name + ", expect." + key);
    Stage s = stage(key);
    s.remark = firstDifference(found, expected);
    s.judged = judged;
    s.pass = s.remark.empty() || !judged;
    m_report.add(s);
}

void CaseRun::compareTexts(const char* key, const std::string& found, const std::string& expected)
{
    Stage s = stage(key);
    if (found != expected)
        s.remark = inQuotes(found) + ", expected " + inQuotes(expected);
    s.judged = m_exact;
    s.pass = s.remark.empty() || !m_exact;
    m_report.add(s);
}

bool CaseRun::withinTolerance(const char* key, const Deviation& d, std::string& remark) const
{
    const nlohmann::json& all = m_case.tolerance;
    if (!all.contains(key) || !all[key].is_object() || !all[key].contains("max_abs") ||
        !all[key]["max_abs"].is_number() || !all[key].contains("nmse") ||
        !all[key]["nmse"].is_number()) {
        remark = "case.json gives no tolerance (max_abs and nmse) for this tensor";
        return false;
    }
    // The tolerances are those of a processor. A card adds in another order and has other
    // elementary functions.
    const double wider = m_model.deviceName().starts_with("cpu") ? 1 : 10;
    const double maxAbs = wider * all[key]["max_abs"].get<double>();
    const double nmse = wider * all[key]["nmse"].get<double>();
    if (d.maxAbs <= maxAbs && d.nmse <= nmse)
        return true;
    remark =
        "tolerated: max abs " + std::to_string(maxAbs) + ", NMSE " + nlohmann::json(nmse).dump();
    return false;
}

void CaseRun::compareTensor(const char* key, const Tensor& found)
{
    const auto it = m_case.tensors.tensors.find(key);
    if (it == m_case.tensors.tensors.end()) {
        // The reference has none, for a conversation without pictures: neither may we.
        if (!found.isEmpty())
            m_report.fail(m_case.name, key, "nothing is expected, found " + found.shape().text());
        return;
    }
    const Tensor& expected = it->second;
    if (expected.type() != DType::F32) {
        m_report.fail(m_case.name, key,
                      std::string("expect.safetensors has type ") + nameOf(expected.type()) +
                          ", f32 was expected");
        return;
    }
    const std::string shape = found.isEmpty() ? "nothing" : found.shape().text();
    if (found.isEmpty() || found.shape() != expected.shape()) {
        m_report.fail(m_case.name, key, "found " + shape + ", expected " + expected.shape().text());
        return;
    }
    Stage s = stage(key);
    // A file's tensors need not be aligned to their element.
    const Tensor aligned = hostTensor(DType::F32, expected.shape());
    std::memcpy(aligned.raw(), expected.raw(), static_cast<size_t>(expected.bytes()));
    const Deviation d = deviation(floatsOf(found), floatsOf(aligned));
    s.maxAbs = d.maxAbs;
    s.nmse = d.nmse;
    const bool isLogits = std::string_view(key) == "logits";
    if (isLogits) {
        const Agreement a = agreement(floatsOf(found), floatsOf(aligned), expected.dim(-1));
        s.kl = a.kl;
        s.top1 = a.top1;
        s.pass = a.kl <= halfGates.kl && a.top1 >= halfGates.top1;
    }
    if (m_exact)
        s.pass = withinTolerance(key, d, s.remark);
    else if (!isLogits)
        s.judged = false;
    s.pass = s.pass || !s.judged;
    m_report.add(s);
}

bool CaseRun::run(std::stop_token stop)
{
    const std::string where = m_case.name;
    const auto forced = expects("generated_ids") ? tokenIds(m_case.expect["generated_ids"],
                                                            where + ", expect.generated_ids")
                                                 : std::vector<int32_t>{};
    const Trace trace = m_model.trace(m_case.request, forced, stop);
    if (stop.stop_requested())
        return false;
    if (expects("input_ids"))
        compareIntegers("input_ids", {trace.inputIds.begin(), trace.inputIds.end()}, true);
    if (expects("grid_thw")) {
        std::vector<int64_t> grids;
        for (const auto& grid : trace.grids)
            grids.insert(grids.end(), grid.begin(), grid.end());
        compareIntegers("grid_thw", grids, true);
    }
    if (expects("tiles"))
        compareIntegers("tiles", trace.tiles, true);
    if (expects("grids")) {
        std::vector<int64_t> grids;
        for (const auto& grid : trace.tileGrids)
            grids.insert(grids.end(), grid.begin(), grid.end());
        compareIntegers("grids", grids, true);
    }
    compareTensor("pixel_values", trace.pixelValues);
    compareTensor("visual_embeds", trace.visualEmbeds);
    compareTensor("logits", trace.logits);

    const ChatResult result = m_model.generate(m_case.request, stop, {}, {});
    if (stop.stop_requested())
        return false;
    if (expects("generated_ids"))
        compareIntegers("generated_ids", {result.ids.begin(), result.ids.end()}, m_exact);
    for (const auto& [key, found] :
         {std::pair{"text", result.text}, std::pair{"thinking", result.markedThinking},
          std::pair{"finish_reason", std::string(nameOf(result.finishReason))}}) {
        if (!expects(key))
            continue;
        if (m_case.expect[key].is_string())
            compareTexts(key, found, m_case.expect[key].get<std::string>());
        else
            m_report.fail(where, key, std::string("case.json: expect.") + key + " is no text");
    }
    return true;
}

} // namespace

bool runCase(const ReferenceCase& reference, Model& model, CheckReport& report,
             std::stop_token stop)
{
    return CaseRun(reference, model, report).run(stop);
}

} // namespace argali::cli
