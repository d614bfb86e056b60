#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "engine/families/families.h"
#include "engine/sampler.h"

namespace argali {

/// What ends an answer.
struct StopRules {
    std::vector<int32_t> stopIds; ///< sorted
    int64_t maxNewTokens = 0;
    int64_t contextLeft = 0;    ///< positions after the prompt
    int64_t thinkingBudget = 0; ///< 0: none
    std::stop_token answerNow;  ///< requested: the budget ends here; never where thinking is off
    ThinkingRules thinking;
};

/// Generated ids and why they ended.
struct Generated {
    std::vector<int32_t> ids; ///< the stop id included
    int64_t forcedIds = 0;    ///< of the closing text
    int64_t thoughtIds = 0;   ///< before the closing text, where there is one
    bool answeredNow = false; ///< the closing text came by StopRules::answerNow
    FinishReason reason = FinishReason::Stop;
    bool contextReached = false;
};

/// What follows some ids: logits to choose from, some of them, or the id that was chosen where they
/// are.
struct Next {
    Tensor logits; ///< f32 [1, V] in host memory
    std::optional<int32_t> id{};
    Candidates candidates{}; ///< the largest logits, where the sampler wants no others

    bool isEmpty() const { return logits.isEmpty() && !id && candidates.isEmpty(); } ///< stopped
    /// Throws: as Sampler::choose()
    int32_t choose(Sampler& sampler) const;
};

/// Runs ids through the model; what follows the last of them, or nothing once stopped.
using DecodeStep = std::function<Next(std::span<const int32_t> ids)>;
/// Told each id as it comes and how many there are.
using IdSink = std::function<void(int32_t id, int64_t count)>;

/// Told each id that is chosen among logits which are there, before the IdSink is; not those that
/// are forced.
using ChoiceSink = std::function<void(int32_t id, std::span<const float> logits)>;

/// Chooses ids one after another, starting from what follows the prompt. With a budget: after that
/// many ids without an end of thinking the closing ids are put in, in the same pass, and the answer
/// goes on from there; answerNow makes the budget end after the ids that are there then, one at
/// least. Everything ends at maxNewTokens. Throws: what sampler and step throw Source: Ovis2.5's
/// generate() with enable_thinking_budget, as one pass over one cache
Generated generateIds(Next next, const StopRules& rules, Sampler& sampler, const DecodeStep& step,
                      std::stop_token stop, const IdSink& sink, const ChoiceSink& choices = {});

} // namespace argali
