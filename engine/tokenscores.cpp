#include "engine/tokenscores.h"

#include <algorithm>
#include <cmath>

#include "engine/candidates.h"

namespace argali {

TokenScore scoreOf(int32_t id, std::span<const float> logits, int alternatives,
                   const Tokenizer& tokenizer)
{
    const double top = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits)
        sum += std::exp(logit - top);
    const double total = top + std::log(sum);
    const auto candidate = [&](int32_t one) {
        return TokenScore::Candidate{one, tokenizer.bytesOf(one),
                                     logits[static_cast<size_t>(one)] - total};
    };
    TokenScore score;
    score.chosen = candidate(id);
    if (alternatives > 0)
        for (const int32_t one : likeliestOf(logits, alternatives).ids)
            score.likeliest.push_back(candidate(one));
    return score;
}

} // namespace argali
