#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "engine/layers/decoderblock.h"
#include "engine/layers/kvcache.h"

namespace argali {

/// What passes over at most so many tokens work on, on every backend that has layers.
class DecoderPass final {
public:
    DecoderPass() = default;
    bool isEmpty() const { return m_inputs.empty(); }
    /// The residual stream that a pass begins with, on the first backend.
    /// Shape:  [tokens, D], tokens at most those that the pass was made for
    Tensor input(int64_t tokens) const { return m_inputs.front().rows(0, tokens); }

private:
    friend class Decoder;
    std::vector<Tensor> m_inputs; // the residual stream as each share gets it
    std::vector<DecoderScratch> m_scratch;
    std::vector<Recording> m_recordings; // of a step, one for each share
    uint64_t m_cache = 0;                // that the recordings write to
};

/// The blocks of a decoder. Their layers may be spread over several backends, each with some
/// neighbouring ones; from one to the next only the residual stream goes, through host memory.
/// While a later backend still computes a chunk of a prompt, an earlier one begins the next.
/// Thread: engine.
class Decoder final {
public:
    Decoder() = default;
    /// The backends must outlive the decoder; the first one also has what lies before and behind
    /// the blocks.
    Decoder(std::vector<LayerShare> shares, const DecoderConfig& config, DType compute);

    /// Of the next block to append().
    Backend& backendOfNext() const;
    void append(DecoderBlock block) { m_blocks.push_back(std::move(block)); }

    /// From the next pass on.
    void setRope(Rope rope) { m_config.rope = std::move(rope); }

    /// What caches begin with that are made from here on; one for each layer, on its backend.
    void setPrefix(KvPrefix prefix) { m_prefix = std::move(prefix); }

    /// Operations of every backend from here on end early once stop is requested.
    void begin(const std::stop_token& stop);
    /// Throws: Error::Code::OutOfMemory
    std::unique_ptr<KvCache> makeCache(int64_t capacity) const;
    /// Throws: Error::Code::OutOfMemory
    DecoderPass makePass(int64_t tokens) const;

    /// The first tokens rows of pass's input through all blocks; the cache grows by them. Returns
    /// the residual stream behind the last block, on the last backend; empty once stopped.
    Tensor run(DecoderPass& pass, int64_t tokens, KvCache& cache, const std::stop_token& stop);
    /// The last row of what run() returned, on the first backend.
    Tensor lastRow(const Tensor& x);
    /// A pass over one token that every backend repeats as it recorded it: before fills the input,
    /// after reads what came of it, both on the first backend. False once stopped.
    bool step(DecoderPass& pass, KvCache& cache, const std::function<void(Tensor& x)>& before,
              const std::function<void(const Tensor& x)>& after, const std::stop_token& stop);

private:
    /// The layers of one share over x.
    void runShare(size_t share, DecoderPass& pass, Tensor& x, KvCache& cache,
                  const std::stop_token& stop);
    /// Copies x to another backend.
    static void move(Tensor& out, Backend& to, const Tensor& x, Backend& from);

    std::vector<LayerShare> m_shares;
    std::vector<int64_t> m_firstLayers; // of each share
    DecoderConfig m_config;
    DType m_compute = DType::F32;
    std::vector<DecoderBlock> m_blocks;
    KvPrefix m_prefix;
};

} // namespace argali
