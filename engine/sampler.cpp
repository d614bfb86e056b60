#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "engine/error.h"

namespace argali {

namespace {

void requireRange(const char* name, double value, double minimum, double maximum)
{
    if (!(value >= minimum && value <= maximum)) // so written that NaN fails
        throw Error(Error::Code::BadRequest, std::string(name) + " " + std::to_string(value) +
                                                 " is outside " + std::to_string(minimum) + " to " +
                                                 std::to_string(maximum));
}

uint64_t freshSeed()
{
    std::random_device device;
    return (uint64_t(device()) << 32) | device();
}

} // namespace

void refuseLogits()
{
    throw Error(Error::Code::BadModel,
                "the model gives logits that are not numbers; its weights are damaged");
}

Sampler::Sampler(const Sampling& sampling)
    : m_sampling(sampling), m_random(sampling.seed ? *sampling.seed : freshSeed())
{
    requireRange("temperature", sampling.temperature, 0, 100);
    requireRange("top-p", sampling.topP, 0, 1);
    requireRange("min-p", sampling.minP, 0, 1);
    requireRange("top-k", sampling.topK, 0, 1e9);
    requireRange("repetition penalty", sampling.repetitionPenalty, 0.01, 100);
    if (sampling.temperature == 0)
        m_sampling.enabled = false; // the limit of ever lower temperatures
}

int32_t Sampler::choose(std::span<const float> logits)
{
    if (!areLogits(logits))
        refuseLogits();
    m_scores.assign(logits.begin(), logits.end());
    if (m_sampling.repetitionPenalty != 1)
        for (const int32_t id : m_chosen) {
            float& score = m_scores[static_cast<size_t>(id)];
            score = score > 0 ? score / m_sampling.repetitionPenalty
                              : score * m_sampling.repetitionPenalty;
        }
    const auto id = m_sampling.enabled
                        ? draw(likeliestOf(m_scores, m_sampling.topK > 0 ? m_sampling.topK
                                                                         : std::ssize(m_scores)))
                        : static_cast<int32_t>(std::max_element(m_scores.begin(), m_scores.end()) -
                                               m_scores.begin());
    if (m_sampling.repetitionPenalty != 1 &&
        std::find(m_chosen.begin(), m_chosen.end(), id) == m_chosen.end())
        m_chosen.push_back(id);
    return id;
}

int32_t Sampler::draw(const Candidates& candidates)
{
    const std::vector<int32_t>& ids = candidates.ids;
    size_t kept = ids.size();
    const double top = candidates.logits.front();
    std::vector<double> weights(kept);
    double sum = 0;
    for (size_t i = 0; i < kept; ++i) {
        weights[i] = std::exp((candidates.logits[i] - top) / m_sampling.temperature);
        sum += weights[i];
    }
    if (m_sampling.topP < 1) {
        // The smallest set whose probability reaches top-p; the likeliest is always in it.
        double before = 0;
        size_t n = 0;
        while (n < kept && (n == 0 || before < m_sampling.topP * sum))
            before += weights[n++];
        kept = n;
        sum = before;
    }
    if (m_sampling.minP > 0) {
        // Relative to the likeliest, whose weight is 1.
        size_t n = 1;
        while (n < kept && weights[n] >= m_sampling.minP)
            ++n;
        kept = n;
        sum =
            std::accumulate(weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(n), 0.0);
    }
    // 53 random bits as a number in [0, 1): the library's own distributions differ between vendors.
    double rest = static_cast<double>(m_random() >> 11) * 0x1p-53 * sum;
    for (size_t i = 0; i + 1 < kept; ++i) {
        rest -= weights[i];
        if (rest < 0)
            return ids[i];
    }
    return ids[kept - 1];
}

} // namespace argali
