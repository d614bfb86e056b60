#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "engine/candidates.h"
#include "engine/engine.h"

namespace argali {

/// Throws Error::Code::BadModel: logits that are not numbers come from damaged weights.
[[noreturn]] void refuseLogits();

/// Chooses the next token from logits.
/// Source: order and arithmetic of Hugging Face transformers 4.51, generation/logits_process.py:
///         repetition penalty, temperature, top-k, top-p, min-p, softmax, one draw
class Sampler final {
public:
    /// Throws: Error::Code::BadRequest for values outside their ranges, naming the value
    explicit Sampler(const Sampling& sampling);

    /// Index of the chosen logit; the lowest index among equals when greedy. The choice counts for
    /// the repetition penalty from then on. Throws: Error::Code::BadModel when a logit is not a
    /// number
    int32_t choose(std::span<const float> logits);
    /// The same from those that wantsLikeliest() asks for.
    int32_t choose(const Candidates& candidates) { return draw(candidates); }

    /// Whether the index of the largest logit is all that choose() would ask of logits.
    bool wantsOnlyBest() const { return !m_sampling.enabled && m_sampling.repetitionPenalty == 1; }

    /// How many of the largest logits are all that choose() would ask of logits; 0: it needs the
    /// others.
    int64_t wantsLikeliest() const
    {
        return m_sampling.enabled && m_sampling.repetitionPenalty == 1 ? m_sampling.topK : 0;
    }

    /// Starts the repetition penalty anew.
    void forgetChosen() { m_chosen.clear(); }

private:
    int32_t draw(const Candidates& candidates);

    Sampling m_sampling;
    std::mt19937_64 m_random;
    std::vector<int32_t> m_chosen; // distinct, in order of their first choice
    std::vector<float> m_scores;
};

} // namespace argali
