#include "engine/layers/decoder.h"

#include "engine/error.h"

namespace argali {

Decoder::Decoder(std::vector<LayerShare> shares, const DecoderConfig& config, DType compute)
    : m_shares(std::move(shares)), m_config(config), m_compute(compute)
{
    int64_t layers = 0;
    for (const LayerShare& share : m_shares) {
        m_firstLayers.push_back(layers);
        layers += share.layers;
        // Between two backends goes what download() gives, which is f32.
        if (m_shares.size() > 1 && share.op->residualType(compute) != DType::F32)
            throw Error(Error::Code::Internal,
                        share.op->name() + ": its residual stream is not f32");
    }
    if (layers != config.layers)
        throw Error(Error::Code::Internal, "shares of " + std::to_string(layers) + " layers for " +
                                               std::to_string(config.layers));
}

Backend& Decoder::backendOfNext() const
{
    size_t share = 0;
    while (share + 1 < m_shares.size() &&
           std::ssize(m_blocks) >= m_firstLayers[share] + m_shares[share].layers)
        ++share;
    return *m_shares[share].op;
}

void Decoder::begin(const std::stop_token& stop)
{
    for (const LayerShare& share : m_shares)
        share.op->begin(stop);
}

std::unique_ptr<KvCache> Decoder::makeCache(int64_t capacity) const
{
    return std::make_unique<KvCache>(
        m_shares, CacheSize{m_config.groups, capacity, m_config.headWidth, m_compute}, m_prefix);
}

DecoderPass Decoder::makePass(int64_t tokens) const
{
    DecoderPass pass;
    for (const LayerShare& share : m_shares) {
        Backend& op = *share.op;
        pass.m_inputs.push_back(op.allocate(op.residualType(m_compute), {tokens, m_config.width}));
        pass.m_scratch.emplace_back(op, m_config, tokens, op.activationType(m_compute));
        pass.m_recordings.emplace_back();
    }
    return pass;
}

void Decoder::runShare(size_t share, DecoderPass& pass, Tensor& x, KvCache& cache,
                       const std::stop_token& stop)
{
    const int64_t first = m_firstLayers[share];
    for (int64_t i = first; i < first + m_shares[share].layers && !stop.stop_requested(); ++i)
        decoderBlock(*m_shares[share].op, m_blocks[static_cast<size_t>(i)], m_config,
                     cache.state(share), cache.layer(i), pass.m_scratch[share], x);
}

void Decoder::move(Tensor& out, Backend& to, const Tensor& x, Backend& from)
{
    to.upload(out, from.download(x));
}

Tensor Decoder::run(DecoderPass& pass, int64_t tokens, KvCache& cache, const std::stop_token& stop)
{
    Tensor x;
    for (size_t share = 0; share < m_shares.size(); ++share) {
        Tensor input = pass.m_inputs[share].rows(0, tokens);
        if (share > 0)
            move(input, *m_shares[share].op, x, *m_shares[share - 1].op);
        runShare(share, pass, input, cache, stop);
        if (stop.stop_requested())
            return {}; // rows written past cache.length() do not count
        x = input;
    }
    cache.advance(tokens);
    return x;
}

Tensor Decoder::lastRow(const Tensor& x)
{
    if (m_shares.size() == 1)
        return x.lastRow();
    Backend& first = *m_shares.front().op;
    Tensor row = first.allocate(DType::F32, {1, m_config.width});
    move(row, first, x.lastRow(), *m_shares.back().op);
    return row;
}

bool Decoder::step(DecoderPass& pass, KvCache& cache, const std::function<void(Tensor& x)>& before,
                   const std::function<void(const Tensor& x)>& after, const std::stop_token& stop)
{
    if (pass.m_cache != cache.id()) {
        for (Recording& recording : pass.m_recordings)
            recording = nullptr;
        pass.m_cache = cache.id();
    }
    const bool alone = m_shares.size() == 1;
    for (size_t share = 0; share < m_shares.size() && !stop.stop_requested(); ++share) {
        Tensor x = pass.m_inputs[share].rows(0, 1);
        if (share > 0)
            move(x, *m_shares[share].op, pass.m_inputs[share - 1].rows(0, 1),
                 *m_shares[share - 1].op);
        m_shares[share].op->runRecorded(pass.m_recordings[share], [&] {
            if (share == 0)
                before(x);
            runShare(share, pass, x, cache, stop);
            cache.enqueueAdvance(share, 1);
            if (alone)
                after(x);
        });
    }
    if (!alone && !stop.stop_requested()) {
        Tensor x = pass.input(1);
        move(x, *m_shares.front().op, pass.m_inputs.back().rows(0, 1), *m_shares.back().op);
        after(x);
    }
    if (stop.stop_requested()) {
        cache.truncate(cache.length()); // the states have advanced, the count has not
        return false;
    }
    cache.countAdvance(1);
    return true;
}

} // namespace argali
