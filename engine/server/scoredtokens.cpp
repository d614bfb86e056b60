#include "engine/server/scoredtokens.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "engine/tokenizer/tokenizer.h"

namespace argali::server {

namespace {

using nlohmann::json;

json byteList(const std::string& bytes)
{
    json list = json::array();
    for (const char byte : bytes)
        list.push_back(static_cast<unsigned char>(byte));
    return list;
}

json described(const TokenScore::Candidate& candidate)
{
    return {{"token", replaceInvalidUtf8(candidate.bytes)},
            {"logprob", candidate.logProbability},
            {"bytes", byteList(candidate.bytes)}};
}

int64_t charactersIn(std::string_view text)
{
    return std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
}

} // namespace

void ScoredTokens::add(TokenScore score)
{
    const size_t begin = m_bytes;
    m_bytes += score.chosen.bytes.size();
    m_waiting.push_back({std::move(score), begin});
}

std::vector<TokenScore> ScoredTokens::passWith(std::string_view text)
{
    if (text.empty())
        return {};
    if (m_passed == 0) {
        // White space at the beginning is not shown.
        std::string all;
        for (const Waiting& waiting : m_waiting)
            all += waiting.score.chosen.bytes;
        const std::string_view core = stripped(all);
        m_passed = core.empty() ? 0 : size_t(core.data() - all.data());
    }
    m_passed += text.size();
    std::vector<TokenScore> passed;
    auto end = m_waiting.begin();
    for (; end != m_waiting.end() && end->begin < m_passed; ++end)
        passed.push_back(std::move(end->score));
    m_waiting.erase(m_waiting.begin(), end);
    return passed;
}

std::vector<TokenScore> ScoredTokens::rest()
{
    std::vector<TokenScore> scores;
    for (Waiting& waiting : std::exchange(m_waiting, {}))
        scores.push_back(std::move(waiting.score));
    return scores;
}

void ScoredTokens::clear()
{
    m_waiting.clear();
    m_bytes = m_passed = 0;
}

json chatLogprobs(const std::vector<TokenScore>& scores)
{
    json content = json::array();
    for (const TokenScore& score : scores) {
        json token = described(score.chosen);
        token["top_logprobs"] = json::array();
        for (const TokenScore::Candidate& candidate : score.likeliest)
            token["top_logprobs"].push_back(described(candidate));
        content.push_back(std::move(token));
    }
    return {{"content", std::move(content)}, {"refusal", nullptr}};
}

json completionLogprobs(const std::vector<TokenScore>& scores, int64_t& offset)
{
    json tokens = json::array();
    json values = json::array();
    json tops = json::array();
    json offsets = json::array();
    for (const TokenScore& score : scores) {
        const std::string text = replaceInvalidUtf8(score.chosen.bytes);
        tokens.push_back(text);
        values.push_back(score.chosen.logProbability);
        offsets.push_back(offset);
        offset += charactersIn(text);
        json top = json::object();
        for (const TokenScore::Candidate& candidate : score.likeliest)
            top[replaceInvalidUtf8(candidate.bytes)] = candidate.logProbability;
        if (!score.likeliest.empty())
            top[text] = score.chosen.logProbability; // it is there even when it was less likely
        tops.push_back(std::move(top));
    }
    const bool hasTops = std::ranges::any_of(
        scores, [](const TokenScore& score) { return !score.likeliest.empty(); });
    return {{"tokens", std::move(tokens)},
            {"token_logprobs", std::move(values)},
            {"top_logprobs", hasTops ? std::move(tops) : json()},
            {"text_offset", std::move(offsets)}};
}

} // namespace argali::server
