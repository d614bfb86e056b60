#include "engine/generate.h"

#include <algorithm>

namespace argali {

int32_t Next::choose(Sampler& sampler) const
{
    if (id)
        return *id;
    if (!candidates.isEmpty())
        return sampler.choose(candidates);
    return sampler.choose({logits.as<float>(), static_cast<size_t>(logits.count())});
}

Generated generateIds(Next next, const StopRules& rules, Sampler& sampler, const DecodeStep& step,
                      std::stop_token stop, const IdSink& sink, const ChoiceSink& choices)
{
    Generated result;
    const auto length = [&] { return static_cast<int64_t>(result.ids.size()); };
    const auto append = [&](int32_t id) {
        result.ids.push_back(id);
        if (sink)
            sink(id, length());
    };
    const int64_t most = std::min(rules.maxNewTokens, rules.contextLeft);
    bool budgetActive = rules.thinkingBudget > 0;
    bool thinkingClosed = false;
    const auto isAskedForAnswer = [&] {
        return !thinkingClosed && length() > 0 && rules.answerNow.stop_requested();
    };
    result.reason = FinishReason::Length;

    while (length() < most) {
        const bool budgetEnds = budgetActive && length() == rules.thinkingBudget;
        if (budgetEnds || isAskedForAnswer()) {
            budgetActive = false;
            // The reference calls the model a second time here, and its penalty starts anew.
            sampler.forgetChosen();
            if (!thinkingClosed) {
                const int64_t room = most - length();
                result.thoughtIds = length();
                result.answeredNow = !budgetEnds;
                const auto count =
                    std::min(room, static_cast<int64_t>(rules.thinking.closingIds.size()));
                const std::span forced(rules.thinking.closingIds.data(),
                                       static_cast<size_t>(count));
                for (const int32_t id : forced)
                    append(id);
                result.forcedIds = count;
                thinkingClosed = true;
                if (length() == most)
                    break;
                next = step(forced);
            }
        }
        if (next.isEmpty() || stop.stop_requested()) {
            result.reason = FinishReason::Cancelled;
            return result;
        }
        const int32_t id = next.choose(sampler);
        if (choices && !next.logits.isEmpty())
            choices(id, {next.logits.as<float>(), static_cast<size_t>(next.logits.count())});
        append(id);
        if (std::binary_search(rules.stopIds.begin(), rules.stopIds.end(), id)) {
            result.reason = FinishReason::Stop;
            return result;
        }
        thinkingClosed = thinkingClosed || id == rules.thinking.endId;
        if (length() < most)
            next = step(std::span(&result.ids.back(), 1));
    }
    result.contextReached = most < rules.maxNewTokens;
    return result;
}

} // namespace argali
