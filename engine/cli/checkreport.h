#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace argali::cli {

/// One stage of a case or one row of a vector file, compared.
struct Stage {
    std::string of;   ///< "ovis2_5-tiny/one-image", "vectors/resize_bicubic"
    std::string name; ///< "logits"
    bool pass = false;
    bool judged = true; ///< false: shown only, counts as passed
    std::optional<double> maxAbs = {};
    std::optional<double> nmse = {};
    std::optional<double> kl = {};
    std::optional<double> top1 = {};
    std::string remark = {}; ///< what differs, or what was compared
};

/// Prints stages as they come and counts them.
class CheckReport final {
public:
    explicit CheckReport(bool json) : m_json(json) {}

    void add(const Stage& stage);
    /// A stage that could not even be compared.
    void fail(const std::string& of, const std::string& name, const std::string& remark);
    /// A case or file that could not be read.
    void failToRead(const std::string& of, const std::string& name, const std::string& why);
    /// Something that this version has no check for.
    void skip(const std::string& what, const std::string& why);
    /// The last line; nothing with --json.
    void printSummary() const;

    int64_t stages() const { return m_stages; }
    int64_t failed() const { return m_failed; }
    int64_t skipped() const { return m_skipped; }
    /// What failed first and what to do: "CASE, STAGE; ..."
    const std::string& firstFailure() const { return m_firstFailure; }

private:
    bool m_json;
    int64_t m_stages = 0;
    int64_t m_failed = 0;
    int64_t m_skipped = 0;
    std::string m_firstFailure;
};

} // namespace argali::cli
