#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/cli/countingbackend.h"
#include "engine/families/families.h"

namespace argali::cli {

struct BenchSettings {
    std::vector<ImageSize> pictures; ///< sizes; a film's frames have the first one
    int64_t frames = 0;              ///< of one film instead of pictures; 0: none
    int64_t promptTokens = 512;      ///< text behind the visual positions
    int64_t generateTokens = 32;
    int runs = 5;
};

/// What the speed of a phase is held against.
enum class Bound { Bandwidth, Matrix, None };

/// A phase of an answer: what all of the pictures, or all of the tokens, took in each run.
struct Phase {
    std::string name;
    Bound bound = Bound::None;
    int64_t tokens = 0; ///< of prefill and decode
    Work work;          ///< of one run
    std::vector<double> seconds = {};

    double median() const;
};

/// Positions of the context that a run takes.
/// Throws: Error::Code::ContextOverflow when the model has fewer
int64_t positionsOf(const BenchSettings& settings, const Family& family);

/// Runs a family's stages on random input, one after another, and times each.
class BenchRun final {
public:
    /// Both must outlive this object; the family is loaded.
    BenchRun(CountingBackend& op, Family& family, BenchSettings settings);
    /// One warm-up and the runs; begun is told the number of each, 0 for the warm-up. False once
    /// stopped.
    bool run(std::stop_token stop, const std::function<void(int)>& begun = {});
    const std::vector<Phase>& phases() const { return m_phases; }
    int64_t visualTokens() const { return m_visualTokens; }

private:
    using Frames = std::vector<std::shared_ptr<const Image>>;

    bool once(std::stop_token stop);
    std::vector<Frames> decodeMedia(std::stop_token stop);
    Tensor see(const std::vector<Frames>& parts, std::stop_token stop);
    bool talk(const Tensor& visual, std::stop_token stop);
    /// Times f and adds it to a phase; what it counts is the phase's work.
    template <typename F> auto timed(const char* phase, F f);
    Phase& phase(const std::string& name);

    CountingBackend& m_op;
    Family& m_family;
    BenchSettings m_settings;
    std::vector<std::vector<std::vector<std::byte>>> m_files; ///< frames of parts
    std::vector<VisualPart> m_parts;
    int64_t m_visualTokens = 0;
    std::unique_ptr<KvCache> m_cache;
    std::vector<Phase> m_phases;
    std::map<std::string, double> m_thisRun; ///< seconds of a run by phase
};

} // namespace argali::cli
