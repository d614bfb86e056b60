#include "engine/layers/languagemodel.h"

#include <algorithm>

#include "engine/layers/ids.h"

namespace argali {

namespace {

/// The prompt goes through the decoder in chunks of this many tokens: large enough for the matrix
/// units, small enough for a stop and for memory.
constexpr int64_t prefillChunk = 512;

} // namespace

LanguageModel::LanguageModel(const std::vector<LayerShare>& shares, const DecoderConfig& config,
                             const RopeScaling& scaling, DType compute)
    : m_op(shares.front().op),
      m_config(config),
      m_scaling(scaling),
      m_decoder(shares, config, compute)
{
}

void LanguageModel::setEnds(Tensor embedding, Norm finalNorm, Linear head)
{
    m_embedding = std::move(embedding);
    m_finalNorm = std::move(finalNorm);
    m_head = std::move(head);
}

int64_t LanguageModel::layerWorkspace(const DecoderConfig& config)
{
    return sizeOf(DType::F32) * prefillChunk *
           (config.qkvColumns() + 2 * config.heads * config.headWidth + config.feedForward +
            config.width);
}

void LanguageModel::embed(Tensor& x, std::span<const int32_t> ids, const Tensor& visual,
                          int64_t firstVisual)
{
    for (size_t begin = 0; begin < ids.size();) {
        const bool isVisual = ids[begin] < 0;
        size_t end = begin;
        while (end < ids.size() && (ids[end] < 0) == isVisual)
            ++end;
        const auto count = static_cast<int64_t>(end - begin);
        Tensor rows = x.rows(static_cast<int64_t>(begin), count);
        if (isVisual) {
            m_op->copy(rows, visual.rows(firstVisual, count));
            firstVisual += count;
        } else {
            m_op->gather(rows, m_embedding, uploadIds(*m_op, ids.subspan(begin, end - begin)));
        }
        begin = end;
    }
}

void LanguageModel::rotateFor(int64_t positions)
{
    Rope rope = m_scaling.at(positions);
    if (rope == m_rope)
        return;
    m_step = {}; // what was recorded turns by other angles
    m_rope = rope;
    m_decoder.setRope(std::move(rope));
}

void LanguageModel::finish(Tensor& logits, const Tensor& x)
{
    if (m_finalNorm.weight.isEmpty())
        m_op->linear(logits, x, *m_head);
    else
        m_op->normLinear(logits, x, m_finalNorm, *m_head);
}

Tensor LanguageModel::decode(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                             const ProgressSink& progress, const std::stop_token& stop)
{
    m_decoder.begin(stop);
    rotateFor(cache.length() + static_cast<int64_t>(ids.size()));
    cache.setRope(m_rope);
    return ids.size() == 1 && ids.front() >= 0 ? step(ids.front(), cache, stop)
                                               : prefill(ids, visual, cache, progress, stop);
}

Tensor LanguageModel::prefill(std::span<const int32_t> ids, const Tensor& visual, KvCache& cache,
                              const ProgressSink& progress, const std::stop_token& stop)
{
    const auto total = static_cast<int64_t>(ids.size());
    const int64_t chunk = std::min(total, prefillChunk);
    DecoderPass pass = m_decoder.makePass(chunk);
    Tensor x;
    int64_t firstVisual = 0;
    for (int64_t begin = 0; begin < total; begin += chunk) {
        const auto part = ids.subspan(static_cast<size_t>(begin),
                                      static_cast<size_t>(std::min(chunk, total - begin)));
        const auto tokens = static_cast<int64_t>(part.size());
        Tensor input = pass.input(tokens);
        embed(input, part, visual, firstVisual);
        firstVisual += std::count_if(part.begin(), part.end(), [](int32_t id) { return id < 0; });
        x = m_decoder.run(pass, tokens, cache, stop);
        if (x.isEmpty())
            return {};
        if (progress)
            progress({Progress::Phase::Prefill, begin + tokens, total});
    }
    Tensor logits = m_op->allocate(DType::F32, {1, m_config.vocabulary});
    finish(logits, m_decoder.lastRow(x));
    return stop.stop_requested() ? Tensor() : logits;
}

Tensor LanguageModel::step(int32_t id, KvCache& cache, const std::stop_token& stop)
{
    if (m_step.pass.isEmpty())
        m_step = {m_op->allocate(DType::I32, {1}),
                  m_op->allocate(DType::F32, {1, m_config.vocabulary}), m_decoder.makePass(1)};
    Tensor host = hostTensor(DType::I32, {1});
    *host.as<int32_t>() = id;
    m_op->upload(m_step.id, host);
    const bool done = m_decoder.step(
        m_step.pass, cache, [&](Tensor& x) { m_op->gather(x, m_embedding, m_step.id); },
        [&](const Tensor& x) { finish(m_step.logits, x); }, stop);
    return done ? m_step.logits : Tensor();
}

} // namespace argali
